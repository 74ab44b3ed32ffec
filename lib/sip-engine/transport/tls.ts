/** TLS under SIP: our certificate, whose certificates we believe, handshakes both ways (RFC 3261 §26.3.1, RFC 5922). */
import { constants, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  connect,
  createSecureContext,
  createServer,
  type PeerCertificate,
  type SecureContext,
  type Server,
  TLSSocket,
} from 'node:tls';
import type { Address } from '../api.js';
import { names } from './certificate.js';
import { isDomain } from './proven-names.js';

/** PEM texts. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** Who may sign certificates of peers; absent: the public authorities that node knows. */
  readonly ca?: string;
  /** Whether who connects to us has to show a certificate, may, or is not asked. */
  readonly clientCertificates: 'required' | 'optional' | 'none';
}

export interface TlsOptions {
  readonly material: TlsMaterial | undefined;
  /** For a handshake of who connects to us. */
  readonly handshakeMs: number;
  /** The socket, and whether its peer has shown a certificate that we believe. */
  readonly onSecure: (socket: TLSSocket, peer: X509Certificate | undefined) => void;
  /** `gone`: the peer has left amid the handshake, or was nobody but a check of the port. */
  readonly onRefused: (reason: 'handshake' | 'gone', host: string | undefined) => void;
}

/** Node says the same of a certificate that it does not believe, for then it is we who hang up. */
function hasLeft({ code }: NodeJS.ErrnoException, { authorizationError }: TLSSocket): boolean {
  return code === 'ECONNRESET' && !(authorizationError as unknown);
}

/** Whose certificates count, too, where a peer is asked for by his address alone: there is no other name that it could have. */
export interface KnownNames {
  /** Who was there before. */
  readonly proven: string | undefined;
  readonly trusted: readonly string[];
}

export class Tls {
  private readonly options: TlsOptions;
  private context: SecureContext;
  /** Listens nowhere: it is handed its connections, after they have been judged. */
  private readonly server: Server;

  /** Throws where certificate or key cannot be read. Without a certificate of its own it can only connect. */
  constructor(options: TlsOptions) {
    this.options = options;
    const { material, handshakeMs } = options;
    this.context = contextOf(material);
    const asked = material?.clientCertificates ?? 'none';
    this.server = createServer({
      ...serverOptions(material),
      handshakeTimeout: handshakeMs,
      requestCert: asked !== 'none',
      // A certificate that nobody vouches for is worse than none: refused in the handshake where one is required, ignored else.
      rejectUnauthorized: asked === 'required',
    });
    this.server.on('secureConnection', (socket) => options.onSecure(socket, believed(socket)));
    this.server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const { remoteAddress } = socket;
      // A handshake that has run out of time is told, not ended.
      socket.destroy();
      options.onRefused(hasLeft(error, socket) ? 'gone' : 'handshake', remoteAddress);
    });
  }

  /** For connections from now on; throws where it cannot be read, and then nothing has changed. Who is asked stays. */
  reload(material: TlsMaterial): void {
    this.context = contextOf(material);
    this.server.setSecureContext(serverOptions(material));
  }

  /** The server's side of a connection. */
  accept(socket: Socket): void {
    this.server.emit('connection', socket);
  }

  /** The client's side; `secureConnect` follows, or an error where the certificate is not that of `remote`. */
  connect(remote: Address, known: KnownNames): TLSSocket {
    const { host, port, name = host } = remote;
    const expected = isDomain(name) ? [name] : [name, ...definite(known.proven), ...known.trusted];
    const servername = isDomain(name) ? name : known.proven;
    return connect({
      host,
      port,
      secureContext: this.context,
      ...(servername === undefined ? {} : { servername }),
      checkServerIdentity: (_host, certificate) => strangerThan(expected, certificate),
    });
  }

  /** The certificate of the other end of a connection of ours, if we believe it. */
  peerOf(socket: Socket): X509Certificate | undefined {
    return socket instanceof TLSSocket ? believed(socket) : undefined;
  }
}

const minVersion = 'TLSv1.2';

function contextOf(material: TlsMaterial | undefined): SecureContext {
  return createSecureContext(serverOptions(material));
}

function serverOptions(material: TlsMaterial | undefined) {
  // Each handshake costs us more than the peer, and nobody needs a second one.
  const common = { minVersion, secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;
  if (!material) return common;
  const { cert, key, ca } = material;
  return { ...common, cert, key, ...(ca === undefined ? {} : { ca }) } as const;
}

function believed(socket: TLSSocket): X509Certificate | undefined {
  return socket.authorized ? socket.getPeerX509Certificate() : undefined;
}

function strangerThan(expected: readonly string[], certificate: PeerCertificate): Error | undefined {
  const shown = new X509Certificate(certificate.raw);
  if (expected.some((name) => names(shown, name))) return undefined;
  return new Error(`the certificate is not of ${expected.join(', ')}`);
}

function definite<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}
