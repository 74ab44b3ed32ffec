/** The places a callback takes: of all, of its platform, of its origin, of its bot. */
import type { Subscription } from '../../resources/subscription.js';
import type { Gate } from './admission.js';
import type { Parallel } from '../options.js';

interface Names {
  readonly url: string;
  readonly platform: string;
  readonly origin: string;
  readonly group: string;
  readonly bot: string;
}

/** Made once for each subscription: they are asked for with every try, and what is looked up by a new text costs its hash. */
const known = new WeakMap<Subscription, Names>();

function namesOf(subscription: Subscription): Names {
  const before = known.get(subscription);
  if (before) return before;
  const { platformId, bot, notifyURL } = subscription;
  const origin = originOf(notifyURL);
  const group = `${platformId} ${bot} ${origin}`;
  const names = {
    url: `${platformId} ${notifyURL}`,
    platform: `platform ${platformId}`,
    origin: `origin ${platformId} ${origin}`,
    group,
    bot: `bot ${group}`,
  };
  known.set(subscription, names);
  return names;
}

/** Who shares a queue for places: a bot at one origin. */
export function groupOf(subscription: Subscription): string {
  return namesOf(subscription).group;
}

/** Who shares a circuit: the notifyURL, and no two platforms one. */
export function urlKeyOf(subscription: Subscription): string {
  return namesOf(subscription).url;
}

/** Outermost first; `botMax` is what the bot may have now. */
export function gatesOf(subscription: Subscription, parallel: Parallel, botMax: number): readonly Gate[] {
  const { platform, origin, bot } = namesOf(subscription);
  return [
    { key: 'total', max: parallel.total },
    { key: platform, max: parallel.perPlatform },
    { key: origin, max: parallel.perOrigin },
    { key: bot, max: Math.min(parallel.perBot, botMax) },
  ];
}

/** Scheme, host and port as they are written. */
function originOf(notifyURL: string): string {
  const end = notifyURL.slice(notifyURL.indexOf('//') + 2).search(/[/?]/);
  return end < 0 ? notifyURL : notifyURL.slice(0, notifyURL.indexOf('//') + 2 + end);
}
