/**
 * …a user asks for his privacy: the platform is told, and its answer, or Failed at the deadline, goes to the user.
 *
 *   MESSAGE ──→ open ──status PUT──→ answered ──→ MESSAGE with Command-ID and result
 *                 └───deadline────→ answered Failed, and the platform is told
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { type AliasSetting, mapPrivacyAction, mapPrivacyAnswer, settingAfter } from '../../mapping/privacy.js';
import type { Metrics } from '../../metrics.js';
import type { Notifications } from '../../notify/notifications.js';
import { ApiError } from '../../resources/api-error.js';
import type { PrivacyCommand, PrivacyCommandStatus } from '../../resources/privacy-command.js';
import type { ConversationIds, Network, SessionMessage } from '../../sip/network.js';
import type { Changes, ClaimedItem, Enqueue, Store } from '../../store/store.js';
import { DecodeError } from '../../wire/decode-error.js';
import { iari } from '../../wire/feature-tags.js';
import { parsePrivacy, printPrivacy, privacyContentType, type PrivacyVocabulary } from '../../wire/rcs/privacy.js';
import type { Chatbot, ChatbotDirectory } from '../actions.js';
import type { SessionContext } from '../sessions/conversation.js';
import { type Announced, sendDocument } from '../sending/document-sending.js';
import type { Verdict } from '../messages/inbound.js';
import type { ItemOutcome } from '../lane-worker.js';
import {
  deadlineLane,
  messageKey,
  outboundItem,
  pairKey,
  receiptLane,
  type ServiceItem,
  Table,
  type Versioned,
} from '../records.js';

export interface PrivacyCommandsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly network: Network;
  readonly notifications: Notifications;
  readonly directory: ChatbotDirectory;
  readonly announced: Announced;
  readonly backoffMs: (attempts: number) => number;
  readonly vocabulary: PrivacyVocabulary;
  /** Until then the platform must have answered. */
  readonly deadlineMs: number;
  /** How long an answer is tried. */
  readonly validityMs: number;
  /** How long a Command-ID is known again. */
  readonly retentionMs: number;
  /** How long a user's setting is remembered since he changed it. */
  readonly settingMs: number;
}

type CommandRecord = PrivacyCommand & {
  readonly userUri: string;
  readonly ids: ConversationIds;
  readonly deadlineId: string;
  readonly answer?: PrivacyCommandStatus;
};

type Found = Versioned<CommandRecord>;

const maxCommandIdLength = 255;

export class PrivacyCommands {
  private readonly options: PrivacyCommandsOptions;
  private readonly commands: Table<CommandRecord>;
  private readonly settings: Table<AliasSetting>;

  constructor(options: PrivacyCommandsOptions) {
    this.options = options;
    this.commands = new Table<CommandRecord>(options.store, 'command');
    this.settings = new Table<AliasSetting>(options.store, 'command');
  }

  /** Kept and queued in one commit; a Command-ID that is known is taken and dropped. Throws DecodeError. */
  async receive(context: SessionContext, { content }: SessionMessage): Promise<Verdict> {
    const { store, log, metrics, notifications, vocabulary, retentionMs } = this.options;
    const { bot, user } = context;
    const document = parsePrivacy(content, vocabulary);
    // No user answers a bot's command: there are none.
    if (document.kind === 'answer') return this.dropped('stray answer');
    if (document.commandId.length > maxCommandIdLength) {
      throw new DecodeError('privacy', vocabulary.commandId, 'too long');
    }
    if (await this.find(bot.uri, user.key, document.commandId)) return this.dropped('duplicate');
    const record = await this.record(context, document);
    const items = notifications.items({ kind: 'privacyCommand', bot: bot.uri, command: commandOf(record) });
    if (items.length === 0 || (await notifications.roomFor(bot.uri, items)) !== 'free') return { kind: 'unwanted' };
    const key = messageKey(bot.uri, user.key, record.commandId);
    const fresh = await store.commit({
      put: [this.commands.put(key, record, { ttlMs: retentionMs, ifRevision: 0 })],
      enqueue: [...items, this.deadline(bot.uri, record)],
    });
    if (!fresh) return this.dropped('duplicate');
    metrics.count('privacy_commands_total', { result: 'taken' });
    log.info('privacy command received', { bot: bot.uri, commandId: record.commandId, action: record.action });
    return { kind: 'taken' };
  }

  /** `user`: his key. */
  async get(bot: Chatbot, user: string, commandId: string): Promise<PrivacyCommand | undefined> {
    const found = await this.find(bot.uri, user, commandId);
    return found && commandOf(found.value);
  }

  /** False: no such command. The same answer twice is one; throws ApiError (409) where it was answered otherwise. */
  async answer(bot: Chatbot, user: string, commandId: string, status: PrivacyCommandStatus): Promise<boolean> {
    for (;;) {
      const found = await this.find(bot.uri, user, commandId);
      if (!found) return false;
      const { answer, deadlineId } = found.value;
      if (answer && isSame(answer, status)) return true;
      if (answer) throw new ApiError('POL0001', ['the command has been answered already'], { status: 409 });
      const changes = this.answered(bot.uri, found, status);
      const { store } = this.options;
      // The deadline may be in a worker's hands: then it finds the command answered.
      if ((await store.withdraw('outbound', deadlineId, changes)) || (await store.commit(changes))) {
        this.options.metrics.count('privacy_commands_total', { result: 'answered' });
        return true;
      }
    }
  }

  /** What the network is told of aliases between the two; undefined: nobody takes privacy commands. */
  async aliasing(bot: string, user: string): Promise<'on' | 'off' | undefined> {
    if (!this.options.notifications.wanted(bot, 'privacyCommand')) return undefined;
    return (await this.isOn(bot, user)) ? 'on' : 'off';
  }

