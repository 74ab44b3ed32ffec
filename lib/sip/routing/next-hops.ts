/** Whether each next hop answers: asked by OPTIONS (RFC 3261 §11), and learnt from what it answers to traffic. */
import type { Clock, Timer } from '../../clock.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import type { SipResponse } from '../agent.js';

export interface NextHopsOptions {
  readonly hops: readonly string[];
  /** Asks a hop; aborted when it takes too long. */
  readonly probe: (hop: string, signal: AbortSignal) => Promise<SipResponse>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Between two questions; 0: none is asked. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface HopState {
  readonly hop: string;
  readonly up: boolean;
}

interface Hop {
  readonly name: string;
  up: boolean;
  /** RFC 3261 §21.5.4: nothing is sent there until its Retry-After is over. */
  avoidUntilMs: number;
  timer: Timer | undefined;
  probing: AbortController | undefined;
}

/** One that is down is asked this often, and one that nobody asks is spared this long. */
const downMs = 5_000;
const maxRetryAfterMs = 300_000;

/**
 *   up ──no answer, refused, 503──→ down ──any other answer──→ up
 */
export class NextHops {
  private readonly options: NextHopsOptions;
  private readonly hops: ReadonlyMap<string, Hop>;
  private closed = false;

  constructor(options: NextHopsOptions) {
    this.options = options;
    this.hops = new Map(
      options.hops.map((name): [string, Hop] => [
        name,
        { name, up: true, avoidUntilMs: 0, timer: undefined, probing: undefined },
      ]),
    );
  }

  /** Asks every hop now, and from now on. */
  start(): void {
    if (this.options.intervalMs > 0) for (const hop of this.hops.values()) this.ask(hop);
  }

  close(): void {
    this.closed = true;
    for (const hop of this.hops.values()) {
      hop.timer?.close();
      hop.probing?.abort();
    }
  }

  /** Those that answer in the order given; behind them, as a last resort, the others. */
  order(names: readonly string[]): readonly string[] {
    const usable = names.filter((name) => this.usable(name));
    return usable.length === names.length ? names : [...usable, ...names.filter((name) => !usable.includes(name))];
  }

  states(): readonly HopState[] {
    return [...this.hops.values()].map(({ name, up }) => ({ hop: name, up }));
  }

  /** What a request has learnt of its hop. */
  note(name: string, response: SipResponse): void {
    const hop = this.hops.get(name);
    if (!hop) return;
    if (!hopFailed(response)) {
      this.enter(hop, true, response.status);
      return;
    }
    this.avoid(hop, response);
    // A 503 of the hop's own may be meant for one request: it is asked before it counts as down.
    if (nobodySent(response)) this.enter(hop, false, response.status);
    else if (this.options.intervalMs > 0) this.ask(hop);
  }

  private usable(name: string): boolean {
    const hop = this.hops.get(name);
    if (hop === undefined) return true;
    const restMs = hop.avoidUntilMs - this.options.clock.now();
    // More than it can have been: the clock was put back.
    return hop.up && (restMs <= 0 || restMs > maxRetryAfterMs);
  }

  private avoid(hop: Hop, { headers }: SipResponse): void {
    const seconds = /^\s*(\d{1,9})/.exec(headers.get('Retry-After') ?? '')?.[1];
    const { clock, intervalMs } = this.options;
    const waitMs = seconds === undefined ? (intervalMs > 0 ? 0 : downMs) : Number(seconds) * 1000;
    hop.avoidUntilMs = clock.now() + Math.min(waitMs, maxRetryAfterMs);
  }

  private ask(hop: Hop): void {
    if (this.closed || hop.probing) return;
    hop.timer?.close();
    const probing = new AbortController();
    hop.probing = probing;
    const limit = this.options.clock.after(this.options.timeoutMs, () => probing.abort());
    this.options
      .probe(hop.name, probing.signal)
      .then(
        (response) => this.enter(hop, !hopFailed(response), response.status),
        // The agent is closed.
        () => undefined,
      )
      .finally(() => {
        limit.close();
        hop.probing = undefined;
        this.askLater(hop);
      })
      .catch((error: unknown) => this.options.log.error('next hop not asked', { error }));
  }

  private askLater(hop: Hop): void {
    if (this.closed) return;
    const { clock, intervalMs } = this.options;
    hop.timer?.close();
    hop.timer = clock.after(hop.up ? intervalMs : Math.min(intervalMs, downMs), () => this.ask(hop));
  }

  private enter(hop: Hop, up: boolean, status: number): void {
    // Nobody would find out that it is there again.
    if (!up && this.options.intervalMs === 0) return;
    if (hop.up === up) return;
    hop.up = up;
    if (up) hop.avoidUntilMs = 0;
    const { log, metrics } = this.options;
    metrics.count('sip_next_hop_changes_total', { state: up ? 'up' : 'down' });
    if (up) log.info('next hop up', { nextHop: hop.name, status });
    else log.warn('next hop down', { nextHop: hop.name, status });
    if (!hop.probing) this.askLater(hop);
  }
}

/**
 * Whether the answer speaks of the hop: 503 (RFC 3261 §21.5.4), or the 408 of timers B and F. A 408 from beyond the hop
 * is about the user.
 */
export function hopFailed(response: SipResponse): boolean {
  return response.status === 503 || (response.status === 408 && nobodySent(response));
}

/** Made up where nothing came, or nothing could be sent: it holds nothing but what every response copies. */
function nobodySent({ headers }: SipResponse): boolean {
  return headers.lines.every(([name]) => copied.has(name.toLowerCase()));
}

const copied: ReadonlySet<string> = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'content-length']);
