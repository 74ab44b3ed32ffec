/** A transport without sockets: what the engine sends is kept, what the peer says is put in by hand. */
import type { Address, Protocol } from '../../../lib/sip-engine/api.js';
import type { WireMessage } from '../../../lib/sip-engine/message/message.js';
import { DEFAULT_LIMITS } from '../../../lib/sip-engine/options.js';
import { parseMessage } from '../../../lib/sip-engine/message/parse.js';
import type { Path } from '../../../lib/sip-engine/transport/path.js';
import type { TransportLayer } from '../../../lib/sip-engine/transport/transport.js';
import type { TransportUser } from '../../../lib/sip-engine/transport/transport-user.js';

export const LOCAL: Address = { protocol: 'udp', host: '192.0.2.1', port: 5060 };
export const PEER: Address = { protocol: 'udp', host: '192.0.2.9', port: 5060 };

export class ScriptedPath implements Path {
  readonly local: Address;
  readonly remote: Address;
  readonly reliable: boolean;
  readonly sent: Buffer[];
  usable = true;
  /** When what nobody answered had left. */
  readonly suspected: number[] = [];
  private readonly watchers = new Set<() => void>();

  constructor(protocol: 'udp' | 'tcp' = 'udp', sent: Buffer[] = [], remote: Address = PEER) {
    this.local = { ...LOCAL, protocol };
    this.remote = { ...remote, protocol };
    this.reliable = protocol === 'tcp';
    this.sent = sent;
  }

  send(bytes: Buffer): void {
    this.sent.push(bytes);
  }

  watch(failed: () => void): void {
    this.watchers.add(failed);
  }

  unwatch(failed: () => void): void {
    this.watchers.delete(failed);
  }

  suspect(leftMs: number): void {
    this.suspected.push(leftMs);
  }

  fail(): void {
    const told = [...this.watchers];
    this.watchers.clear();
    for (const failed of told) failed();
  }
}

export class ScriptedTransport implements TransportLayer {
  readonly connections = 0;
  readonly sent: Buffer[] = [];
  readonly udp = new ScriptedPath('udp', this.sent);
  readonly tcp = new ScriptedPath('tcp', this.sent);
  /** Addresses asked for, `udp 192.0.2.9:5060`. */
  readonly opened: string[] = [];
  refused = new Set<Protocol>(['tcp']);
  /** Hosts. */
  readonly unreachable = new Set<string>();
  /** Ways to hosts that a spec tells apart; all others are one. */
  private readonly hosts = new Map<string, ScriptedPath>();
  private user: TransportUser | undefined;

  start(user: TransportUser): Promise<readonly Address[]> {
    this.user = user;
    return Promise.resolve([LOCAL]);
  }

  open(remote: Address): Promise<Path> {
    this.opened.push(`${remote.protocol} ${remote.host}:${remote.port}`);
    if (this.unreachable.has(remote.host)) return Promise.reject(new Error('unreachable'));
    const own = this.hosts.get(remote.host);
    if (own) return Promise.resolve(own);
    if (this.refused.has(remote.protocol)) return Promise.reject(new Error('refused'));
    return Promise.resolve(remote.protocol === 'udp' ? this.udp : this.tcp);
  }

  /** The way to that host. */
  to(host: string): ScriptedPath {
    const path = new ScriptedPath('udp', this.sent, { ...PEER, host });
    this.hosts.set(host, path);
    return path;
  }

  reply(path: Path): Path {
    return path;
  }

  reloadTls(): void {
    throw new Error('there is no TLS');
  }

  close(): void {
    this.user = undefined;
  }

  /** The peer says. */
  receive(text: string | Buffer, path: Path = this.udp): void {
    this.user?.onMessage(Buffer.from(text), path);
  }

  /** What has left since the last call. */
  take(): WireMessage[] {
    return this.sent.splice(0).map((bytes) => parseMessage(bytes, DEFAULT_LIMITS, true).message);
  }

  /** The same in short: `100 INVITE`, `BYE`. */
  takeShort(): string[] {
    return this.take().map(short);
  }
}

export function short(message: WireMessage): string {
  if (message.method !== undefined) return message.method;
  return `${message.status ?? 0} ${(message.header('CSeq') ?? '').split(' ')[1] ?? ''}`;
}

export interface RequestText {
  readonly method: string;
  readonly uri?: string;
  readonly branch?: string;
  readonly callId?: string;
  readonly fromTag?: string;
  readonly toTag?: string | undefined;
  readonly cseq?: number;
  readonly lines?: readonly string[];
  readonly body?: string;
}

let branches = 0;

/** A request as the peer would send it. */
export function requestText(of: RequestText): string {
  const body = of.body ?? '';
  return [
    `${of.method} ${of.uri ?? 'sip:bot@192.0.2.1'} SIP/2.0`,
    `Via: SIP/2.0/UDP 192.0.2.9:5060;branch=${of.branch ?? `z9hG4bK${branches++}`};rport`,
    `From: <tel:+15550001>;tag=${of.fromTag ?? 'peer'}`,
    `To: <sip:bot@192.0.2.1>${of.toTag === undefined ? '' : `;tag=${of.toTag}`}`,
    `Call-ID: ${of.callId ?? 'call'}`,
    `CSeq: ${of.cseq ?? 1} ${of.method}`,
    ...(of.lines ?? ['Contact: <sip:phone@192.0.2.9>']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** The peer's response to a request of ours. */
export function responseText(
  request: WireMessage,
  status: number,
  how: { toTag?: string; lines?: readonly string[] } = {},
): string {
  const to = request.header('To') ?? '';
  const tag = how.toTag ?? 'remote';
  return [
    `SIP/2.0 ${status} Whatever`,
    `Via: ${request.header('Via') ?? ''}`,
    `From: ${request.header('From') ?? ''}`,
    `To: ${to.includes(';tag=') || status === 100 ? to : `${to};tag=${tag}`}`,
    `Call-ID: ${request.header('Call-ID') ?? ''}`,
    `CSeq: ${request.header('CSeq') ?? ''}`,
    ...(how.lines ?? ['Contact: <sip:phone@192.0.2.9>']),
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

export function toTagOf(message: WireMessage): string {
  return /;tag=([^;]+)/.exec(message.header('To') ?? '')?.[1] ?? '';
}
