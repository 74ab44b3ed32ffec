/** The files of sip.tls as texts. */
import { readFileSync } from 'node:fs';
import type { Config } from '../config.js';
import type { TlsMaterial } from '../sip-engine/tls.js';

/** Throws the system's error where one cannot be read. */
export function tlsMaterial({ sip: { tls } }: Config): TlsMaterial | undefined {
  if (!tls) return undefined;
  const read = (path: string): string => readFileSync(path, 'utf8');
  const { ca, clientCertificates = ca === undefined ? 'none' : 'required' } = tls;
  const material = { cert: read(tls.cert), key: read(tls.key), clientCertificates };
  return ca === undefined ? material : { ...material, ca: read(ca) };
}
