/** A simulated RCS phone: sip.js for its SIP, our MSRP and CPIM for its chats. */
import { randomUUID } from 'node:crypto';
import { type Invitation, type Message, type Session, SessionState, UserAgent } from 'sip.js/lib/api/index.js';
import type { MsrpEndpoint } from '../msrp/api.js';
import { icsi } from '../wire/feature-tags.js';
import { createPhoneAgent, phoneContact, phoneHeaders, sendSipMessage } from './phone-agent.js';
import {
  type Arrival,
  type InboxDocument,
  type InboxMessage,
  type InboxReceipt,
  keepLast,
  PhoneBox,
} from './phone-box.js';
import { PhoneChats } from './phone-chats.js';
import { composingCpim, cpimType, receiptCpim, type ReceiptStatus, textCpim } from './phone-cpim.js';
import { PhoneMedia } from './phone-media.js';
import { TcpTransport } from './tcp-transport.js';

export interface PhoneOptions {
  /** `+15550100001` */
  readonly number: string;
  readonly host: string;
  /** SIP over TCP; 0: any free one. */
  readonly port: number;
  readonly gateway: { readonly host: string; readonly port: number };
  /** Started and closed by the caller. */
  readonly msrp: MsrpEndpoint;
  /** Texts of sdp-templates/. */
  readonly templates: { readonly offer: string; readonly answer: string };
  /** Receipts sent of its own accord where they were asked for. */
  readonly receipts?: readonly ReceiptStatus[];
  /** For the answer to an INVITE of ours; default 20 s. */
  readonly openTimeoutMs?: number;
  readonly onError?: (error: unknown) => void;
}

/** For the answers to its BYEs, when it stops. */
const stopTimeoutMs = 1_000;

export class SimulatedPhone {
  /** Those that it has sent, once the gateway has taken them. */
  readonly receiptsSent: { readonly messageId: string; readonly status: ReceiptStatus }[] = [];
  /** Makes it unreachable: the status that an INVITE or MESSAGE is refused with. */
  refuseWith: number | undefined;
  /** INVITEs alone: a phone that takes no sessions. */
  refuseInvitesWith: number | undefined;
  /** While it is pending an INVITE rings; absent: each is answered at once. */
  pickUp: Promise<void> | undefined;
  /** INVITEs that came and were taken back while they rang. */
  cancelled = 0;
  /** Requests that it has refused. */
  refused = 0;
  /** INVITEs that it has accepted. */
  invitations = 0;
  /** What it says of itself. */
  services: 'all' | 'standalone' = 'all';
  /** And of the network that it is in. */
  revokes = false;
  /** Whether its user hides his number from whom the network does not trust. */
  hidden = false;
  private readonly options: PhoneOptions;
  private readonly transport: TcpTransport;
  private readonly agent: UserAgent;
  private readonly chats: PhoneChats;
  private readonly box = new PhoneBox();
  private acknowledging = 0;

  constructor(options: PhoneOptions) {
    this.options = options;
    const { number, host, port, gateway, openTimeoutMs = 20_000 } = options;
    this.transport = new TcpTransport({ host, port, gateway, contact: () => this.contact() });
    this.agent = createPhoneAgent({
      number,
      host,
      transport: this.transport,
      mediaOf: (session) => this.mediaOf(session),
      onInvite: (invitation) => this.guard(this.invited(invitation)),
      onMessage: (message) => this.guard(this.messaged(message)),
    });
    this.chats = new PhoneChats({
      agent: this.agent,
      headers: () => this.headers(icsi.session),
      openTimeoutMs,
      changed: () => this.changed(),
    });
  }

  get inbox(): readonly InboxMessage[] {
    return this.box.messages;
  }

  /** For its own messages, from the bots. */
  get receipts(): readonly InboxReceipt[] {
    return this.box.receipts;
  }

  get composing(): readonly ('active' | 'idle')[] {
    return this.box.composing;
  }

  /** Revokes and answers to privacy commands. */
  get documents(): readonly InboxDocument[] {
    return this.box.documents;
  }

