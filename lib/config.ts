/** The configuration: its type, and how it is read (`lib/config/`); keys, units and reasons: config/default.yaml. */
import { loadWritten, type ConfigSource } from './config/load.js';
import { printMasked } from './config/print.js';
import { valuesOf, type Config } from './config/values.js';

export { ConfigError } from './config/config-error.js';
export type { ConfigSource } from './config/load.js';
export type {
  AddressBlock,
  ChatbotConfig,
  Config,
  LimitsConfig,
  ListenAddress,
  PlatformConfig,
  SipConfig,
} from './config/values.js';

/** Reads, merges, validates. Throws ConfigError, whose lines name file, line and key. */
export function loadConfig(source: ConfigSource): Config {
  return valuesOf(loadWritten(source));
}

/** The same as YAML with its secrets masked, for `--print-config`. Throws ConfigError. */
export function printConfig(source: ConfigSource): string {
  return printMasked(loadWritten(source));
}
