/** …the network's alias function reports whose alias a token is: handed on verbatim, with the addresses in it. */
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { mapLinkReport } from '../../mapping/reports.js';
import type { Notifications } from '../../notify/notifications.js';
import type { SessionMessage } from '../../sip/network.js';
import type { Store } from '../../store/store.js';
import type { SessionContext } from '../sessions/conversation.js';
import type { Verdict } from '../messages/inbound.js';

export interface LinkReportsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notifications: Notifications;
}

/** Queued for the platform; without anybody who listens, or room, it is refused, so that the network keeps it. Throws DecodeError. */
export async function receiveLinkReport(
  { store, clock, log, notifications }: LinkReportsOptions,
  { bot }: SessionContext,
  { contentType, content }: SessionMessage,
): Promise<Verdict> {
  const report = mapLinkReport(contentType, content, new Date(clock.now()).toISOString());
  const items = notifications.items({ kind: 'aliasLink', bot: bot.uri, report });
  if (items.length === 0 || (await notifications.roomFor(bot.uri, items)) !== 'free') return { kind: 'unwanted' };
  await store.commit({ enqueue: items });
  log.info('alias link report received', { bot: bot.uri });
  return { kind: 'taken' };
}
