/** …somebody asks what a contact can do: the network by OPTIONS, a cache before it, equal questions asked once. */
import type { Clock } from '../../clock.js';
import type { Metrics } from '../../metrics.js';
import { capabilitiesOfTags, optionsOutcome } from '../../mapping/capabilities.js';
import { ApiError } from '../../resources/api-error.js';
import type { ContactCapability, ContactServiceCapabilities } from '../../resources/capabilities.js';
import { contactCapabilitiesUrl } from '../../resources/urls.js';
import type { Network, NetworkBot, NetworkUser, SipOutcome } from '../../sip/network.js';
import { type FeatureTags, hasRcsTags } from '../../wire/feature-tags.js';
import type { Chatbot } from '../actions.js';
import { BoundedMap } from '../bounded-map.js';

export interface CapabilitiesOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly cacheMs: number;
  /** How long the network has to answer; then it is as if nobody knew. */
  readonly timeoutMs: number;
  readonly cacheEntries: number;
  /** A bot as this user is to see it. */
  readonly announced: (bot: Chatbot, user: string) => Promise<NetworkBot>;
  /** What was known of the user has changed: for the bots that know him. */
  readonly changed: (user: string, change: CapabilityChange) => void;
  /** The contact himself has answered: he is there. */
  readonly reached: (bot: string, user: string) => void;
}

export interface CapabilityChange {
  readonly bots: readonly string[];
  /** What is enabled now, and what was enabled before and is no more. */
  readonly capabilities: readonly ContactCapability[];
}

type ContactAnswer =
  | { readonly kind: 'capabilities'; readonly capabilities: readonly ContactCapability[] }
  | { readonly kind: 'not-rcs' | 'unknown' };

interface Known {
  readonly answer: ContactAnswer;
  readonly untilMs: number;
  /** Who has asked for the contact or was asked by him, the last ones. */
  readonly bots: readonly string[];
}

/** Of one contact. */
const maxBots = 32;

export class Capabilities {
  private readonly options: CapabilitiesOptions;
  private readonly cache: BoundedMap<Known>;
  private readonly asking = new Map<string, Promise<ContactAnswer>>();

  constructor(options: CapabilitiesOptions) {
    this.options = options;
    this.cache = new BoundedMap<Known>(options.cacheEntries);
  }

  /** Tags seen in a Contact of the user: all that he can do (OPTIONS), or some of it (INVITE). */
  observe(bot: string, user: string, { tags, seen }: { tags: FeatureTags; seen: 'all' | 'some' }): void {
    if (!hasRcsTags(tags)) return;
    const known = this.cache.get(user)?.answer;
    const capabilities = capabilitiesOfTags(tags);
    const all =
      seen === 'some' && known?.kind === 'capabilities' ? unite(known.capabilities, capabilities) : capabilities;
    this.remember(bot, user, { kind: 'capabilities', capabilities: all });
  }

  /** Whether the contact is known to take standalone messages and no sessions. */
  standaloneOnly(user: string): boolean {
    const known = this.known(user);
    if (known?.kind !== 'capabilities') return false;
    const has = (...ids: readonly ContactCapability['capabilityId'][]): boolean =>
      known.capabilities.some(({ capabilityId, status }) => status === 'Enabled' && ids.includes(capabilityId));
    return has('ChatbotSA', 'StandaloneMessaging') && !has('ChatbotSession', 'Chat');
  }

  /** Every capability, enabled or not. Throws ApiError: SVC2008 not an RCS user, SVC1000 no answer. */
  async query(bot: Chatbot, user: NetworkUser, { refresh }: { refresh: boolean }): Promise<ContactServiceCapabilities> {
    const answer = (refresh ? undefined : this.known(user.key)) ?? (await this.ask(bot, user));
    switch (answer.kind) {
      case 'capabilities':
        return {
          contactId: user.key,
          serviceCapability: answer.capabilities,
          resourceURL: contactCapabilitiesUrl({ serverRoot: bot.serverRoot, bot: bot.uri }, user.key),
        };
      case 'not-rcs':
        throw new ApiError('SVC2008', ['contact', user.key]);
      case 'unknown':
        throw new ApiError('SVC1000', [], { retryAfterS: 30 });
    }
  }

  private known(user: string): ContactAnswer | undefined {
    const known = this.cache.get(user);
    return known && known.untilMs > this.options.clock.now() ? known.answer : undefined;
  }

  private remember(bot: string, user: string, answer: ContactAnswer): void {
    const { clock, cacheMs, changed } = this.options;
    const before = this.cache.get(user);
    const bots = [bot, ...(before?.bots ?? []).filter((other) => other !== bot)].slice(0, maxBots);
    this.cache.set(user, { answer, untilMs: clock.now() + cacheMs, bots });
    const capabilities = before && changeOf(before.answer, answer);
    if (capabilities) changed(user, { bots, capabilities });
  }

  private ask(bot: Chatbot, user: NetworkUser): Promise<ContactAnswer> {
    const key = `${bot.uri}|${user.key}`;
    const underWay = this.asking.get(key);
    if (underWay) return underWay;
    const asking = this.askNetwork(bot, user).finally(() => this.asking.delete(key));
    this.asking.set(key, asking);
    return asking;
  }

  private async askNetwork(bot: Chatbot, user: NetworkUser): Promise<ContactAnswer> {
    const { announced, metrics, reached } = this.options;
    const { status, tags } = await this.askInTime(await announced(bot, user.key), user.uri);
    const kind = optionsOutcome(status, tags);
    const answer: ContactAnswer = kind === 'capabilities' ? { kind, capabilities: capabilitiesOfTags(tags) } : { kind };
    metrics.count('capability_queries_total', { result: answer.kind });
    if (answer.kind !== 'unknown') this.remember(bot.uri, user.key, answer);
    // A 480 with tags is his network's word for one who is away.
    if (answer.kind === 'capabilities' && status < 300) reached(bot.uri, user.key);
    return answer;
  }

  private async askInTime(bot: NetworkBot, userUri: string): Promise<SipOutcome> {
    const { network, clock, timeoutMs } = this.options;
    const late = new AbortController();
    const timer = clock.after(timeoutMs, () => late.abort());
    try {
      return await network.queryCapabilities(bot, userUri, late.signal);
    } finally {
      timer.close();
    }
  }
}

/** Both are lists of every capability in one order. */
function unite(known: readonly ContactCapability[], seen: readonly ContactCapability[]): readonly ContactCapability[] {
  return seen.map((one, at) => (one.status === 'Enabled' ? one : (known[at] ?? one)));
}

/** undefined: nothing has changed, or nothing was known before. */
function changeOf(before: ContactAnswer, now: ContactAnswer): readonly ContactCapability[] | undefined {
  const old = enabledOf(before);
  const fresh = enabledOf(now);
  if (before.kind === 'unknown' || JSON.stringify(old) === JSON.stringify(fresh)) return undefined;
  const gone = old.filter(({ capabilityId }) => !fresh.some((one) => one.capabilityId === capabilityId));
  return [...fresh, ...gone.map(({ capabilityId }): ContactCapability => ({ capabilityId, status: 'Disabled' }))];
}

function enabledOf(answer: ContactAnswer): readonly ContactCapability[] {
  return answer.kind === 'capabilities' ? answer.capabilities.filter(({ status }) => status === 'Enabled') : [];
}
