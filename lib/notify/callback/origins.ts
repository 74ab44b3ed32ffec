/** Connections to platforms: a pool per platform and origin, none shared between platforms, the idle ones closed. */
import { buildConnector, Pool } from 'undici';
import type { Clock, Timer } from '../../clock.js';
import { isListed, parseNotifyUrl, type AllowList, type Destination } from './allow-list.js';
import { answerSocket } from './answer-socket.js';
import { judgedLookup, type LookupAll } from './judged-lookup.js';
import type { NotifyOptions } from '../options.js';

/** What a platform has configured for its callbacks. */
export interface PlatformCallbacks {
  readonly allow: AllowList;
  /** Keys of the signature, all used while they rotate; none: no signature. */
  readonly keys: readonly Buffer[];
  /** `Authorization: Bearer` of each callback. */
  readonly bearer?: string;
  /** A notifyURL must answer a challenge before it is subscribed. */
  readonly verify?: boolean;
  /** Its subscriptions end, and are told so. */
  readonly suspended?: boolean;
  /** PEM: what the platform's server is verified with, and what we show to it. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export interface OriginsDeps {
  readonly clock: Clock;
  readonly options: Pick<
    NotifyOptions,
    'connectTimeoutMs' | 'maxResponseBytes' | 'parallel' | 'maxOrigins' | 'originIdleMs'
  >;
  /** The gateway's own channel URLs are allowed wherever they lie. */
  readonly isOwnUrl?: (notifyURL: string) => boolean;
  /** The system's where absent. */
  readonly lookup?: LookupAll;
}

/** A place in the pool of an origin. */
export interface Place {
  readonly pool: Pool;
  readonly path: string;
  /** To be called once, when the callback is over. */
  release(): void;
}

interface Origin {
  readonly pool: Pool;
  usedAtMs: number;
  underWay: number;
}

class Taken implements Place {
  readonly pool: Pool;
  readonly path: string;
  private readonly origin: Origin;
  private readonly clock: Clock;

  constructor(origin: Origin, path: string, clock: Clock) {
    this.pool = origin.pool;
    this.path = path;
    this.origin = origin;
    this.clock = clock;
  }

  release(): void {
    this.origin.underWay--;
    this.origin.usedAtMs = this.clock.now();
  }
}

/** What is known of a notifyURL once it has been judged. */
interface Target {
  readonly key: string;
  readonly origin: string;
  readonly path: string;
  readonly destination: Destination;
  readonly isOwn: boolean;
}

export class Origins {
  private readonly deps: OriginsDeps;
  private readonly origins = new Map<string, Origin>();
  /** By platform and notifyURL. */
  private readonly targets = new Map<string, Map<string, Target>>();
  private targetCount = 0;
  /** Renewed, with callbacks under way. */
  private readonly retiring = new Set<Pool>();
  private sweep: Timer | undefined;

  constructor(deps: OriginsDeps) {
    this.deps = deps;
  }

  /** Undefined where the platform may not use the URL. */
  take(platformId: string, platform: PlatformCallbacks, notifyURL: string): Place | undefined {
    const target = this.target(platformId, platform, notifyURL);
    if (!target) return undefined;
    const origin = this.origins.get(target.key) ?? this.open(target, platform);
    origin.underWay++;
    return new Taken(origin, target.path, this.deps.clock);
  }

  /** The platform's connections are made anew, as it is configured now; those that stand end with what is under way on them. */
  renew(platformId: string): void {
    for (const [key, { pool }] of this.origins) {
      if (!key.startsWith(`${platformId} `)) continue;
      this.origins.delete(key);
      this.retire(pool);
    }
  }

  /** Ends all connections; idempotent. */
  async close(): Promise<void> {
    this.sweep?.close();
    const pools = [...[...this.origins.values()].map(({ pool }) => pool), ...this.retiring];
    this.origins.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  private retire(pool: Pool): void {
    this.retiring.add(pool);
    const gone = (): void => void this.retiring.delete(pool);
    pool.close().then(gone, gone);
  }

  private target(platformId: string, platform: PlatformCallbacks, notifyURL: string): Target | undefined {
    const known = this.targets.get(platformId)?.get(notifyURL);
    if (known) return known;
    const target = judge(platformId, platform.allow, notifyURL, this.deps.isOwnUrl?.(notifyURL) === true);
    if (target) this.remember(platformId, notifyURL, target);
    return target;
  }

  private remember(platformId: string, notifyURL: string, target: Target): void {
    if (this.targetCount >= this.deps.options.maxOrigins * 4) {
      this.targets.clear();
      this.targetCount = 0;
    }
    const ofPlatform = this.targets.get(platformId) ?? new Map<string, Target>();
    this.targets.set(platformId, ofPlatform.set(notifyURL, target));
    this.targetCount++;
  }

  private open(target: Target, { allow, tls }: PlatformCallbacks): Origin {
    const { options, clock, lookup } = this.deps;
    if (this.origins.size >= options.maxOrigins) this.closeLongestUnused();
    const judged = target.isOwn ? {} : { lookup: judgedLookup(allow, target.destination, lookup) };
    const pool = new Pool(target.origin, {
      // Admission bounds what is under way; here a bot that is let in must not wait for one that hangs.
      connections: options.parallel.total * 2,
      // Time is kept by the caller, over the whole callback.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: connector({ timeout: options.connectTimeoutMs, ...judged, ...tls }, options.maxResponseBytes),
    });
    const origin = { pool, usedAtMs: clock.now(), underWay: 0 };
    this.origins.set(target.key, origin);
    this.sweep ??= clock.after(options.originIdleMs, () => this.closeIdle());
    return origin;
  }

  private closeLongestUnused(): void {
    let oldest: [string, Origin] | undefined;
    for (const entry of this.origins) {
      if (entry[1].underWay === 0 && (!oldest || entry[1].usedAtMs < oldest[1].usedAtMs)) oldest = entry;
    }
    if (oldest) this.drop(...oldest);
  }

  private closeIdle(): void {
    const { options, clock } = this.deps;
    const beforeMs = clock.now() - options.originIdleMs;
    for (const [key, origin] of this.origins) {
      if (origin.underWay === 0 && origin.usedAtMs <= beforeMs) this.drop(key, origin);
    }
    this.sweep = this.origins.size === 0 ? undefined : clock.after(options.originIdleMs, () => this.closeIdle());
  }

  private drop(key: string, { pool }: Origin): void {
    this.origins.delete(key);
    void pool.destroy();
  }
}

function connector(options: buildConnector.BuildOptions, maxResponseBytes: number): buildConnector.connector {
  const connect = buildConnector(options);
  return (place, callback) =>
    connect(place, (...[error, socket]) => {
      if (error) callback(error, null);
      else callback(null, answerSocket(socket, maxResponseBytes));
    });
}

/** The list is judged here, the address behind a name at every connection; an address in the URL is judged here as well. */
function judge(platformId: string, allow: AllowList, notifyURL: string, isOwn: boolean): Target | undefined {
  let destination: Destination;
  try {
    destination = parseNotifyUrl(notifyURL);
  } catch {
    return undefined; // kept before the rules were what they are
  }
  if (!isOwn && !isListed(allow, destination)) return undefined;
  const { origin, pathname, search } = new URL(notifyURL);
  return { key: `${platformId} ${origin}${isOwn ? ' own' : ''}`, origin, path: pathname + search, destination, isOwn };
}
