/** TLS for msrps: the peer's certificate is known by its fingerprint in the SDP, not by who signed it (RFC 4975 §14.4, RFC 8122). */
import { constants, createHash, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect, createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import type { Fingerprint, RemoteEnd, TlsIdentity } from './api.js';

export class Tls {
  /** Of our own certificate: SHA-256, which every peer must know (RFC 8122 §5). */
  readonly fingerprints: readonly Fingerprint[];
  private readonly context: SecureContext;

  /** Without a certificate of its own it can only connect. */
  constructor(own: TlsIdentity | undefined) {
    this.fingerprints = own ? [{ hash: 'sha-256', value: new X509Certificate(own.cert).fingerprint256 }] : [];
    // Each handshake costs us more than the peer, and nobody needs a second one.
    const secureOptions = constants.SSL_OP_NO_RENEGOTIATION;
    this.context = createSecureContext({ minVersion: 'TLSv1.2', secureOptions, ...own });
  }

  /**
   * The server's side; `secure` follows. Asks for the peer's certificate: with a=setup the active side shows one, too.
   * It is to be destroyed before `socket`: the other way round, within `secure`, Node (20 to 26) frees what it is reading from.
   */
  accept(socket: Socket): TLSSocket {
    return new TLSSocket(socket, {
      isServer: true,
      secureContext: this.context,
      requestCert: true,
      rejectUnauthorized: false,
    });
  }

  /** The client's side; `secureConnect` follows. */
  connect(socket: Socket): TLSSocket {
    return connect({ socket, secureContext: this.context, rejectUnauthorized: false });
  }

  /** By name of the hash as in a=fingerprint; empty where the peer showed no certificate. */
  static fingerprintsOf(socket: TLSSocket): ReadonlyMap<string, string> {
    const { raw } = socket.getPeerCertificate() as Partial<ReturnType<TLSSocket['getPeerCertificate']>>;
    return new Map(raw ? hashes.map((hash) => [hash, fingerprint(hash, raw)]) : []);
  }
}

/** Of RFC 8122 §5 without md5 and md2; before it (RFC 4572) the hash was that of the certificate's signature, whichever. */
const hashes = ['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512'] as const;

function fingerprint(hash: (typeof hashes)[number], certificate: Buffer): string {
  const digest = createHash(hash.replace('-', '')).update(certificate).digest('hex').toUpperCase();
  return digest.replaceAll(/..(?=.)/g, '$&:');
}

/** With a fingerprint in the SDP the certificate must match one whose hash we know (RFC 8122 §6). */
export function fingerprintFits(
  { secure, fingerprints = [] }: RemoteEnd,
  shown: ReadonlyMap<string, string> | undefined,
): boolean {
  if (!secure) return true;
  if (!shown) return false;
  if (fingerprints.length === 0) return true;
  return fingerprints.some(({ hash, value }) => shown.get(hash.toLowerCase()) === value.toUpperCase());
}
