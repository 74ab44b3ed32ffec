/** An interpreter between a network that does as it is told and a platform that wants all, on a clock that stands still until a spec moves it. */
import { randomUUID } from 'node:crypto';
import { loadConfig } from '../../lib/config.js';
import { interpreterLimits, serviceLimits } from '../../lib/gateway/settings.js';
import type { Chatbot } from '../../lib/iwf/actions.js';
import { chatbotDirectory } from '../../lib/iwf/chatbots.js';
import { Interpreter, type InterpreterLimits } from '../../lib/iwf/interpreter.js';
import type { Room } from '../../lib/notify/room.js';
import type { ChatMessage } from '../../lib/resources/chat-message.js';
import type { Notification } from '../../lib/resources/notification.js';
import type { Fields, Logger } from '../../lib/log.js';
import { defaultLimits } from '../../lib/store/limits.js';
import type { NetworkUser } from '../../lib/sip/network.js';
import type { Json, Store } from '../../lib/store/store.js';
import { openVolatileStore } from '../../lib/store/volatile.js';
import { type Imdn, printImdn } from '../../lib/wire/imdn.js';
import { FakeClock } from '../support/fake-clock.js';
import { silentLog } from '../support/silent.js';
import { roomy } from './roomy-notifications.js';
import { ScriptedNetwork, type ScriptedSession } from './scripted-network.js';

export const bot: Chatbot = {
  uri: 'sip:shop@botplatform.example.net',
  name: 'shop',
  version: '#=1',
  roles: ['session', 'standalone'],
  mode: 'auto',
  platformId: 'p',
  serverRoot: 'http://127.0.0.1',
};
export const contact = 'tel:+15550100001';
export const user = { key: contact, uri: contact };
/** Between two attempts, whatever their number. */
export const backoffMs = 1000;

const config = loadConfig({ env: { IWF_SERVERROOT: 'http://127.0.0.1:1', IWF_PLATFORMS: '[{"id":"p"}]' } });

const anonymous = '<sip:anonymous@anonymous.invalid>';

interface CpimParts {
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
  /** Further headers. */
  readonly lines?: readonly string[];
}

/** message/cpim around a content. */
export function cpim(content: string, parts: CpimParts = {}): string {
  const { type = 'text/plain', from = anonymous, to = anonymous, lines = [] } = parts;
  const head = [`From: ${from}`, `To: ${to}`, 'NS: imdn <urn:ietf:params:imdn>', ...lines];
  return [...head, '', `Content-Type: ${type}`, '', content].join('\r\n');
}

function imdn(messageId: string, status: 'delivered' | 'displayed'): string {
  const notification = status === 'delivered' ? 'delivery' : 'display';
  const disposition = { notification, status } as Imdn['disposition'];
  const document = printImdn({ messageId, dateTime: '2026-11-22T10:00:00Z', disposition });
  return cpim(document.toString(), { type: 'message/imdn+xml' });
}

interface Told {
  readonly notification: Notification;
}

export interface DialogueOptions {
  readonly bot?: Partial<Chatbot>;
  /** Whom the interpreter knows; absent: the one bot. */
  readonly chatbots?: readonly Chatbot[];
  readonly turn?: (bot: string) => Promise<void> | undefined;
  /** Of one that was before. */
  readonly store?: Store;
  readonly clock?: FakeClock;
  readonly limits?: Partial<InterpreterLimits>;
}

export class Dialogue {
  readonly clock: FakeClock;
  readonly network = new ScriptedNetwork();
  /** What the platform was told without storing it, in order. */
  readonly toldAtOnce: Notification[] = [];
  readonly logged: { readonly event: string; readonly fields: Fields }[] = [];
  readonly counted: string[] = [];
  /** How much the platform may still be told. */
  room: Room = 'free';
  /** Whether the platform decides on sessions itself. */
  decides = false;
  readonly store: Store;
  readonly interpreter: Interpreter;
  readonly bot: Chatbot;

