/** …somebody asks what a contact can do: the network by OPTIONS, a cache before it, equal questions asked once. */
import type { Clock } from '../clock.js';
import type { Metrics } from '../metrics.js';
import { capabilitiesOfTags, optionsOutcome } from '../mapping/capabilities.js';
import { ApiError } from '../resources/api-error.js';
import type { ContactCapability, ContactServiceCapabilities } from '../resources/capabilities.js';
import { contactCapabilitiesUrl } from '../resources/urls.js';
import type { Network, NetworkUser } from '../sip/network.js';
import { type FeatureTags, hasRcsTags } from '../wire/feature-tags.js';
import type { Chatbot } from './actions.js';
import { BoundedMap } from './bounded-map.js';

export interface CapabilitiesOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly cacheMs: number;
  readonly cacheEntries: number;
}

type ContactAnswer =
  | { readonly kind: 'capabilities'; readonly capabilities: readonly ContactCapability[] }
  | { readonly kind: 'not-rcs' | 'unknown' };

interface Known {
  readonly answer: ContactAnswer;
  readonly untilMs: number;
}

export class Capabilities {
  private readonly options: CapabilitiesOptions;
  private readonly cache: BoundedMap<Known>;
  private readonly asking = new Map<string, Promise<ContactAnswer>>();

  constructor(options: CapabilitiesOptions) {
    this.options = options;
    this.cache = new BoundedMap<Known>(options.cacheEntries);
  }

  /** Tags seen in a Contact of the user. */
  observe(user: string, tags: FeatureTags): void {
    if (hasRcsTags(tags)) this.remember(user, { kind: 'capabilities', capabilities: capabilitiesOfTags(tags) });
  }

  /** Whether the contact is known to take standalone messages and no sessions. */
  standaloneOnly(user: string): boolean {
    const known = this.known(user);
    if (known?.kind !== 'capabilities') return false;
    const has = (...ids: readonly ContactCapability['capabilityId'][]): boolean =>
      known.capabilities.some(({ capabilityId, status }) => status === 'Enabled' && ids.includes(capabilityId));
    return has('ChatbotSA', 'StandaloneMessaging') && !has('ChatbotSession', 'Chat');
  }

  /** Throws ApiError: SVC2008 not an RCS user, SVC1000 no answer. */
  async query(bot: Chatbot, user: NetworkUser, { refresh }: { refresh: boolean }): Promise<ContactServiceCapabilities> {
    const answer = (refresh ? undefined : this.known(user.key)) ?? (await this.ask(bot, user));
    switch (answer.kind) {
      case 'capabilities':
        return {
          contactId: user.key,
          serviceCapability: answer.capabilities.filter(({ status }) => status === 'Enabled'),
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

  private remember(user: string, answer: ContactAnswer): void {
    this.cache.set(user, { answer, untilMs: this.options.clock.now() + this.options.cacheMs });
  }

  private ask(bot: Chatbot, user: NetworkUser): Promise<ContactAnswer> {
    const key = `${bot.uri}|${user.key}`;
    const underWay = this.asking.get(key);
    if (underWay) return underWay;
    const asking = this.options.network
      .queryCapabilities(bot, user.uri)
      .then(({ status, tags }) => {
        const kind = optionsOutcome(status, tags);
        const answer: ContactAnswer =
          kind === 'capabilities' ? { kind, capabilities: capabilitiesOfTags(tags) } : { kind };
        this.options.metrics.count('capability_queries_total', { result: answer.kind });
        if (answer.kind !== 'unknown') this.remember(user.key, answer);
        return answer;
      })
      .finally(() => this.asking.delete(key));
    this.asking.set(key, asking);
    return asking;
  }
}
