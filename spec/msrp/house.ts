/** An endpoint for a spec: real sockets on a free port, a clock that stands still, everything it counts and says. */
import { randomBytes } from 'node:crypto';
import type { ClosedReason, InboundMessage, MsrpEndpoint, MsrpSession, SessionDelegate } from '../../lib/msrp/api.js';
import { createMsrpEndpoint } from '../../lib/msrp/endpoint.js';
import { defaultMsrpOptions, type MsrpDeps, type MsrpOptions } from '../../lib/msrp/options.js';
import { FakeClock } from '../support/fake-clock.js';
import { Peer } from './peer.js';

/** What the application was told, and what it answers. */
export class Application implements SessionDelegate {
  readonly messages: InboundMessage[] = [];
  bound = 0;
  verdict: (message: InboundMessage) => ReturnType<SessionDelegate['onMessage']> = () => Promise.resolve(undefined);
  readonly closed: Promise<ClosedReason>;
  closedReason: ClosedReason | undefined;
  private tellClosed: (reason: ClosedReason) => void = () => undefined;
  private waiting: (() => void)[] = [];

  constructor() {
    this.closed = new Promise((resolve) => (this.tellClosed = resolve));
  }

  onMessage(message: InboundMessage): ReturnType<SessionDelegate['onMessage']> {
    this.messages.push(message);
    this.wake();
    return this.verdict(message);
  }

  onClosed(reason: ClosedReason): void {
    this.closedReason = reason;
    this.tellClosed(reason);
  }

  onBound(): void {
    this.bound++;
    this.wake();
  }

  /** Until the application has been told enough. */
  async until(enough: () => boolean): Promise<void> {
    while (!enough()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private wake(): void {
    for (const resume of this.waiting.splice(0)) resume();
  }
}

export class House {
  readonly clock = new FakeClock();
  readonly counts = new Map<string, number>();
  readonly endpoint: MsrpEndpoint;
  private readonly peers: Peer[] = [];

  constructor(options: Partial<MsrpOptions> = {}, deps: Partial<MsrpDeps> = {}) {
    const quiet = (): void => undefined;
    this.endpoint = createMsrpEndpoint(
      { ...defaultMsrpOptions, port: 0, ...options },
      {
        clock: this.clock,
        metrics: {
          count: (name, labels = {}) => this.count([name, ...Object.values(labels)].join(' ')),
          observe: quiet,
        },
        log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
        randomId: () => randomBytes(16).toString('hex'),
        ...deps,
      },
    );
  }

  static async open(options: Partial<MsrpOptions> = {}, deps: Partial<MsrpDeps> = {}): Promise<House> {
    const house = new House(options, deps);
    await house.endpoint.start();
    return house;
  }

  session(acceptTypes = ['message/cpim']): { session: MsrpSession; app: Application } {
    const app = new Application();
    return { app, session: this.endpoint.createSession({ acceptTypes, delegate: app }) };
  }

  async peer(): Promise<Peer> {
    const peer = await Peer.connect(this.endpoint.port);
    this.peers.push(peer);
    return peer;
  }

  async close(): Promise<void> {
    for (const peer of this.peers) peer.destroy();
    await this.endpoint.close();
  }

  private count(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}
