import { expect } from 'chai';
import { pausesPassed } from '../../../lib/gateway/load/load.js';

describe('what counts as late', () => {
  const limits = { loopDelayMs: 50, answerDelayMs: 250 };
  let steady: ReturnType<typeof pausesPassed>;
  let isOver: boolean;
  beforeEach(() => {
    isOver = false;
    steady = pausesPassed(limits, () => isOver);
  });

  /** Of each look the delay of the loop that counts. */
  function counted(...delays: readonly number[]): readonly number[] {
    const rest = { storeDelayMs: 0, answerDelayMs: 0, queueDepth: 0 };
    return delays.map((loopDelayMs) => steady({ ...rest, loopDelayMs }).loopDelayMs);
  }

  const settled = (): void => void counted(...Array.from({ length: 10 }, () => 0));

  it('is nothing in the second after the start, when all is done for the first time', () => {
    expect(counted(...Array.from({ length: 12 }, () => 200))).to.deep.equal([
      ...Array.from({ length: 10 }, () => 50),
      200,
      200,
    ]);
  });

  it('is not one pause, however long', () => {
    settled();
    expect(counted(400, 0, 0, 80, 10, 10, 51)).to.deep.equal([50, 0, 0, 50, 10, 10, 50]);
  });

  it('is what lasts, or comes again at once', () => {
    settled();
    expect(counted(60, 70, 80)).to.deep.equal([50, 70, 80]);
    settled();
    expect(counted(60, 40, 80, 40, 90)).to.deep.equal([50, 40, 80, 40, 90]);
  });

  it('is each of them while there is overload: what was let in for one more look would wait the longer', () => {
    settled();
    isOver = true;
    expect(counted(60, 0, 0, 80)).to.deep.equal([60, 0, 0, 80]);
  });

  it('holds for answers that are late as for the loop; the store and the queues count at once', () => {
    settled();
    const late = { loopDelayMs: 0, storeDelayMs: 5000, answerDelayMs: 900, queueDepth: 7 };
    expect(steady(late)).to.deep.equal({ ...late, answerDelayMs: 250 });
    expect(steady(late)).to.deep.equal(late);
  });
});
