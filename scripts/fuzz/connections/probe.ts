/** Loaded into the gateway's process, with --expose-gc: answers over IPC what cannot be seen from without. */
import { isMainThread } from 'node:worker_threads';

export type Asked = 'held' | 'memory';

export interface ProbeAnswer {
  readonly asked: Asked;
  /** `held`: the longest time that the event loop was held, in ms, since last asked; `memory`: octets alive after collections. */
  readonly value: number;
}

const tickMs = 4;
const collections = 4;

/** Processor time, for a loop that stands still because other programs have the processor is held by nobody. */
class Holding {
  private slowestMs = 0;
  private wallMs = performance.now();
  private cpu = process.cpuUsage();

  /** The longest since last asked. */
  take(): number {
    const ms = this.slowestMs;
    this.slowestMs = 0;
    return ms;
  }

  tick(): void {
    const { user, system } = process.cpuUsage(this.cpu);
    const wallMs = performance.now() - this.wallMs - tickMs;
    this.slowestMs = Math.max(this.slowestMs, Math.min(wallMs, (user + system) / 1000));
    this.restart();
  }

  /** What ran until now is not the peers' doing. */
  restart(): void {
    this.wallMs = performance.now();
    this.cpu = process.cpuUsage();
  }
}

if (isMainThread && process.send) {
  const holding = new Holding();
  setInterval(() => holding.tick(), tickMs).unref();
  const heldBytes = (): number => {
    for (let time = 0; time < collections; time++) globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    holding.restart();
    return heapUsed + external;
  };
  process.on('message', (asked: Asked) => {
    process.send?.({ asked, value: asked === 'held' ? holding.take() : heldBytes() } satisfies ProbeAnswer);
  });
  // A gateway whose supervisor is gone ends as it would without.
  process.channel?.unref();
}
