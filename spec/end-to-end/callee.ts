/** A user who is called: SIP by a scripted operator, MSRP by a listener of his own. */
import type { Request } from '../../lib/wire/msrp/frame.js';
import { Listener, type Peer, respond } from '../msrp/peer.js';
import { Operator, type OperatorAnswer, type OperatorTls } from './operator.js';

export interface CalleeSdp {
  readonly protocol?: 'TCP/MSRP' | 'TCP/TLS/MSRP';
  readonly setup?: 'passive' | 'active';
  /** Of c= and m=. */
  readonly port?: number;
  readonly path?: string;
  readonly lines?: readonly string[];
}

export class Callee {
  readonly operator: Operator;
  readonly listener: Listener;
  /** Of the 200 to INVITE. */
  lines: readonly string[] = [];
  sdp: CalleeSdp = {};
  /** Takes the place of the 200. */
  refusal: OperatorAnswer | undefined;
  private tags = 0;

  private constructor(operator: Operator, listener: Listener) {
    this.operator = operator;
    this.listener = listener;
    operator.answer = (request) => this.answer(request);
  }

  static async listen(tls?: OperatorTls): Promise<Callee> {
    return new Callee(await Operator.listen(0, tls), await Listener.open());
  }

  /** His side of the next session: connected, and the binding SEND answered. */
  async session(): Promise<Peer> {
    const peer = await this.listener.accept();
    const binding = await peer.request();
    peer.write(respond(binding, 200));
    return peer;
  }

  async close(): Promise<void> {
    this.listener.close();
    await this.operator.close();
  }

  description(): string {
    const { protocol = 'TCP/MSRP', setup = 'passive', port = this.listener.port, lines = [] } = this.sdp;
    const scheme = protocol === 'TCP/MSRP' ? 'msrp' : 'msrps';
    return [
      'v=0',
      'o=- 7 7 IN IP4 127.0.0.1',
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=message ${port} ${protocol} *`,
      'a=accept-types:message/cpim',
      'a=accept-wrapped-types:*',
      `a=setup:${setup}`,
      `a=path:${this.sdp.path ?? `${scheme}://127.0.0.1:${port}/callee${this.tags};tcp`}`,
      ...lines,
      '',
    ].join('\r\n');
  }

  private answer(request: string): OperatorAnswer | undefined {
    if (!request.startsWith('INVITE ')) return { statusLine: '200 OK', lines: this.timer(request) };
    if (this.refusal) return this.refusal;
    // A re-INVITE is answered with the description that stands.
    if (!/^To:.*;tag=/im.test(request)) this.tags++;
    const contact = `Contact: <sip:callee@${this.operator.place}>`;
    const lines = [contact, 'Content-Type: application/sdp', ...this.lines];
    return { statusLine: '200 OK', lines, body: this.description() };
  }

  /** A refresh is agreed to as it was asked for. */
  private timer(request: string): readonly string[] {
    const asked = /^Session-Expires:.*$/im.exec(request)?.[0];
    return asked === undefined ? [] : [asked, 'Require: timer'];
  }
}

/** Reads SENDs and answers them until one is the last chunk of its message; resolves with it. */
export async function readMessage(peer: Peer): Promise<Request> {
  for (;;) {
    const request = await peer.request();
    peer.write(respond(request, 200));
    if (request.flag === '$') return request;
  }
}
