/** Brings about the faults of a plan, each at its time, and brings a gateway that has ended back to life, as a supervisor does. */
import type { Phone } from './phone.js';
import type { Fault, SoakPlan } from './plan.js';
import type { World } from './world.js';

export interface InjectorOptions {
  readonly plan: SoakPlan;
  readonly world: World;
  readonly phones: readonly Phone[];
}

/** For so long after a trouble of the store or of a subscription, order is the phone's own affair (see phone.ts). */
const unsureMs = 1500;

export class Injector {
  /** What happened, by kind. */
  readonly counts: Record<string, number> = {};
  /** What should not have happened. */
  readonly faults: string[] = [];
  private readonly options: InjectorOptions;
  private readonly timers = new Set<NodeJS.Timeout>();
  private process: Promise<void> = Promise.resolve();
  private expectedEnd = false;
  private unsureUntilMs = 0;

  constructor(options: InjectorOptions) {
    this.options = options;
  }

  get unsure(): boolean {
    return performance.now() < this.unsureUntilMs;
  }

  start(): void {
    for (const fault of this.options.plan.faults) this.after(fault.atMs, () => this.strike(fault));
    this.watch();
  }

  /** All faults are over, and the gateway runs. */
  async end(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    await this.process;
  }

  private after(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, ms);
    this.timers.add(timer);
  }

  private strike(fault: Fault): void {
    const name = fault.kind === 'callbacks' ? `callbacks ${fault.mood}` : fault.kind;
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    const { world, phones } = this.options;
    switch (fault.kind) {
      case 'kill':
      case 'restart':
        this.replace(fault.kind);
        return;
      case 'disk full':
        this.fillDisk(fault.lastsMs);
        return;
      case 'clock':
        world.stepClock(fault.stepMs);
        return;
      case 'callbacks':
        if (fault.mood === '410') this.doubt(fault.lastsMs);
        void world.platform.feel(fault.bot, fault.mood);
        this.after(fault.lastsMs, () => void world.platform.feel(fault.bot, 'well'));
        return;
      case 'reset':
        if (fault.side === 'handsets') world.handsets.reset();
        else for (const phone of phones) phone.breakOff?.();
    }
  }

  private replace(how: 'kill' | 'restart'): void {
    const { gateway } = this.options.world;
    this.process = this.process.then(async () => {
      this.expectedEnd = true;
      if (how === 'kill') await gateway.kill();
      else await gateway.stop();
      await gateway.start();
      this.expectedEnd = false;
    });
  }

  private fillDisk(lastsMs: number): void {
    const { disk, gateway } = this.options.world;
    this.process = this.process.then(async () => {
      this.doubt(lastsMs);
      disk.fill(gateway.pid);
      await new Promise((resolve) => setTimeout(resolve, lastsMs));
      disk.free(gateway.pid);
    });
  }

  private doubt(lastsMs: number): void {
    this.unsureUntilMs = Math.max(this.unsureUntilMs, performance.now() + lastsMs + unsureMs);
  }

  private watch(): void {
    const { gateway } = this.options.world;
    this.after(200, () => {
      if (!gateway.runs && !this.expectedEnd) {
        this.faults.push('the gateway ended by itself');
        this.replace('restart');
      }
      this.watch();
    });
  }
}
