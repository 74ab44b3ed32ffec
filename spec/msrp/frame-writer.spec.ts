/** A peer that reads little by little, with a clock that stands still. */
import { expect } from 'chai';
import { Socket } from 'node:net';
import { FrameWriter } from '../../lib/msrp/frame-writer.js';
import { UnreadBudget } from '../../lib/msrp/unread-budget.js';
import { FakeClock } from '../support/fake-clock.js';
import { peerPath, send } from './peer.js';

/** Of a peer that reads when it is told to: one write each time, and then all the rest at once, as Node writes it. */
class SlowSocket extends Socket {
  readonly waiting: (() => void)[] = [];

  override _write(_bytes: unknown, _encoding: BufferEncoding, taken: () => void): void {
    this.waiting.push(taken);
  }

  override _writev(_chunks: readonly unknown[], taken: () => void): void {
    this.waiting.push(taken);
  }
}

describe('the watch over a peer that does not read', () => {
  const clock = new FakeClock();
  const cuts: string[] = [];
  const socket = new SlowSocket();
  const writer = new FrameWriter({
    socket,
    limits: { maxBufferedBytes: 1_000_000, unreadTimeoutMs: 1000 },
    clock,
    unread: new UnreadBudget(1_000_000),
    onCut: (reason) => cuts.push(reason),
  });

  it('leaves him alone as long as he takes something each time, and not when he takes nothing', async () => {
    const body = 'x'.repeat(100_000);
    for (let n = 0; n < 2; n++) {
      writer.add(send({ to: peerPath, body }));
      writer.flush();
    }
    await clock.advance(600);
    socket.waiting.shift()?.();
    await clock.advance(400);
    expect(cuts).to.deep.equal([]);
    await clock.advance(1000);
    expect(cuts).to.deep.equal(['unread']);
  });
});
