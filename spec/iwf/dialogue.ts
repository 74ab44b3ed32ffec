/** An interpreter between a network that does as it is told and a platform that wants all, on a clock that stands still until a spec moves it. */
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
import type { Store } from '../../lib/store/store.js';
import { openVolatileStore } from '../../lib/store/volatile.js';
import { FakeClock } from '../support/fake-clock.js';
import { silentLog } from '../support/silent.js';
import { roomy } from './roomy-notifications.js';
import { ScriptedNetwork } from './scripted-network.js';

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

export interface DialogueOptions {
  readonly bot?: Partial<Chatbot>;
  readonly limits?: Partial<InterpreterLimits>;
}

export class Dialogue {
  readonly clock = new FakeClock();
  readonly network = new ScriptedNetwork();
  /** What the platform was told, in order. */
  readonly told: Notification[] = [];
  readonly logged: { readonly event: string; readonly fields: Fields }[] = [];
  readonly counted: string[] = [];
  /** How much the platform may still be told. */
  room: Room = 'free';
  /** Whether the platform decides on sessions itself. */
  decides = false;
  readonly store: Store;
  readonly interpreter: Interpreter;
  readonly bot: Chatbot;

  constructor({ bot: traits, limits }: DialogueOptions = {}) {
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
    this.store = openVolatileStore({ ...handedIn, limits: defaultLimits });
    this.interpreter = new Interpreter({
      ...handedIn,
      store: this.store,
      network: this.network,
      notifications: {
        ...roomy,
        wanted: (_bot, kind) => this.decides || !['chatSessionInvitation', 'chatEvent'].includes(kind),
        room: () => Promise.resolve(this.room),
        tell: (notification) => void this.told.push(notification),
        items: (notification) => {
          this.told.push(notification);
          return [{ queue: 'notify', lane: 'n', id: String(this.told.length), value: notification.kind }];
        },
      },
      directory: chatbotDirectory({ chatbots: [this.bot], domains: [] }),
      link: () => undefined,
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
    const { messageId } = await this.interpreter.send(this.bot, contact, message);
    await this.clock.advance(0);
    return messageId;
  }

  async statusOf(messageId: string): Promise<string | undefined> {
    return (await this.interpreter.status(this.bot, contact, { messageId }))?.status;
  }

  /** The statuses of messages that the platform was told. */
  get statuses(): readonly string[] {
    return this.told.flatMap((one) => (one.kind === 'messageStatus' ? [one.status] : []));
  }

  end(): Promise<void> {
    return this.store.close();
  }
}
