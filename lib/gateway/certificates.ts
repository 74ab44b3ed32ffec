/** Certificates that are read again while the gateway runs: each section of the configuration by itself. */
import { ConfigError, type Config } from '../config.js';
import type { Logger } from '../log.js';
import type { MsrpEndpoint } from '../msrp/api.js';
import type { RestServer } from '../rest/listen.js';
import type { SipSide } from './network/sip.js';
import type { NotifySide } from './platforms/notify.js';
import { msrpTls, restTls, sipTls } from './tls-material.js';

/** Who shows certificates, or believes them. */
export interface CertificateUsers {
  readonly rest: Pick<RestServer, 'reloadTls'>;
  readonly sip: Pick<SipSide, 'reloadTls'>;
  readonly msrp: Pick<MsrpEndpoint, 'reloadTls'>;
  readonly notify: Pick<NotifySide, 'reloadTls'>;
}

interface Section {
  readonly name: string;
  /** Throws where its files cannot be used, and then those in use stay. */
  readonly read: () => void;
}

/** Never throws. A section that cannot be used keeps no other from being renewed. */
export function readAgain(config: Config, users: CertificateUsers, log: Logger): void {
  const sections = sectionsOf(config, users);
  const read = sections.filter((section) => isRead(section, log)).map(({ name }) => name);
  if (read.length > 0) log.info('certificates read', { sections: read.join(', ') });
  if (sections.length === 0) log.info('no certificates to read');
}

function sectionsOf(config: Config, { rest, sip, msrp, notify }: CertificateUsers): readonly Section[] {
  const one = <M>(name: string, material: (config: Config) => M | undefined, use: (material: M) => void): Section => ({
    name,
    read: () => {
      const found = material(config);
      if (found !== undefined) use(found);
    },
  });
  const ofPlatforms = config.platforms
    .filter((platform) => platform.notify.tls)
    .map((platform) => ({ name: `platforms[${platform.id}].notify.tls`, read: () => notify.reloadTls(platform) }));
  return [
    ...(config.rest.tls ? [one('rest.tls', restTls, (tls) => rest.reloadTls(tls))] : []),
    // A drachtio-server has its own.
    ...(config.sip.tls && config.sip.engine === 'embedded'
      ? [one('sip.tls', sipTls, (tls) => sip.reloadTls(tls))]
      : []),
    ...(config.msrp.tls ? [one('msrp.tls', msrpTls, (tls) => msrp.reloadTls(tls))] : []),
    ...ofPlatforms,
  ];
}

function isRead({ name, read }: Section, log: Logger): boolean {
  try {
    read();
    return true;
  } catch (error) {
    const problem = error instanceof ConfigError ? { problem: error.lines.join('; ') } : { error };
    log.error('certificates not read', { section: name, ...problem });
    return false;
  }
}
