import { expect } from 'chai';
import { createFairTurns } from '../../../lib/gateway/load/fair-turns.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns of one thread', () => {
  let nowMs = 0;
  const ofThread = (): ReturnType<typeof createFairTurns> => createFairTurns(() => nowMs);

  /** Longer than the slice of a turn. */
  function work(): void {
    nowMs += 1.5;
  }

  it('come at once where there is no crowd, in the next turn of the event loop too', async () => {
    const turns = ofThread();
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
    const turns = ofThread();
    const begun = crowd(turns, Array<string>(30).fill('flood'));
    let looks = 0;
    for (; begun.length < 30; looks++) await turn();
    expect(looks).to.be.at.least(25);
    expect(turns.waiting).to.equal(0);
  });

  it('go round: one of each that waits, whoever has more', async () => {
    const turns = ofThread();
    const begun = crowd(turns, [...Array<string>(30).fill('flood'), ...Array<string>(30).fill('second')]);
    while (begun.length < 60) await turn();
    // The first of each was begun at once.
    expect(begun.slice(0, 8)).to.deep.equal([
      'flood',
      'second',
      'flood',
      'second',
      'flood',
      'second',
      'flood',
      'second',
    ]);
  });

  it('come at once to who has begun nothing in this one, and to eight of them at most', async () => {
    const turns = ofThread();
    crowd(turns, Array<string>(30).fill('flood'));
    const late = Array.from({ length: 9 }, (_none, n) => `late ${n}`);
    expect(late.map((name) => turns.wait(name) === undefined)).to.deep.equal([...Array<boolean>(8).fill(true), false]);
    expect(turns.wait('late 0'), 'a second time').to.be.a('promise');
    while (turns.waiting > 0) await turn();
  });

  it('count what was begun in them and will take time later', async () => {
    const turns = ofThread();
    expect(turns.wait('flood', 0.7)).to.equal(undefined);
    expect(turns.wait('flood', 0.7)).to.equal(undefined);
    let begun = 0;
    for (let n = 0; n < 6; n++) void turns.wait('flood', 0.7)?.then(() => begun++);
    expect(turns.waiting).to.equal(6);
    await turn();
    await turn();
    expect(begun, 'two in each turn').to.equal(4);
    while (turns.waiting > 0) await turn();
  });

  it('tell how long one that comes now would wait', async () => {
    const turns = ofThread();
    crowd(turns, ['flood', 'flood', 'flood']);
    expect(turns.waitMs('flood')).to.equal(0);
    nowMs += 40;
    expect([turns.waitMs('flood'), turns.waitMs('other')]).to.deep.equal([40, 0]);
    while (turns.waiting > 0) await turn();
    expect(turns.waitMs('flood')).to.equal(0);
  });

  it('leave nobody waiting', async () => {
    const turns = ofThread();
    const names = Array.from({ length: 200 }, (_none, n) => `source ${n % 17}`);
    const begun = crowd(turns, names);
    while (begun.length < names.length) await turn();
    expect([...begun].sort()).to.deep.equal([...names].sort());
    await turn();
    expect(turns.wait('after')).to.equal(undefined);
  });
});
