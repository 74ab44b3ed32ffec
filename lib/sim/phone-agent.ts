/** The phone's SIP: a user agent of sip.js, what it says it can do, and the headers of its requests. */
import { randomUUID } from 'node:crypto';
import { type Invitation, type Message, Messager, type Session, UserAgent } from 'sip.js/lib/api/index.js';
import { iari, icsi, printAcceptContacts, printContactParameters, printService } from '../wire/feature-tags.js';
import type { PhoneMedia } from './phone-media.js';
import type { TcpTransport } from './tcp-transport.js';

export interface PhoneAgentOptions {
  readonly number: string;
  readonly host: string;
  readonly transport: TcpTransport;
  readonly mediaOf: (session: Session) => PhoneMedia;
  readonly onInvite: (invitation: Invitation) => void;
  readonly onMessage: (message: Message) => void;
}

export function createPhoneAgent(options: PhoneAgentOptions): UserAgent {
  const { number, host, transport, mediaOf, onInvite, onMessage } = options;
  const uri = UserAgent.makeURI(`sip:${number}@ims.example.net`);
  if (!uri) throw new TypeError(`not a number: ${number}`);
  return new UserAgent({
    uri,
    // sip.js drops every response unless the Via holds no port and asks for rport.
    viaHost: host,
    forceRport: true,
    contactName: number,
    contactParams: { transport: 'tcp' },
    transportConstructor: function make() {
      return transport;
    } as never,
    sessionDescriptionHandlerFactory: mediaOf,
    logBuiltinEnabled: false,
    noAnswerTimeout: 60,
    delegate: { onInvite, onMessage },
  });
}

/** With what the phone can do. */
export function phoneContact({ number, host, port, services, revokes }: PhoneContact): string {
  const all = services === 'all';
  const parameters = printContactParameters({
    icsis: [...(all ? [icsi.session] : []), icsi.message, icsi.largeMessage],
    iaris: [...(all ? [iari.chatbot] : []), iari.chatbotStandalone, iari.fileTransferHttp],
    botVersions: ['#=1'],
    msgrevoke: revokes,
  });
  return `<sip:${number}@${host}:${port};transport=tcp>${parameters}`;
}

export interface PhoneContact {
  readonly number: string;
  readonly host: string;
  readonly port: number;
  /** What it says of itself. */
  readonly services: 'all' | 'standalone';
  /** Whether its network takes messages back. */
  readonly revokes: boolean;
}

export interface PhoneUser {
  readonly number: string;
  /** RFC 3325 §7: asks that his number be kept from those who are not trusted. */
  readonly hidden: boolean;
}

/** Of an INVITE or MESSAGE to a chatbot; sip.js cannot read tel: in the To of an answer to it, so the phone is a sip: user. */
export function phoneHeaders({ number, hidden }: PhoneUser, service: string): string[] {
  const accept = printAcceptContacts({ icsi: service, iari: iari.chatbot, botVersions: ['#=1'] });
  return [
    `P-Asserted-Identity: <sip:${number}@ims.example.net;user=phone>`,
    ...(hidden ? ['Privacy: id'] : []),
    `P-Asserted-Service: ${printService(service)}`,
    ...accept.map((value) => `Accept-Contact: ${value}`),
    `Conversation-ID: ${randomUUID()}`,
    `Contribution-ID: ${randomUUID()}`,
  ];
}

export interface PhoneMessage {
  readonly contentType: string;
  readonly body: string;
  readonly headers: string[];
}

/** SIP MESSAGE; resolves with its 2xx, rejects with another status. */
export async function sendSipMessage(agent: UserAgent, to: string, message: PhoneMessage): Promise<void> {
  const target = UserAgent.makeURI(to);
  if (!target) throw new TypeError(`not a SIP URI: ${to}`);
  const { contentType, body, headers: extraHeaders } = message;
  const messager = new Messager(agent, target, body, contentType, { extraHeaders });
  await new Promise<void>((resolve, reject) => {
    const requestDelegate = {
      onAccept: () => resolve(),
      onReject: ({ message: { statusCode = 0 } }: { message: { statusCode?: number | undefined } }) =>
        reject(new Error(`MESSAGE refused: ${statusCode}`)),
    };
    messager.message({ requestDelegate }).catch(reject);
  });
}
