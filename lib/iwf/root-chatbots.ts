/** Chatbots that nobody has registered: known by the serverRoot that they came in under, from then on and to the network, too. */
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import { ApiError } from '../resources/api-error.js';
import type { Store } from '../store/store.js';
import { canonicalEscapes, readSipUri, type SipUri, sipUriKey, uriParameter } from '../wire/sip-uri.js';
import type { Chatbot, RootChatbotActions } from './actions.js';
import type { ChatbotTraits } from './chatbots.js';
import { Table } from './records.js';

export interface RootPlatform {
  readonly traits: ChatbotTraits;
  /** More are refused. */
  readonly maxChatbots: number;
}

export interface RootChatbotsOptions {
  readonly store: Store;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Those that have such a serverRoot. */
  readonly platforms: ReadonlyMap<string, RootPlatform>;
  /** Domains of users, in lower case: nobody there is a chatbot by its serverRoot. */
  readonly userHosts: ReadonlySet<string>;
}

/** Those that a platform has named stay known where its limit has been lowered since. */
const maxLoaded = 1_000_000;

interface RootChatbotRecord {
  readonly uri: string;
  readonly platformId: string;
}

export class RootChatbots implements RootChatbotActions {
  private readonly options: RootChatbotsOptions;
  private readonly records: Table<RootChatbotRecord>;
  private readonly known = new Map<string, Chatbot>();
  private readonly countOf = new Map<string, number>();
  /** Being made durable, by URI. */
  private readonly admitting = new Map<string, { readonly platformId: string; readonly kept: Promise<void> }>();

  constructor(options: RootChatbotsOptions) {
    this.options = options;
    this.records = new Table<RootChatbotRecord>(options.store, 'chatbot');
  }

  /** Those of before; of platforms that have no such serverRoot any more none. */
  async load(): Promise<void> {
    for (const platformId of this.options.platforms.keys()) {
      for (const { uri } of await this.records.list(`${platformId}|`, maxLoaded)) this.remember(uri, platformId);
    }
  }

  /** By `sipUriKey`. */
  find(key: string): Chatbot | undefined {
    return this.known.get(key);
  }

  /** Whom the URI would be; undefined: no chatbot of such a platform. Nothing is kept. */
  would(platformId: string, uri: string): Chatbot | undefined {
    const platform = this.options.platforms.get(platformId);
    const parsed = platform && chatbotUri(uri);
    if (!parsed || this.options.userHosts.has(parsed.host.toLowerCase())) return undefined;
    const key = sipUriKey(parsed);
    const known = this.known.get(key);
    if (known) return known.platformId === platformId ? known : undefined;
    return { ...platform.traits, uri: key, name: parsed.user };
  }

  /** The same, kept: durable when it resolves. Throws POL0001 beyond the platform's number, SVC2008 where another was first. */
  async admit({ uri, platformId }: Chatbot): Promise<void> {
    for (let other = this.admitting.get(uri); other; other = this.admitting.get(uri))
      await other.kept.catch(() => undefined);
    const known = this.known.get(uri);
    if (known?.platformId === platformId) return;
    if (known) throw new ApiError('SVC2008', ['chatbot', uri]);
    this.checkRoom(platformId);
    const kept = this.keep(uri, platformId).finally(() => this.admitting.delete(uri));
    this.admitting.set(uri, { platformId, kept });
    await kept;
  }

  private async keep(uri: string, platformId: string): Promise<void> {
    const { store, log } = this.options;
    await store.commit({ put: [this.records.put(`${platformId}|${uri}`, { uri, platformId })] });
    this.remember(uri, platformId);
    log.info('chatbot known by its serverRoot', { platformId, bot: uri });
  }

  private checkRoom(platformId: string): void {
    const { metrics, platforms } = this.options;
    const coming = [...this.admitting.values()].filter((one) => one.platformId === platformId).length;
    if ((this.countOf.get(platformId) ?? 0) + coming < (platforms.get(platformId)?.maxChatbots ?? 0)) return;
    metrics.count('limit_reached_total', { limit: 'limits.chatbotsPerRoot' }, 1, platformId);
    throw new ApiError('POL0001', ['too many chatbots']);
  }

  private remember(uri: string, platformId: string): void {
    const bot = this.known.has(uri) ? undefined : this.would(platformId, uri);
    if (!bot) return;
    this.known.set(bot.uri, bot);
    this.countOf.set(platformId, (this.countOf.get(platformId) ?? 0) + 1);
  }
}

/** A SIP URI that is no user's: neither a telephone number in international form nor one that says so (RFC 3261 §19.1.1). */
function chatbotUri(text: string): (SipUri & { readonly user: string }) | undefined {
  const uri = readSipUri(text);
  if (!uri) return undefined;
  const user = canonicalEscapes(uri.user ?? '');
  const kind = canonicalEscapes(uriParameter(uri.parameters, 'user') ?? '').toLowerCase();
  return user === '' || user.startsWith('+') || kind === 'phone' ? undefined : { ...uri, user };
}
