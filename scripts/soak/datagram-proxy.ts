/** A network between two ends that loses, doubles and reorders datagrams, as often as it is told and as its seed decides. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { freePort } from '../../spec/support/free-port.js';
import type { Chance } from './chance.js';

export interface DatagramProxyOptions {
  /** Where datagrams go that come to the proxy's own port. */
  readonly targetPort: number;
  readonly chance: Chance;
  /** Of each of the three. */
  readonly probability: number;
}

/** A reordered datagram comes so much later. */
const lateMs = { min: 5, max: 60 };

export class DatagramProxy {
  readonly counts = { passed: 0, lost: 0, doubled: 0, late: 0 };
  private readonly options: DatagramProxyOptions;
  private readonly front = createSocket('udp4');
  /** One socket towards the target for each client, so that answers find their way. */
  private readonly backs = new Map<number, Socket>();
  private closed = false;

  constructor(options: DatagramProxyOptions) {
    this.options = options;
    this.front.on('message', (bytes, from) => this.onward(bytes, from));
  }

  /**
   * On a port that nobody else gets, for TCP neither: what is too large for a datagram is tried there first (RFC 3261 §18.1.1),
   * and another program that happened to listen would answer in the place of the phone.
   */
  async start(): Promise<void> {
    const port = await freePort();
    await new Promise<void>((resolve) => this.front.bind(port, '127.0.0.1', resolve));
  }

  get port(): number {
    return this.front.address().port;
  }

  close(): void {
    this.closed = true;
    for (const back of this.backs.values()) back.close();
    this.front.close();
  }

  private onward(bytes: Buffer, { port }: RemoteInfo): void {
    const back = this.backs.get(port) ?? this.open(port);
    this.carry(() => back.send(bytes, this.options.targetPort, '127.0.0.1'));
  }

  private open(clientPort: number): Socket {
    const back = createSocket('udp4');
    back.on('message', (bytes) => this.carry(() => this.front.send(bytes, clientPort, '127.0.0.1')));
    // Nobody listens while the gateway is down: that datagram is lost, too.
    back.on('error', () => undefined);
    this.backs.set(clientPort, back);
    return back;
  }

  private carry(send: () => void): void {
    const { chance, probability } = this.options;
    if (chance.happens(probability)) {
      this.counts.lost++;
      return;
    }
    this.counts.passed++;
    const isLate = chance.happens(probability);
    if (isLate) this.later(send);
    else send();
    if (chance.happens(probability)) {
      this.counts.doubled++;
      this.later(send);
    }
  }

  private later(send: () => void): void {
    const { chance } = this.options;
    this.counts.late++;
    setTimeout(
      () => {
        if (!this.closed) send();
      },
      chance.between(lateMs.min, lateMs.max),
    );
  }
}
