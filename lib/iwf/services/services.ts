/** The services beyond chat put together: what each takes of the network's documents, and what it does for the REST face. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { Notifications } from '../../notify/notifications.js';
import { contactCapabilitiesUrl } from '../../resources/urls.js';
import type { Network, NetworkBot } from '../../sip/network.js';
import type { ClaimedItem, Enqueue, Store } from '../../store/store.js';
import { linkReportContentType } from '../../wire/rcs/link-report.js';
import { privacyContentType } from '../../wire/rcs/privacy.js';
import { revokeContentType } from '../../wire/rcs/revoke.js';
import { spamReportContentType } from '../../wire/rcs/spam-report.js';
import type { Chatbot, ChatbotDirectory } from '../actions.js';
import { BotSignals, type BotSignalsOptions } from '../messages/bot-signals.js';
import type { CapabilityChange } from './capabilities.js';
import { CapabilitySources, type CapabilitySourcesOptions } from './capability-sources.js';
import type { DocumentHandler } from '../messages/inbound.js';
import type { ItemOutcome } from '../lane-worker.js';
import { receiveLinkReport } from './link-reports.js';
import type { MessageLog } from '../messages/message-log.js';
import { PrivacyCommands, type PrivacyCommandsOptions } from './privacy-commands.js';
import type { OutboundItem, ServiceItem } from '../records.js';
import { Revocations, type RevocationsOptions } from '../messages/revocations.js';
import { SpamReports } from './spam-reports.js';

export interface ServicesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly network: Network;
  readonly notifications: Notifications;
  readonly directory: ChatbotDirectory;
  readonly messages: MessageLog;
  readonly live: RevocationsOptions['live'];
  readonly sendInSession: BotSignalsOptions['sendInSession'];
  readonly sendTyping: BotSignalsOptions['sendTyping'];
  readonly inbound: BotSignalsOptions['inbound'];
  readonly keyOf: CapabilitySourcesOptions['keyOf'];
  readonly backoffMs: (attempts: number) => number;
  readonly services: ServiceLimits;
}

/** Times in ms. */
export interface ServiceLimits {
  /** How long a bot's own receipt is tried. */
  readonly validityMs: number;
  readonly spamReportMs: number;
  readonly spamReportsPerBot: number;
  readonly sources: Pick<CapabilitySourcesOptions, 'maxPerBot' | 'correlatorMs'>;
  readonly revoke: Pick<RevocationsOptions, 'vocabulary' | 'deadlineMs' | 'retentionMs'>;
  readonly privacy: Pick<
    PrivacyCommandsOptions,
    'vocabulary' | 'deadlineMs' | 'validityMs' | 'retentionMs' | 'settingMs'
  >;
}

export interface Services {
  readonly capabilitySources: CapabilitySources;
  readonly spamReports: SpamReports;
  readonly privacyCommands: PrivacyCommands;
  readonly revocations: Revocations;
  readonly botSignals: BotSignals;
  /** Content type → who takes it. */
  readonly documents: ReadonlyMap<string, DocumentHandler>;
  /** A bot as this user is to see it. */
  announced(bot: Chatbot, user: string | undefined): Promise<NetworkBot>;
  /** Tells the bots that know the contact. */
  capabilitiesChanged(user: string, change: CapabilityChange): void;
  /** Runs the head of a lane where it is a service's. */
  perform(item: ClaimedItem): Promise<ItemOutcome> | undefined;
}

export function createServices(options: ServicesOptions): Services {
  const { services } = options;
  const capabilitySources = new CapabilitySources({ ...options, ...services.sources });
  const announced: Services['announced'] = async (bot, user) => {
    const seen = await capabilitySources.announced(bot, user);
    const aliasing = user === undefined ? undefined : await privacyCommands.aliasing(bot.uri, user);
    return aliasing === undefined ? seen : { ...seen, aliasing };
  };
  const spamReports = new SpamReports({
    ...options,
    retentionMs: services.spamReportMs,
    maxPerBot: services.spamReportsPerBot,
  });
  const revocations = new Revocations({ ...options, announced, ...services.revoke });
  const botSignals = new BotSignals({ ...options, announced, validityMs: services.validityMs });
  const privacyCommands = new PrivacyCommands({ ...options, announced, ...services.privacy });
  return {
    capabilitySources,
    spamReports,
    privacyCommands,
    revocations,
    botSignals,
    documents: new Map<string, DocumentHandler>([
      [spamReportContentType, (context, message) => spamReports.receive(context, message)],
      [revokeContentType, (context, message) => revocations.receive(context, message)],
      [privacyContentType, (context, message) => privacyCommands.receive(context, message)],
      [linkReportContentType, (context, message) => receiveLinkReport(options, context, message)],
    ]),
    announced,
    capabilitiesChanged(user, change) {
      tellChange(options, user, change).catch((error: unknown) => {
        options.log.error('change of capabilities not told', { error });
      });
    },
    perform(claimed) {
      const item = claimed.value as ServiceItem | OutboundItem;
      switch (item.kind) {
        case 'botReceipt':
          return botSignals.performReceipt(claimed, item);
        case 'revoke':
          return revocations.perform(claimed, item);
        case 'revokeDeadline':
          return revocations.performDeadline(item);
        case 'privacyAnswer':
          return privacyCommands.performAnswer(claimed, item);
        case 'privacyDeadline':
          return privacyCommands.performDeadline(item);
        case 'message':
        case 'receipt':
        case 'taken':
        case 'lost':
          return undefined;
      }
    },
  };
}

async function tellChange(
  { store, notifications, directory }: ServicesOptions,
  user: string,
  { bots, capabilities }: CapabilityChange,
): Promise<void> {
  const enqueue: Enqueue[] = [];
  for (const uri of bots) {
    const bot = directory.find(uri);
    if (!bot) continue;
    const resourceURL = contactCapabilitiesUrl({ serverRoot: bot.serverRoot, bot: bot.uri }, user);
    const told = { contactId: user, serviceCapability: capabilities, resourceURL };
    const items = notifications.items({ kind: 'capability', bot: bot.uri, capabilities: told });
    // Who has no room for it asks when he needs it.
    if ((await notifications.roomFor(bot.uri, items)) === 'free') enqueue.push(...items);
  }
  if (enqueue.length > 0) await store.commit({ enqueue });
}
