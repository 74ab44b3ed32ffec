/** The places a callback takes: of all, of its platform, of its origin, of its bot. */
import type { Subscription } from '../resources/subscription.js';
import type { Gate } from './admission.js';
import type { Parallel } from './options.js';

/** Who shares a queue for places: a bot at one origin. */
export function groupOf({ platformId, bot, notifyURL }: Subscription): string {
  return `${platformId} ${bot} ${originOf(notifyURL)}`;
}

/** Outermost first; `botMax` is what the bot may have now. */
export function gatesOf(subscription: Subscription, parallel: Parallel, botMax: number): readonly Gate[] {
  const { platformId, notifyURL } = subscription;
  return [
    { key: 'total', max: parallel.total },
    { key: `platform ${platformId}`, max: parallel.perPlatform },
    { key: `origin ${platformId} ${originOf(notifyURL)}`, max: parallel.perOrigin },
    { key: `bot ${groupOf(subscription)}`, max: Math.min(parallel.perBot, botMax) },
  ];
}

/** Scheme, host and port as they are written, without a parser: it is done for every lane. */
function originOf(notifyURL: string): string {
  const end = notifyURL.slice(notifyURL.indexOf('//') + 2).search(/[/?]/);
  return end < 0 ? notifyURL : notifyURL.slice(0, notifyURL.indexOf('//') + 2 + end);
}