  get port(): number {
    return this.transport.port;
  }

  /** Whether every receipt that it owes is with the gateway. */
  get settled(): boolean {
    return this.acknowledging === 0;
  }

  /** Whether a chat with the bot is up. */
  inSession(bot: string): boolean {
    return this.chats.has(bot);
  }

  /** Rejects with the system's error where the port is taken. */
  async start(): Promise<void> {
    await this.agent.start();
    this.agent.contact.uri.port = this.port;
    this.agent.contact.toString = () => this.contact();
  }

  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, stopTimeoutMs)));
    await Promise.race([this.chats.leaveAll(), late]);
    clearTimeout(timer);
    await this.agent.stop();
  }

  /** In a session, which is opened where there is none; resolves with the Message-ID once the gateway has it. */
  async send(bot: string, text: string, contentType = 'text/plain;charset=UTF-8'): Promise<string> {
    const messageId = randomUUID();
    await this.sendInChat(bot, textCpim({ messageId, contentType, content: Buffer.from(text) }));
    return messageId;
  }

  /** By SIP MESSAGE; resolves with the Message-ID once it was answered 2xx. */
  async sendPager(bot: string, text: string, { expiresS }: { expiresS?: number } = {}): Promise<string> {
    const messageId = randomUUID();
    const cpim = textCpim({ messageId, contentType: 'text/plain;charset=UTF-8', content: Buffer.from(text) });
    await this.sendMessage(bot, cpim, expiresS === undefined ? [] : [`Expires: ${expiresS}`]);
    return messageId;
  }

  /** Any body in a MESSAGE of its own; rejects with `MESSAGE refused: <status>`. */
  sendDocument(bot: string, contentType: string, body: string, headers?: readonly string[]): Promise<void> {
    return sendSipMessage(this.agent, bot, {
      contentType,
      body,
      headers: [...(headers ?? this.headers(icsi.message))],
    });
  }

  /** A receipt for a message of the bot, in the session if there is one. */
  async sendReceipt(bot: string, messageId: string, status: ReceiptStatus): Promise<void> {
    const cpim = receiptCpim(messageId, status);
    if (this.inSession(bot)) await this.sendInChat(bot, cpim);
    else await this.sendMessage(bot, cpim);
    keepLast(this.receiptsSent, { messageId, status });
  }

  async sendComposing(bot: string, state: 'active' | 'idle'): Promise<void> {
    await this.sendInChat(bot, composingCpim(state));
  }

  /** OPTIONS to the bot; resolves with the status of the answer. */
  async askCapabilities(bot: string): Promise<number> {
    const target = UserAgent.makeURI(bot);
    if (!target) throw new TypeError(`not a SIP URI: ${bot}`);
    const { userAgentCore, contact } = this.agent;
    const from = contact.uri.clone();
    const extraHeaders = [`Contact: ${this.contact()}`, ...this.headers(icsi.session)];
    const message = userAgentCore.makeOutgoingRequestMessage('OPTIONS', target, from, target, {}, extraHeaders);
    return new Promise((resolve) => {
      const answered = ({ message: { statusCode = 0 } }: { message: { statusCode?: number | undefined } }): void =>
        resolve(statusCode);
      userAgentCore.request(message, { onAccept: answered, onReject: answered });
    });
  }

  /** Opens a chat, if the bot takes the call: he may take his time. */
  call(bot: string): void {
    this.guard(this.chats.open(bot));
  }

  async hangUp(bot: string): Promise<void> {
    await this.chats.leaveBot(bot);
  }

  /** Resolves as soon as `holds`; rejects after the time. */
  until(holds: () => boolean, timeoutMs = 5000): Promise<void> {
    return this.box.until(holds, timeoutMs);
  }

  /** Cuts its network off, so that no connection to it is taken, or brings it back at the same port. */
  async connect(isConnected: boolean): Promise<void> {
    if (isConnected !== this.transport.isConnected()) await this.transport[isConnected ? 'connect' : 'disconnect']();
  }

  private contact(): string {
    const { host, number } = this.options;
    return phoneContact({ host, number, port: this.port, services: this.services, revokes: this.revokes });
  }

  private headers(service: string): string[] {
    return phoneHeaders({ number: this.options.number, hidden: this.hidden }, service);
  }

  /** A chat that dies under the message is opened once more; the Message-ID stays, so that nothing is told twice. */
  private async sendInChat(bot: string, cpim: Buffer): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const chat = await this.chats.open(bot);
      const outcome = await chat.media.send(cpimType, cpim);
      if (outcome.kind === 'accepted') return;
      if (outcome.kind === 'refused') throw new Error(`message refused: ${outcome.status}`);
      await this.chats.leave(chat);
      if (attempt === 2) throw new Error('message lost: no answer over MSRP');
    }
  }

  private mediaOf(session: Session): PhoneMedia {
    const { msrp, templates } = this.options;
    const [bot, to] = [botOf(session.remoteIdentity.uri.toString()), session.localIdentity.uri.user ?? ''];
    return new PhoneMedia({
      msrp,
      templates,
      onMessage: (contentType, content) => this.received({ bot, to, contentType, content, way: 'session' }),
      onLost: () => this.guard(this.chats.leaveSession(session)),
    });
  }

  private async refuse(request: Invitation | Message, statusCode: number): Promise<void> {
    this.refused++;
    await request.reject({ statusCode });
    this.changed();
  }

  private async invited(invitation: Invitation): Promise<void> {
    const refusal = this.refuseWith ?? this.refuseInvitesWith;
    if (refusal !== undefined) return this.refuse(invitation, refusal);
    const bot = botOf(invitation.remoteIdentity.uri.toString());
    if (this.pickUp && !(await this.rang(invitation, this.pickUp))) return;
    await invitation.accept();
    this.chats.keep(bot, invitation);
    this.invitations++;
    this.changed();
  }

  /** False: the caller has given up. */
  private async rang(invitation: Invitation, pickUp: Promise<void>): Promise<boolean> {
    const gone = new Promise<boolean>((resolve) => {
      invitation.stateChange.addListener((state) => {
        if (state === SessionState.Terminated) resolve(false);
      });
    });
    await invitation.progress();
    const isThere = await Promise.race([pickUp.then(() => true), gone]);
    if (isThere) return true;
    this.cancelled++;
    this.changed();
    return false;
  }

  private async messaged(message: Message): Promise<void> {
    if (this.refuseWith !== undefined) return this.refuse(message, this.refuseWith);
    await message.accept();
    const { request } = message;
    this.received({
      bot: botOf(request.from.uri.toString()),
      to: request.to.uri.user ?? '',
      contentType: request.getHeader('Content-Type') ?? '',
      content: Buffer.from(request.body, 'utf8'),
      identity: request.getHeader('P-Asserted-Identity') ?? '',
      way: 'pager',
    });
  }

  /** Throws DecodeError. */
  private received(arrival: Arrival): void {
    const asked = this.box.take(arrival);
    const due = asked?.statuses.filter((status) => this.options.receipts?.includes(status) ?? false) ?? [];
    if (asked && due.length > 0) this.guard(this.acknowledge(arrival.bot, asked.messageId, due));
    this.changed();
  }

  private async acknowledge(bot: string, messageId: string, due: readonly ReceiptStatus[]): Promise<void> {
    this.acknowledging += 1;
    try {
      for (const status of due) await this.sendReceipt(bot, messageId, status);
    } finally {
      this.acknowledging -= 1;
      this.changed();
    }
  }

  private sendMessage(bot: string, cpim: Buffer, more: readonly string[] = []): Promise<void> {
    const headers = [...this.headers(icsi.message), ...more];
    return sendSipMessage(this.agent, bot, { contentType: cpimType, body: cpim.toString('utf8'), headers });
  }

  private guard(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.options.onError?.(error));
  }

  private changed(): void {
    this.box.changed();
  }
}

function botOf(uri: string): string {
  return uri.split(';')[0] ?? uri;
}
