import { expect } from 'chai';
import { createFairTurns } from '../../lib/gateway/fair-turns.js';

/** Longer than the slice of a turn. */
function work(): void {
  const endMs = performance.now() + 1.5;
  while (performance.now() < endMs);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns of one thread', () => {
  it('come at once where there is no crowd, in the next turn of the event loop too', async () => {
    const turns = createFairTurns();
    expect(turns.wait('a')).to.equal(undefined);
    work();
    await turn();
    expect(turns.wait('a')).to.equal(undefined);
    expect(turns.waiting).to.equal(0);
  });

  /** Each works as soon as it may; the names of those that have. */
  function crowd(turns: ReturnType<typeof createFairTurns>, names: readonly string[]): readonly string[] {
    const begun: string[] = [];
    const one = async (name: string): Promise<void> => {
      const wait = turns.wait(name);
      if (wait) await wait;
      begun.push(name);
      work();
    };
    for (const name of names) void one(name);
    return begun;
  }

  it('are bounded in what they begin: what comes in is looked at in between', async () => {
    const turns = createFairTurns();
    const begun = crowd(turns, Array<string>(30).fill('flood'));
    let looks = 0;
    for (; begun.length < 30; looks++) await turn();
    expect(looks).to.be.at.least(25);
    expect(turns.waiting).to.equal(0);
  });

  it('go round: who comes late with one thing waits for one of each other, not for all of theirs', async () => {
    const turns = createFairTurns();
    const begun = crowd(turns, [...Array<string>(30).fill('flood'), ...Array<string>(30).fill('second'), 'late']);
    while (begun.length < 61) await turn();
    // The first of all was begun at once.
    expect(begun.slice(0, 6)).to.deep.equal(['flood', 'flood', 'second', 'late', 'flood', 'second']);
  });

  it('leave nobody waiting', async () => {
    const turns = createFairTurns();
    const names = Array.from({ length: 200 }, (_none, n) => `source ${n % 17}`);
    const begun = crowd(turns, names);
    while (begun.length < names.length) await turn();
    expect([...begun].sort()).to.deep.equal([...names].sort());
    await turn();
    expect(turns.wait('after')).to.equal(undefined);
  });
});
