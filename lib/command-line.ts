/** The command line: arguments → what is wanted. */
import { parseArgs } from 'node:util';

export type Intent =
  /** `file` absent: the demo. */
  | { readonly kind: 'run'; readonly file: string | undefined }
  /** Validate the configuration and exit. */
  | { readonly kind: 'check'; readonly file: string | undefined }
  /** Print the configuration as it would be run, secrets masked, and exit. */
  | { readonly kind: 'print-config'; readonly file: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** Exit code 2 with the text. */
  | { readonly kind: 'wrong'; readonly text: string };

export const usage = `Usage: maap-iwf [--config FILE] [--check | --print-config]

  --config FILE    the configuration, YAML or JSON (every key: config/default.yaml);
                   without it the demo runs: config/demo.yaml
  --check          validate the configuration and exit: 0 valid, 2 not
  --print-config   print the configuration as it would be run, secrets masked
  --version        print the version
  --help           print this

Every key can be set in the environment: IWF_REST__PORT=8080 is rest.port.
`;

const options = {
  config: { type: 'string', short: 'c' },
  check: { type: 'boolean' },
  'print-config': { type: 'boolean' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `args` without node and script, as `process.argv.slice(2)`. */
export function parseCommandLine(args: readonly string[]): Intent {
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    if (values.help) return { kind: 'help' };
    if (values.version) return { kind: 'version' };
    if (values.config === '') return { kind: 'wrong', text: '--config needs the name of a file' };
    if (values.check && values['print-config'])
      return { kind: 'wrong', text: '--check and --print-config exclude each other' };
    const kind = values.check ? 'check' : values['print-config'] ? 'print-config' : 'run';
    return { kind, file: values.config };
  } catch (error) {
    return { kind: 'wrong', text: (error instanceof Error ? error.message : String(error)).split('. ')[0] ?? '' };
  }
}
