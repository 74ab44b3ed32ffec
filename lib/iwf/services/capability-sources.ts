/** …a platform says what its chatbot can do: kept, and found again for every Contact that speaks of the bot. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import { announcedTags, type SourceView } from '../../mapping/chatbot-capabilities.js';
import type { Metrics } from '../../metrics.js';
import { ApiError } from '../../resources/api-error.js';
import type { CapabilitySource, CapabilitySourceRequest } from '../../resources/capability-source.js';
import type { NetworkBot } from '../../sip/network.js';
import type { Put, Store } from '../../store/store.js';
import type { Chatbot, Idempotency } from '../actions.js';
import { BoundedMap } from '../bounded-map.js';
import { Table } from '../records.js';

export interface CapabilitySourcesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** A contact as a platform names it → its key. Throws ApiError SVC0004. */
  readonly keyOf: (contact: string) => string;
  readonly maxPerBot: number;
  readonly correlatorMs: number;
}

type SourceRecord = {
  readonly source: CapabilitySource;
  /** Keys of source.contactId. */
  readonly contacts?: readonly string[];
};

interface CorrelatorRecord {
  readonly fingerprint: string;
  readonly sourceId: string;
}

interface FirstAnswer {
  readonly source: CapabilitySource | undefined;
  /** Of the correlator's record. */
  readonly revision: number;
}

interface Correlating {
  readonly idempotency: Idempotency | undefined;
  readonly ifRevision: number;
}

interface Loaded {
  readonly sources: readonly SourceView[];
  readonly untilMs: number;
}

/** Another gateway on the same store may change them: what was read counts so long. */
const cacheMs = 5000;
const cachedBots = 10_000;

export class CapabilitySources {
  private readonly options: CapabilitySourcesOptions;
  private readonly sources: Table<SourceRecord>;
  private readonly correlators: Table<CorrelatorRecord>;
  private readonly cache = new BoundedMap<Loaded>(cachedBots);
  private changes = 0;

  constructor(options: CapabilitySourcesOptions) {
    this.options = options;
    this.sources = new Table<SourceRecord>(options.store, 'source');
    this.correlators = new Table<CorrelatorRecord>(options.store, 'correlator');
  }

  /** The bot as this contact is to see it. */
  async announced(bot: Chatbot, contact: string | undefined): Promise<NetworkBot> {
    const announced = announcedTags(await this.viewsOf(bot.uri), bot, contact);
    return announced ? { ...bot, announced } : bot;
  }

  /** Durable when it resolves. Throws ApiError: SVC0004 a contact, SVC0005 the correlator, POL0001 too many. */
  async create(bot: Chatbot, request: CapabilitySourceRequest, idempotency?: Idempotency): Promise<CapabilitySource> {
    for (;;) {
      const first = idempotency && (await this.firstAnswer(bot.uri, idempotency));
      if (first?.source) return first.source;
      await this.checkRoom(bot.uri);
      const record = this.record(sourceIdAt(this.options.clock.now()), request);
      const correlator = this.correlator(bot.uri, record.source.id, { idempotency, ifRevision: first?.revision ?? 0 });
      if (await this.committed(bot.uri, [this.put(bot.uri, record, 0), ...correlator])) return record.source;
    }
  }

  async list(bot: Chatbot): Promise<readonly CapabilitySource[]> {
    return (await this.all(bot.uri)).map(({ source }) => source);
  }

  async get(bot: Chatbot, id: string): Promise<CapabilitySource | undefined> {
    return (await this.sources.get(keyOf(bot.uri, id)))?.value.source;
  }

  async replace(bot: Chatbot, id: string, request: CapabilitySourceRequest): Promise<CapabilitySource | undefined> {
    for (;;) {
      const found = await this.sources.get(keyOf(bot.uri, id));
      if (!found) return undefined;
      const { clientCorrelator } = found.value.source;
      const record = this.record(id, { ...(clientCorrelator === undefined ? {} : { clientCorrelator }), ...request });
      if (await this.committed(bot.uri, [this.put(bot.uri, record, found.revision)])) return record.source;
    }
  }

  async remove(bot: Chatbot, id: string): Promise<boolean> {
    if (!(await this.get(bot, id))) return false;
    await this.options.store.commit({ remove: [this.sources.remove(keyOf(bot.uri, id))] });
    this.forget(bot.uri);
    return true;
  }

  private all(bot: string): Promise<readonly SourceRecord[]> {
    return this.sources.list(keyOf(bot, ''), this.options.maxPerBot);
  }

  private async viewsOf(bot: string): Promise<readonly SourceView[]> {
    const { clock } = this.options;
    const cached = this.cache.get(bot);
    if (cached && cached.untilMs > clock.now()) return cached.sources;
    const { changes } = this;
    const sources = (await this.all(bot)).map(viewOf);
    // What was changed while it was being read is read again.
    if (changes === this.changes) this.cache.set(bot, { sources, untilMs: clock.now() + cacheMs });
    return sources;
  }

  private forget(bot: string): void {
    this.changes++;
    this.cache.delete(bot);
  }

  private async committed(bot: string, put: readonly Put[]): Promise<boolean> {
    const done = await this.options.store.commit({ put });
    this.forget(bot);
    return done;
  }

  private record(id: string, request: CapabilitySourceRequest): SourceRecord {
    const contacts = request.contactId?.map((contact) => this.options.keyOf(contact));
    return { source: { ...request, id }, ...(contacts ? { contacts } : {}) };
  }

  private put(bot: string, record: SourceRecord, ifRevision: number): Put {
    return this.sources.put(keyOf(bot, record.source.id), record, { ifRevision });
  }

  private correlator(bot: string, sourceId: string, { idempotency, ifRevision }: Correlating): readonly Put[] {
    if (!idempotency) return [];
    const { fingerprint, correlator } = idempotency;
    const options = { ttlMs: this.options.correlatorMs, ifRevision };
    return [this.correlators.put(correlatorKey(bot, correlator), { fingerprint, sourceId }, options)];
  }

  /** undefined: the correlator is new; without a source: it was deleted since, and the correlator stands for nothing. */
  private async firstAnswer(bot: string, idempotency: Idempotency): Promise<FirstAnswer | undefined> {
    const { correlator, fingerprint } = idempotency;
    const first = await this.correlators.get(correlatorKey(bot, correlator));
    if (!first) return undefined;
    const source = (await this.sources.get(keyOf(bot, first.value.sourceId)))?.value.source;
    if (source && first.value.fingerprint !== fingerprint)
      throw new ApiError('SVC0005', [correlator, 'clientCorrelator']);
    return { source, revision: first.revision };
  }

  private async checkRoom(bot: string): Promise<void> {
    if ((await this.all(bot)).length < this.options.maxPerBot) return;
    this.options.metrics.count('limit_reached_total', { limit: 'capabilities.sourcesPerBot' }, 1, bot);
    throw new ApiError('POL0001', ['too many capability sources']);
  }
}

function viewOf({ source, contacts }: SourceRecord): SourceView {
  return { contacts: contacts && new Set(contacts), serviceCapability: source.serviceCapability };
}

function keyOf(bot: string, id: string): string {
  return `${bot}|${id}`;
}

function correlatorKey(bot: string, correlator: string): string {
  return `${bot}|capabilitySources|${correlator}`;
}

/** Sorts by time: the store lists by key, and the later source decides. */
function sourceIdAt(nowMs: number): string {
  return `${nowMs.toString(36).padStart(9, '0')}-${randomUUID()}`;
}