  constructor({ bot: traits, limits, chatbots, store, turn, clock = new FakeClock() }: DialogueOptions = {}) {
    this.clock = clock;
    this.bot = { ...bot, ...traits };
    const note =
      (level: keyof Logger) =>
      (event: string, fields: Fields = {}): void =>
        void this.logged.push({ event: `${level}: ${event}`, fields });
    const handedIn = {
      clock: this.clock,
      log: { ...silentLog, info: note('info'), warn: note('warn'), error: note('error') },
      metrics: {
        observe: () => undefined,
        count: (name: string, labels: Readonly<Record<string, string>> = {}) =>
          void this.counted.push([name, ...Object.values(labels)].join(' ')),
      },
    };
    this.store = store ?? openVolatileStore({ ...handedIn, limits: defaultLimits });
    this.interpreter = new Interpreter({
      ...handedIn,
      store: this.store,
      network: this.network,
      notifications: {
        ...roomy,
        wanted: (_bot, kind) => this.decides || !['chatSessionInvitation', 'chatEvent'].includes(kind),
        room: () => Promise.resolve(this.room),
        tell: (notification) => void this.toldAtOnce.push(notification),
        items: (notification, { expiresAtMs } = {}) => [
          { queue: 'notify', lane: 'n', id: randomUUID(), value: { notification, expiresAtMs } as unknown as Json },
        ],
      },
      directory: chatbotDirectory({ chatbots: chatbots ?? [this.bot], domains: [] }),
      link: () => undefined,
      ...(turn && { turn }),
      backoffMs: () => backoffMs,
      userUri: (key) => key,
      limits: { ...interpreterLimits(config), ...limits },
      services: serviceLimits(config),
    });
  }

  static async begin(options?: DialogueOptions): Promise<Dialogue> {
    const dialogue = new Dialogue(options);
    await dialogue.interpreter.start();
    return dialogue;
  }

  /** What can happen without time happens; resolves with the id of the message. */
  async send(message: ChatMessage): Promise<string> {
    const { messageId } = await this.interpreter.botRequests.send(this.bot, contact, message);
    await this.clock.advance(0);
    return messageId;
  }

  /** A receipt of a user's, by MESSAGE. */
  async receipt(messageId: string, status: 'delivered' | 'displayed', from: NetworkUser = user): Promise<void> {
    const content = imdn(messageId, status);
    await this.network.message({ botUri: this.bot.uri, user: from, contentType: 'message/cpim', content });
    await this.clock.advance(0);
  }

  /** A user's chat that is up. */
  async chat(conversationId?: string): Promise<ScriptedSession> {
    const ids = conversationId === undefined ? {} : { conversationId };
    const call = this.network.call({ botUri: this.bot.uri, user, ids });
    await this.clock.advance(0);
    if (!call.session) throw new Error(`refused: ${call.refused?.status}`);
    return call.session;
  }

  async statusOf(messageId: string): Promise<string | undefined> {
    return (await this.interpreter.botRequests.status(this.bot, contact, { messageId }))?.status;
  }

  /** What the platform is told durably, in order. */
  async told(): Promise<readonly Notification[]> {
    const claims = await this.store.claim('notify', { lanes: 1, perLane: 1000, leaseMs: 0 });
    return claims.flatMap(({ items }) => items.map(({ value }) => (value as unknown as Told).notification));
  }

  /** The statuses of messages among it. */
  async statuses(): Promise<readonly string[]> {
    return (await this.told()).flatMap((one) => (one.kind === 'messageStatus' ? [one.status] : []));
  }

  /** The events of confirmed sessions among it. */
  async events(): Promise<readonly string[]> {
    return (await this.told()).flatMap((one) => (one.kind === 'chatEvent' ? [one.eventType] : []));
  }

  /** The session that a user was last heard to ask for. */
  async invitedTo(): Promise<string> {
    const sessions = (await this.told()).flatMap((one) =>
      one.kind === 'chatSessionInvitation' ? [one.sessionId] : [],
    );
    return sessions.at(-1) ?? '';
  }

  end(): Promise<void> {
    return this.store.close();
  }
}
