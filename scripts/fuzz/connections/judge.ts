/** What a gateway must never be seen in, whatever its peers do. */

export type FaultKind =
  | 'it has ended'
  | 'a bug in its log'
  | 'wrong answer'
  | 'too slow'
  | 'honest client refused'
  | 'something is left'
  | 'memory grows';

export interface Fault {
  readonly kind: FaultKind;
  readonly text: string;
}

/** What is seen of the gateway after some scripts. */
export interface Look {
  readonly runs: boolean;
  /** New lines of its log. */
  readonly lines: readonly string[];
  /** The longest that its event loop was held. */
  readonly heldMs: number;
  /** What an honest client was refused meanwhile. */
  readonly refused: string | undefined;
}

/** What is seen when nobody is connected any more and all times have run out. */
export interface Rest {
  readonly gauges: ReadonlyMap<string, number>;
  /** Alive after a collection of garbage. */
  readonly heldBytes: number;
}

/** What one input may hold the event loop for. */
export const maxHeldMs = 50;
/** What a run may leave in memory once caches are warm. */
export const maxGrowthBytes = 16 * 1024 * 1024;

export function faultsOf({ runs, lines, heldMs, refused }: Look): readonly Fault[] {
  if (!runs) return [{ kind: 'it has ended', text: lines.at(-1) ?? 'without a word' }];
  const bugs = lines.filter((line, at) => isBug(line) && !(isUnlogged(line) && isUnlogged(lines[at - 1])));
  return [
    ...bugs.map((text): Fault => ({ kind: 'a bug in its log', text: text.slice(0, 600) })),
    ...(heldMs > maxHeldMs ? [{ kind: 'too slow', text: `held for ${Math.round(heldMs)} ms` } as const] : []),
    ...(refused === undefined ? [] : [{ kind: 'honest client refused', text: refused } as const]),
  ];
}

/** An error is ours. */
function isBug(line: string): boolean {
  return isUnlogged(line) || (JSON.parse(line) as { level?: unknown }).level === 'error';
}

/** Written past the log, by Node or a library: of such lines in a row the first stands for all. */
function isUnlogged(line = '{'): boolean {
  return !line.startsWith('{');
}

/** What there is for each peer, as /metrics names it. */
const ours =
  /^iwf_(msrp_sessions|msrp_connections|sip_transactions|sip_finished|sip_dialogs|sip_connections|queue_depth)(\{|$)/;
const sockets = 'nodejs_active_resources{type="TCPSocketWrap"}';

/** Gauges above what they were; before the first peer ours are 0, and of sockets the gateway has some for itself. */
export function leftOver(before: Rest | undefined, { gauges }: Pick<Rest, 'gauges'>): readonly Fault[] {
  return [...gauges].flatMap(([name, value]): readonly Fault[] => {
    const was = before?.gauges.get(name) ?? 0;
    const counts = ours.test(name) || (before !== undefined && name === sockets);
    return counts && value > was ? [{ kind: 'something is left', text: `${name}: ${was} → ${value}` }] : [];
  });
}

/** The first third of the readings warms the caches. */
export function growthOf(rests: readonly Rest[]): number {
  const warm = rests[Math.ceil(rests.length / 3)];
  return warm === undefined || rests.length < 3 ? 0 : (rests.at(-1)?.heldBytes ?? 0) - warm.heldBytes;
}

export function growth(rests: readonly Rest[]): readonly Fault[] {
  const bytes = growthOf(rests);
  return bytes > maxGrowthBytes ? [{ kind: 'memory grows', text: `${Math.round(bytes / 1024)} KiB are left` }] : [];
}
