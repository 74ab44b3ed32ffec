/** A simulated RCS phone: sip.js for its SIP, our MSRP and CPIM for its chats. */
import { randomUUID } from 'node:crypto';
import {
  type Invitation,
  Inviter,
  type Message,
  Messager,
  type Session,
  SessionState,
  UserAgent,
} from 'sip.js/lib/api/index.js';
import type { MsrpEndpoint } from '../msrp/api.js';
import {
  type Cpim,
  cpimContentType,
  cpimHeader,
  cpimNamespaces,
  decodedContent,
  parseCpim,
  printCpim,
} from '../wire/cpim.js';
import {
  type ContactTags,
  iari,
  icsi,
  printAcceptContacts,
  printContactParameters,
  printService,
} from '../wire/feature-tags.js';
import { imdnContentType, type ImdnDisposition, parseImdn, printImdn } from '../wire/imdn.js';
import { isComposingContentType, parseIsComposing, printIsComposing } from '../wire/is-composing.js';
import { essence } from '../wire/media-type.js';
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
  readonly receipts?: readonly ('delivered' | 'displayed')[];
  readonly onError?: (error: unknown) => void;
}

export interface InboxMessage {
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly contentType: string;
  readonly text: string;
  readonly content: Buffer;
  readonly trafficType: string | undefined;
  readonly way: 'session' | 'pager';
  readonly receivedAt: string;
}

export interface InboxReceipt {
  readonly messageId: string;
  readonly status: ImdnDisposition['status'];
  readonly way: 'session' | 'pager';
}

export interface InboxDocument {
  readonly from: string;
  readonly contentType: string;
  readonly content: Buffer;
}

interface PhoneSession {
  readonly session: Session;
  readonly media: PhoneMedia;
}

const cpimType = 'message/cpim';
const anonymous = '<sip:anonymous@anonymous.invalid>';

export class SimulatedPhone {
  readonly inbox: InboxMessage[] = [];
  readonly receipts: InboxReceipt[] = [];
  readonly composing: ('active' | 'idle')[] = [];
  /** Bodies of a type of their own that came by MESSAGE: revokes, answers to privacy commands. */
  readonly documents: InboxDocument[] = [];
  /** How a spec makes it unreachable: the status that an INVITE or MESSAGE is refused with. */
  refuseWith: number | undefined;
  /** Replaces what its Contact says. */
  tags: ContactTags = {};
  private readonly options: PhoneOptions;
  private readonly transport: TcpTransport;
  private readonly agent: UserAgent;
  /** By the bot's URI. */
  private readonly sessions = new Map<string, PhoneSession>();
  private readonly watchers = new Set<() => void>();

  constructor(options: PhoneOptions) {
    this.options = options;
    const { host, number, port, gateway } = options;
    this.transport = new TcpTransport({ host, port, gateway, contact: () => this.contact() });
    const uri = UserAgent.makeURI(`sip:${number}@ims.example.net`);
    if (!uri) throw new TypeError(`not a number: ${number}`);
    const transport = this.transport;
    this.agent = new UserAgent({
      uri,
      // sip.js drops every response unless the Via holds no port and asks for rport.
      viaHost: host,
      forceRport: true,
      contactName: number,
      contactParams: { transport: 'tcp' },
      transportConstructor: function make() {
        return transport;
      } as never,
      sessionDescriptionHandlerFactory: (session) => this.mediaOf(session),
      logBuiltinEnabled: false,
      noAnswerTimeout: 60,
      delegate: {
        onInvite: (invitation) => this.guard(this.invited(invitation)),
        onMessage: (message) => this.guard(this.messaged(message)),
      },
    });
  }

  get port(): number {
    return this.transport.port;
  }

  /** Whether a chat with the bot is up. */
  inSession(bot: string): boolean {
    return this.sessions.get(bot)?.session.state === SessionState.Established;
  }

  async start(): Promise<void> {
    await this.agent.start();
    this.agent.contact.uri.port = this.port;
    this.agent.contact.toString = () => this.contact();
  }

  async stop(): Promise<void> {
    for (const { session, media } of this.sessions.values()) {
      media.close();
      if (session.state === SessionState.Established) await session.bye().catch(() => undefined);
    }
    await this.agent.stop();
  }

  /** In a session, which is opened where there is none; resolves with the Message-ID once the gateway has it. */
  async send(bot: string, text: string, contentType = 'text/plain;charset=UTF-8'): Promise<string> {
    const messageId = randomUUID();
    await this.sendCpim(bot, this.message(messageId, contentType, Buffer.from(text)));
    return messageId;
  }

