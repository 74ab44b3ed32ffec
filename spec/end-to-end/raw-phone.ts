/** A phone that says what a spec tells it to, octet for octet: SIP over one TCP connection, MSRP over another. */
import { randomUUID } from 'node:crypto';
import { Peer, send, type SendParts } from '../msrp/peer.js';
import { headerOf, message, type RawPeer, tcpPeer } from '../sip/raw-peer.js';
import { bot, type World } from './world.js';

/** Its own user, so that its chats are not those of the simulated phone. */
const number = '+15550100002';
export const rawContact = `tel:${number}`;

export const icsiSession = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session"';
export const iariChatbot = '+g.3gpp.iari-ref="urn%3Aurn-7%3A3gpp-application.ims.iari.rcs.chatbot"';
const ownPath = 'msrp://127.0.0.1:9/phone;tcp';

export interface RequestParts {
  readonly to?: string;
  readonly user?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly toTag?: string;
  readonly lines?: readonly string[];
  readonly type?: string;
  readonly body?: string;
}

export interface FinalResponse {
  readonly status: number;
  readonly text: string;
  readonly body: string;
  header(name: string): string | undefined;
}

export interface RawChat {
  readonly msrp: Peer;
  /** The gateway's end. */
  readonly path: string;
  readonly callId: string;
  readonly toTag: string;
  /** One message; the status of its 200 or refusal. */
  say(cpim: string | Buffer, parts?: Partial<SendParts>): Promise<number>;
}

export class RawPhone {
  private readonly sip: RawPeer;
  private readonly peers: Peer[] = [];

  private constructor(sip: RawPeer) {
    this.sip = sip;
  }

  static async of({ ports }: { readonly ports: Pick<World['ports'], 'sip'> }): Promise<RawPhone> {
    return new RawPhone(await tcpPeer(ports.sip));
  }

  get port(): number {
    return this.sip.port;
  }

  /** Any request, and its final response. */
  async ask(method: string, parts: RequestParts = {}): Promise<FinalResponse> {
    this.sip.send(requestText(method, this.sip.port, parts));
    return this.final();
  }

  send(text: string): void {
    this.sip.send(text);
  }

  async final(): Promise<FinalResponse> {
    for (;;) {
      const text = await this.sip.nextOf('SIP/2.0 ');
      const status = Number(text.slice(8, 11));
      if (status < 200) continue;
      const body = text.slice(text.indexOf('\r\n\r\n') + 4);
      return { status, text, body, header: (name) => headerOf(text, name) };
    }
  }

  /** What the gateway asks of its own accord: BYE, INVITE … */
  requested(method: string): Promise<string> {
    return this.sip.nextOf(`${method} `);
  }

  invite(parts: RequestParts = {}): Promise<FinalResponse> {
    return this.ask('INVITE', { type: 'application/sdp', body: offer(), ...parts });
  }

  ack(callId: string, toTag: string, parts: RequestParts = {}): void {
    this.sip.send(requestText('ACK', this.sip.port, { ...parts, callId, toTag }));
  }

  /** INVITE, ACK, connection, and the empty SEND that binds the two. */
  async chat(parts: RequestParts = {}): Promise<RawChat> {
    const callId = parts.callId ?? randomUUID();
    const answer = await this.invite({ ...parts, callId });
    if (answer.status !== 200) throw new Error(`INVITE was answered ${answer.status}`);
    const toTag = tagOf(answer);
    this.ack(callId, toTag, parts);
    const path = pathOf(answer.body);
    const msrp = await this.bind(path);
    const say: RawChat['say'] = async (cpim, more = {}) => {
      msrp.write(send({ to: path, from: ownPath, body: cpim, ...more }));
      return msrp.status();
    };
    return { msrp, path, callId, toTag, say };
  }

  async bind(path: string): Promise<Peer> {
    const [, port = '0'] = /^msrp:\/\/[^/]*:(\d+)\//.exec(path) ?? [];
    const msrp = await Peer.connect(Number(port));
    this.peers.push(msrp);
    msrp.write(send({ to: path, from: ownPath }));
    await msrp.status();
    return msrp;
  }

  close(): void {
    for (const peer of this.peers) peer.destroy();
    this.sip.close();
  }
}

export function requestText(method: string, port: number, parts: RequestParts): string {
  const { to = bot, user = `sip:${number}@ims.example.net;user=phone`, callId = randomUUID(), lines = [] } = parts;
  const { cseq = 1, toTag, type, body = '' } = parts;
  return message(
    `${method} ${to} SIP/2.0`,
    [
      `Via: SIP/2.0/TCP 127.0.0.1:${port};branch=z9hG4bK${randomUUID()}`,
      'Max-Forwards: 70',
      `From: <${user}>;tag=raw`,
      `To: <${to}>${toTag === undefined ? '' : `;tag=${toTag}`}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      `P-Asserted-Identity: <${user}>`,
      `Contact: <sip:${number}@127.0.0.1:${port};transport=tcp>`,
      ...lines,
      ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    ],
    body,
  );
}

export function offer(lines: readonly string[] = ['a=accept-types:message/cpim', 'a=accept-wrapped-types:*']): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'm=message 9 TCP/MSRP *',
    'a=setup:active',
    ...lines,
    `a=path:${ownPath}`,
    '',
  ].join('\r\n');
}

export interface CpimParts {
  readonly id?: string;
  readonly ask?: string;
  readonly type?: string;
  readonly lines?: readonly string[];
}

/** message/cpim around a content. */
export function cpim(content: string | Buffer, parts: CpimParts = {}): Buffer {
  const { id, ask, type = 'text/plain;charset=UTF-8', lines = [] } = parts;
  const head = [
    'From: <sip:anonymous@anonymous.invalid>',
    'To: <sip:anonymous@anonymous.invalid>',
    'NS: imdn <urn:ietf:params:imdn>',
    ...(id === undefined ? [] : [`imdn.Message-ID: ${id}`]),
    'DateTime: 2026-11-22T10:00:00Z',
    ...(ask === undefined ? [] : [`imdn.Disposition-Notification: ${ask}`]),
    '',
    `Content-Type: ${type}`,
    ...lines,
    '',
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head), Buffer.from(content)]);
}

/** A receipt as CPIM. */
export function imdn(messageId: string, status: 'delivered' | 'displayed'): Buffer {
  const what = status === 'delivered' ? 'delivery' : 'display';
  const document =
    `<?xml version="1.0" encoding="UTF-8"?><imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>${messageId}</message-id>` +
    `<datetime>2026-11-22T10:00:00Z</datetime><${what}-notification><status><${status}/></status></${what}-notification></imdn>`;
  const lines = ['Content-Disposition: notification'];
  return cpim(document, { id: randomUUID(), type: 'message/imdn+xml', lines });
}

export function tagOf(response: FinalResponse): string {
  return /;tag=([^;\s]+)/.exec(response.header('To') ?? '')?.[1] ?? '';
}

export function pathOf(sdp: string): string {
  return /^a=path:(\S+)/m.exec(sdp)?.[1] ?? '';
}
