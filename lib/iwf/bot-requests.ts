/** …a bot asks: who is meant, whose work that is, and what is answered. */
import type { Clock } from '../clock.js';
import type { Metrics } from '../metrics.js';
import type { CapabilityActions, ChatActions } from './actions.js';
import type { ReadContact } from './contact.js';
import { sendComposing } from './messages/composing.js';
import type { Dispositions } from './messages/dispositions.js';
import type { MessageLog } from './messages/message-log.js';
import type { Submission } from './messages/submission.js';
import type { Capabilities } from './services/capabilities.js';
import type { Services } from './services/services.js';
import type { ConversationMemory } from './sessions/conversation-memory.js';
import type { Conversations } from './sessions/conversations.js';

export interface BotRequestsOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly user: ReadContact;
  readonly messages: MessageLog;
  readonly memory: ConversationMemory;
  readonly dispositions: Dispositions;
  readonly submission: Submission;
  readonly conversations: Conversations;
  readonly contacts: Capabilities;
  readonly services: Pick<Services, 'revocations'>;
}

export class BotRequests implements ChatActions, CapabilityActions {
  private readonly options: BotRequestsOptions;

  constructor(options: BotRequestsOptions) {
    this.options = options;
  }

  async send(
    ...[bot, contact, message, idempotency]: Parameters<ChatActions['send']>
  ): ReturnType<ChatActions['send']> {
    const { submission, user } = this.options;
    return submission.submit(bot, user(contact), message, { idempotency });
  }

  composing(...[bot, contact, state]: Parameters<ChatActions['composing']>): Promise<void> {
    const { conversations, user, clock, metrics } = this.options;
    const result = sendComposing(conversations, bot.uri, user(contact).key, {
      state,
      dateTime: new Date(clock.now()).toISOString(),
    });
    metrics.count('messages_total', { direction: 'outbound', kind: 'composing', result });
    return Promise.resolve();
  }

  async message(...[bot, contact, named]: Parameters<ChatActions['message']>): ReturnType<ChatActions['message']> {
    const { messages, user } = this.options;
    const record = await messages.find(bot.uri, user(contact).key, named);
    return (
      record && { ...record.message, conversationID: record.conversationId, contributionID: record.contributionId }
    );
  }

  async status(...[bot, contact, named]: Parameters<ChatActions['status']>): ReturnType<ChatActions['status']> {
    const { messages, user } = this.options;
    const record = await messages.find(bot.uri, user(contact).key, named);
    if (!record) return undefined;
    const { status, description } = record;
    return { status, ...(description === undefined ? {} : { description }) };
  }

  async putStatus(
    ...[bot, contact, named, status]: Parameters<ChatActions['putStatus']>
  ): ReturnType<ChatActions['putStatus']> {
    const { dispositions, services } = this.options;
    const user = this.options.user(contact).key;
    switch (status) {
      case 'Delivered':
        return dispositions.report(bot.uri, user, named, 'delivered');
      case 'Displayed':
        return dispositions.report(bot.uri, user, named, 'displayed');
      case 'RevokeRequested':
        return services.revocations.request(bot, user, named);
    }
  }

  async capabilities(
    ...[bot, contact, options]: Parameters<CapabilityActions['capabilities']>
  ): ReturnType<CapabilityActions['capabilities']> {
    const { contacts, memory } = this.options;
    const user = this.options.user(contact, 'contactId');
    // Who hides his number is asked under the address that he wrote from.
    const uri = user.key.startsWith('tel:') ? undefined : (await memory.get(bot.uri, user.key))?.userUri;
    return contacts.query(bot, uri === undefined ? user : { key: user.key, uri }, options);
  }
}
