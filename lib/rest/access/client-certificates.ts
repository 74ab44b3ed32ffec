/** TLS client certificates: known by fingerprint, and signed by who the configuration trusts (rest.tls.clientCa). */
import { TLSSocket } from 'node:tls';
import type { Platform } from '../../iwf/actions.js';
import type { Way, WayResult } from './authenticate.js';

export interface CertificateHolder {
  readonly platform: Platform;
  /** SHA-256 of each certificate, hex. */
  readonly fingerprints: readonly string[];
}

/** Behind the bearer's ways: where a request has both, the bearer decides. */
export function clientCertificates(holders: readonly CertificateHolder[]): Way {
  const byFingerprint = new Map(
    holders.flatMap(({ platform, fingerprints }) =>
      fingerprints.map((one): [string, Platform] => [one.toLowerCase(), platform]),
    ),
  );
  return {
    challenge: undefined,
    authenticate({ socket }): WayResult {
      if (!(socket instanceof TLSSocket)) return { kind: 'absent' };
      // An empty object where none was shown.
      const { fingerprint256 } = socket.getPeerCertificate() as { readonly fingerprint256?: string };
      if (fingerprint256 === undefined) return { kind: 'absent' };
      if (!socket.authorized) return { kind: 'refused', reason: `certificate: ${String(socket.authorizationError)}` };
      const platform = byFingerprint.get(fingerprint256.replaceAll(':', '').toLowerCase());
      return platform ? { kind: 'known', platform } : { kind: 'refused', reason: 'certificate of nobody' };
    },
  };
}