  /** By SIP MESSAGE; resolves with the Message-ID once it was answered 2xx. */
  async sendPager(bot: string, text: string): Promise<string> {
    const messageId = randomUUID();
    await this.sendMessage(bot, this.message(messageId, 'text/plain;charset=UTF-8', Buffer.from(text)));
    return messageId;
  }

  /** A receipt for a message of the bot, in the session if there is one. */
  async sendReceipt(bot: string, messageId: string, status: 'delivered' | 'displayed'): Promise<void> {
    const cpim = this.receipt(messageId, status);
    if (this.inSession(bot)) await this.sendCpim(bot, cpim);
    else await this.sendMessage(bot, cpim);
  }

  async sendComposing(bot: string, state: 'active' | 'idle'): Promise<void> {
    const headers = [core('From', anonymous), core('To', anonymous)];
    const contentHeaders = [{ name: 'Content-Type', value: isComposingContentType }];
    await this.sendCpim(bot, { headers, contentHeaders, content: printIsComposing({ state }) });
  }

  async hangUp(bot: string): Promise<void> {
    const open = this.sessions.get(bot);
    this.sessions.delete(bot);
    open?.media.close();
    await open?.session.bye();
  }

  /** Resolves as soon as `holds`; rejects after the time. */
  async until(holds: () => boolean, timeoutMs = 5000): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const watcher = (): void => {
        if (!holds()) return;
        done();
        resolve();
      };
      const timer = setTimeout(() => {
        done();
        reject(
          new Error(`phone waited in vain; it has ${this.inbox.length} messages, ${this.receipts.length} receipts`),
        );
      }, timeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        this.watchers.delete(watcher);
      };
      this.watchers.add(watcher);
    });
  }

  private contact(): string {
    const { host, number } = this.options;
    const parameters = printContactParameters({
      icsis: [icsi.session, icsi.message, icsi.largeMessage],
      iaris: [iari.chatbot, iari.chatbotStandalone, iari.fileTransferHttp],
      botVersions: ['#=1'],
      ...this.tags,
    });
    return `<sip:${number}@${host}:${this.port};transport=tcp>${parameters}`;
  }

  private headers(service: string): string[] {
    const accept = printAcceptContacts({ icsi: service, iari: iari.chatbot, botVersions: ['#=1'] });
    return [
      `P-Asserted-Identity: <tel:${this.options.number}>`,
      `P-Asserted-Service: ${printService(service)}`,
      ...accept.map((value) => `Accept-Contact: ${value}`),
      `Conversation-ID: ${randomUUID()}`,
      `Contribution-ID: ${randomUUID()}`,
    ];
  }

  private async sendCpim(bot: string, cpim: Cpim): Promise<void> {
    const { media } = await this.open(bot);
    await media.send(cpimType, printCpim(cpim));
  }

  private async open(bot: string): Promise<PhoneSession> {
    const open = this.sessions.get(bot);
    if (open && open.session.state !== SessionState.Terminated) return open;
    const target = UserAgent.makeURI(bot);
    if (!target) throw new TypeError(`not a SIP URI: ${bot}`);
    const inviter = new Inviter(this.agent, target, { extraHeaders: this.headers(icsi.session) });
    await new Promise<void>((resolve, reject) => {
      inviter.stateChange.addListener((state) => {
        if (state === SessionState.Established) resolve();
        if (state === SessionState.Terminated) reject(new Error('the chat was refused'));
      });
      inviter.invite().catch(reject);
    });
    return this.keep(bot, inviter);
  }

  private keep(bot: string, session: Session): PhoneSession {
    const media = session.sessionDescriptionHandler as PhoneMedia;
    const open = { session, media };
    this.sessions.set(bot, open);
    session.stateChange.addListener((state) => {
      if (state !== SessionState.Terminated) return;
      media.close();
      if (this.sessions.get(bot) === open) this.sessions.delete(bot);
      this.changed();
    });
    return open;
  }

  private mediaOf(session: Session): PhoneMedia {
    const { msrp, templates } = this.options;
    const [bot, to] = [botOf(session.remoteIdentity.uri.toString()), session.localIdentity.uri.user ?? ''];
    return new PhoneMedia({
      msrp,
      templates,
      onMessage: (contentType, content) => this.received({ bot, to, contentType, content, way: 'session' }),
    });
  }

  private async invited(invitation: Invitation): Promise<void> {
    if (this.refuseWith !== undefined) return invitation.reject({ statusCode: this.refuseWith });
    const bot = botOf(invitation.remoteIdentity.uri.toString());
    await invitation.accept();
    this.keep(bot, invitation);
    this.changed();
  }

  private async messaged(message: Message): Promise<void> {
    if (this.refuseWith !== undefined) return message.reject({ statusCode: this.refuseWith });
    await message.accept();
    const { request } = message;
    this.received({
      bot: botOf(request.from.uri.toString()),
      to: request.to.uri.user ?? '',
      contentType: request.getHeader('Content-Type') ?? '',
      content: Buffer.from(request.body, 'utf8'),
      way: 'pager',
    });
  }

  private received(arrival: Arrival): void {
    if (arrival.contentType.startsWith('application/vnd.gsma.')) {
      this.documents.push({ from: arrival.bot, contentType: arrival.contentType, content: arrival.content });
    } else if (essence(arrival.contentType) === isComposingContentType) {
      this.composing.push(parseIsComposing(arrival.content).state);
    } else {
      this.receivedCpim(arrival, parseCpim(arrival.content));
    }
    this.changed();
  }

  private receivedCpim({ bot, to, way }: Arrival, cpim: Cpim): void {
    const contentType = cpimContentType(cpim);
    const content = decodedContent(cpim);
    switch (essence(contentType)) {
      case imdnContentType: {
        const { messageId, disposition } = parseImdn(content);
        this.receipts.push({ messageId, status: disposition.status, way });
        return;
      }
      case isComposingContentType:
        this.composing.push(parseIsComposing(content).state);
        return;
      default: {
        const messageId = cpimHeader(cpim, cpimNamespaces.imdn, 'Message-ID') ?? '';
        const trafficType = cpimHeader(cpim, cpimNamespaces.maap, 'Traffic-Type');
        const receivedAt = new Date().toISOString();
        const text = content.toString('utf8');
        this.inbox.push({ messageId, from: bot, to, contentType, text, content, trafficType, way, receivedAt });
        this.guard(this.acknowledge(bot, messageId, cpim));
      }
    }
  }

  private async acknowledge(bot: string, messageId: string, cpim: Cpim): Promise<void> {
    const asked = cpimHeader(cpim, cpimNamespaces.imdn, 'Disposition-Notification') ?? '';
    const wanted = { delivered: 'positive-delivery', displayed: 'display' } as const;
    for (const status of this.options.receipts ?? []) {
      if (asked.includes(wanted[status])) await this.sendReceipt(bot, messageId, status);
    }
  }

  private sendMessage(bot: string, cpim: Cpim): Promise<void> {
    return this.sendDocument(bot, cpimType, printCpim(cpim));
  }

  /** Any body in a MESSAGE; rejects with `MESSAGE refused: <status>`. */
  async sendDocument(bot: string, contentType: string, content: Buffer | string, headers?: string[]): Promise<void> {
    const target = UserAgent.makeURI(bot);
    if (!target) throw new TypeError(`not a SIP URI: ${bot}`);
    const extraHeaders = headers ?? this.headers(icsi.message);
    const messager = new Messager(this.agent, target, content.toString(), contentType, { extraHeaders });
    await new Promise<void>((resolve, reject) => {
      const requestDelegate = {
        onAccept: () => resolve(),
        onReject: ({ message }: { message: { statusCode?: number | undefined } }) =>
          reject(new Error(`MESSAGE refused: ${message.statusCode ?? 0}`)),
      };
      messager.message({ requestDelegate }).catch(reject);
    });
  }

  private message(messageId: string, contentType: string, content: Buffer): Cpim {
    return {
      headers: [
        core('From', anonymous),
        core('To', anonymous),
        core('DateTime', new Date().toISOString()),
        imdn('Message-ID', messageId),
        imdn('Disposition-Notification', 'positive-delivery, display, negative-delivery'),
      ],
      contentHeaders: [{ name: 'Content-Type', value: contentType }],
      content,
    };
  }

  private receipt(messageId: string, status: 'delivered' | 'displayed'): Cpim {
    const disposition: ImdnDisposition =
      status === 'displayed' ? { notification: 'display', status } : { notification: 'delivery', status };
    return {
      headers: [
        core('From', anonymous),
        core('To', anonymous),
        core('DateTime', new Date().toISOString()),
        imdn('Message-ID', randomUUID()),
      ],
      contentHeaders: [
        { name: 'Content-Type', value: imdnContentType },
        { name: 'Content-Disposition', value: 'notification' },
      ],
      content: printImdn({ messageId, dateTime: new Date().toISOString(), disposition }),
    };
  }

  private guard(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.options.onError?.(error));
  }

  private changed(): void {
    for (const watcher of this.watchers) watcher();
  }
}

interface Arrival {
  readonly bot: string;
  readonly to: string;
  readonly contentType: string;
  readonly content: Buffer;
  readonly way: 'session' | 'pager';
}

function core(name: string, value: string): Cpim['headers'][number] {
  return { namespace: undefined, name, value };
}

function imdn(name: string, value: string): Cpim['headers'][number] {
  return { namespace: cpimNamespaces.imdn, name, value };
}

function botOf(uri: string): string {
  return uri.split(';')[0] ?? uri;
}
