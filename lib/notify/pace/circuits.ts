/**
 * A circuit breaker per notifyURL, so that a dead callback server costs one try now and then and not one per lane.
 *
 *             failures in a row
 *   closed ──────────────────────▶ open ──┐ one try each probeMs
 *     ▲                              │ ◀──┘ fails
 *     └──────────────────────────────┘
 *                  one succeeds: the lanes that wait are due at once
 */

export interface CircuitOptions {
  readonly failures: number;
  readonly probeMs: number;
}

export interface Circuits {
  /** Milliseconds until a try is allowed; 0: now. */
  waitMs(url: string, nowMs: number): number;
  /** A try begins; of an open circuit it is the probe, and the next one has its time. */
  begins(url: string, nowMs: number): void;
  /** A try failed, and `lane` waits. True: that opened the circuit. */
  failed(url: string, lane: string, nowMs: number): boolean;
  /** A try was answered. If that closed an open circuit: the lanes that wait for it. */
  answered(url: string): readonly string[] | undefined;
  /** A lane whose try can be the next probe; undefined: none waits. */
  candidate(url: string): string | undefined;
  isOpen(url: string): boolean;
  readonly size: number;
  /** How many are open. */
  readonly openCount: number;
}

interface Circuit {
  failures: number;
  nextProbeMs: number;
  readonly lanes: Set<string>;
}

/** Lanes remembered of one circuit; those beyond come back by their own backoff. */
const maxLanes = 10_000;
/** Circuits with failures; beyond, the oldest is taken for closed. */
const maxCircuits = 10_000;

export function createCircuits({ failures: threshold, probeMs }: CircuitOptions): Circuits {
  const circuits = new Map<string, Circuit>();
  const open = (circuit: Circuit | undefined): circuit is Circuit => (circuit?.failures ?? 0) >= threshold;
  const begin = (url: string): Circuit => {
    const [oldest] = circuits.keys();
    if (circuits.size >= maxCircuits && oldest !== undefined) circuits.delete(oldest);
    const circuit = { failures: 0, nextProbeMs: 0, lanes: new Set<string>() };
    circuits.set(url, circuit);
    return circuit;
  };
  return {
    waitMs(url, nowMs) {
      const circuit = circuits.get(url);
      const waitMs = open(circuit) ? Math.max(0, circuit.nextProbeMs - nowMs) : 0;
      return waitMs > probeMs ? 0 : waitMs; // the clock was put back
    },
    begins(url, nowMs) {
      const circuit = circuits.get(url);
      if (open(circuit)) circuit.nextProbeMs = nowMs + probeMs;
    },
    failed(url, lane, nowMs) {
      const circuit = circuits.get(url) ?? begin(url);
      if (circuit.lanes.size < maxLanes) circuit.lanes.add(lane);
      if (++circuit.failures !== threshold) return false;
      circuit.nextProbeMs = nowMs + probeMs;
      return true;
    },
    answered(url) {
      const circuit = circuits.get(url);
      circuits.delete(url);
      return open(circuit) ? [...circuit.lanes] : undefined;
    },
    candidate(url) {
      const circuit = circuits.get(url);
      const [lane] = circuit?.lanes ?? [];
      if (lane !== undefined) circuit?.lanes.delete(lane);
      return lane;
    },
    isOpen: (url) => open(circuits.get(url)),
    get size() {
      return circuits.size;
    },
    get openCount() {
      let count = 0;
      for (const circuit of circuits.values()) if (open(circuit)) count++;
      return count;
    },
  };
}