  /** The time is over: answered Failed, unless the platform was faster. */
  async performDeadline(item: ServiceItem & { kind: 'privacyDeadline' }): Promise<ItemOutcome> {
    const { clock, metrics, log } = this.options;
    if (clock.now() < item.atMs) return { kind: 'again', dueAtMs: item.atMs };
    const changes = async (): Promise<Changes | undefined> => {
      const found = await this.find(item.bot, item.user, item.commandId);
      return !found || found.value.answer ? undefined : this.lapsed(item.bot, found);
    };
    const first = await changes();
    if (!first) return { kind: 'done' };
    metrics.count('privacy_commands_total', { result: 'unanswered' });
    log.warn('privacy command not answered in time', { bot: item.bot, commandId: item.commandId });
    return { kind: 'done', settlement: { changes: first, anew: changes } };
  }

  /** Sends the answer to the user. */
  async performAnswer(claimed: ClaimedItem, item: ServiceItem & { kind: 'privacyAnswer' }): Promise<ItemOutcome> {
    const { directory, vocabulary, validityMs, log } = this.options;
    const record = (await this.find(item.bot, item.user, item.commandId))?.value;
    const bot = directory.find(item.bot);
    if (!record?.answer || !bot) return { kind: 'done' };
    const { userUri, ids, commandId, answer } = record;
    const content = printPrivacy(mapPrivacyAnswer(commandId, answer), vocabulary);
    const message = {
      bot,
      user: item.user,
      userUri,
      ids,
      contentType: privacyContentType,
      content,
      application: iari.alias,
    };
    const outcome = await sendDocument(this.options, message, {
      item: claimed,
      untilMs: claimed.enqueuedAtMs + validityMs,
    });
    if (outcome.kind === 'again') return outcome.outcome;
    if (outcome.kind === 'sent') log.info('privacy command answered', { bot: item.bot, commandId });
    else log.warn('answer to a privacy command not sent', { commandId, reason: outcome.description });
    return { kind: 'done' };
  }

  private find(bot: string, user: string, commandId: string): Promise<Found | undefined> {
    return this.commands.get(messageKey(bot, user, commandId));
  }

  private async record(
    { bot, user, ids }: SessionContext,
    document: { readonly commandId: string; readonly action: string },
  ): Promise<CommandRecord> {
    const action = mapPrivacyAction(document.action);
    const known = await this.setting(bot.uri, user.key);
    return {
      commandId: document.commandId,
      action,
      senderAddress: user.key,
      dateTime: new Date(this.options.clock.now()).toISOString(),
      ...(known?.setting === 'On' ? aboutAlias(action, known) : {}),
      userUri: user.uri,
      ids,
      deadlineId: randomUUID(),
    };
  }

  private async isOn(bot: string, user: string): Promise<boolean> {
    return (await this.setting(bot, user))?.setting === 'On';
  }

  private async setting(bot: string, user: string): Promise<AliasSetting | undefined> {
    return (await this.settings.get(settingKey(bot, user)))?.value;
  }

  private dropped(result: string): Verdict {
    this.options.metrics.count('privacy_commands_total', { result });
    this.options.log.info('privacy document dropped', { result });
    return { kind: 'taken' };
  }

  private deadline(bot: string, { senderAddress: user, commandId, deadlineId }: CommandRecord): Enqueue {
    const atMs = this.options.clock.now() + this.options.deadlineMs;
    return outboundItem(deadlineLane(deadlineId), deadlineId, {
      kind: 'privacyDeadline',
      bot,
      user,
      commandId,
      atMs,
    });
  }

  private answered(bot: string, { value, revision }: Found, answer: PrivacyCommandStatus): Changes {
    const { retentionMs, settingMs } = this.options;
    const { senderAddress: user, commandId, action } = value;
    const setting = settingAfter(action, answer);
    return {
      put: [
        this.commands.put(
          messageKey(bot, user, commandId),
          { ...value, answer },
          { ttlMs: retentionMs, ifRevision: revision },
        ),
        ...(setting ? [this.settings.put(settingKey(bot, user), setting, { ttlMs: settingMs })] : []),
      ],
      enqueue: [outboundItem(receiptLane(bot, user), randomUUID(), { kind: 'privacyAnswer', bot, user, commandId })],
    };
  }

  private lapsed(bot: string, found: Found): Changes {
    const answer = { result: 'Failed' } as const;
    const changes = this.answered(bot, found, answer);
    const command = commandOf({ ...found.value, answer });
    const items = this.options.notifications.items({ kind: 'privacyCommand', bot, command });
    return { ...changes, enqueue: [...(changes.enqueue ?? []), ...items] };
  }
}

/** Beside the commands: no bot's URI begins with it. */
function settingKey(bot: string, user: string): string {
  return `setting|${pairKey(bot, user)}`;
}

/** What a command means where his alias is in use: another token, or that the token and his number are one. */
function aboutAlias(action: string, { alias }: AliasSetting): Pick<PrivacyCommand, 'renew' | 'alias'> {
  if (action === 'AliasOn') return { renew: true };
  return action === 'AliasLink' && alias !== undefined ? { alias } : {};
}

function commandOf({
  commandId,
  action,
  senderAddress,
  dateTime,
  renew,
  alias,
  answer,
}: CommandRecord): PrivacyCommand {
  return {
    commandId,
    action,
    senderAddress,
    dateTime,
    ...(renew === undefined ? {} : { renew }),
    ...(alias === undefined ? {} : { alias }),
    ...(answer === undefined ? {} : { result: answer.result }),
  };
}

function isSame(a: PrivacyCommandStatus, b: PrivacyCommandStatus): boolean {
  return a.result === b.result && a.setting === b.setting && a.alias === b.alias;
}
