import { expect } from 'chai';
import { UnreadBudget, type Taker } from '../../lib/msrp/unread-budget.js';

interface ScriptedTaker extends Taker {
  unreadBytes: number;
  unreadSinceMs: number | undefined;
  isCut: boolean;
}

describe('what is written and not taken, on all connections', () => {
  const budget = new UnreadBudget(100);

  function taker(): ScriptedTaker {
    const one: ScriptedTaker = {
      ...{ unreadBytes: 0, unreadSinceMs: undefined, isCut: false },
      cut() {
        one.isCut = true;
      },
    };
    return one;
  }
  function holds(one: ScriptedTaker, bytes: number, sinceMs?: number): void {
    one.unreadBytes = bytes;
    one.unreadSinceMs = bytes === 0 ? undefined : sinceMs;
    budget.note(one);
  }

  it('is bounded: who has let his oldest octets wait longest goes, whatever he holds; who has taken all stays', () => {
    const [idle, slow, large, late] = [taker(), taker(), taker(), taker()];
    holds(idle, 60, 1);
    holds(idle, 0);
    holds(slow, 10, 5);
    holds(large, 90, 7);
    expect(
      [idle, slow, large].map(({ isCut }) => isCut),
      'up to the bound',
    ).to.deep.equal([false, false, false]);
    holds(late, 1, 9);
    expect([idle, slow, large, late].map(({ isCut }) => isCut)).to.deep.equal([false, true, false, false]);
    // What the one who went held is room again.
    holds(late, 10, 9);
    expect([idle, large, late].map(({ isCut }) => isCut)).to.deep.equal([false, false, false]);
    holds(late, 11, 9);
    expect([idle, large, late].map(({ isCut }) => isCut)).to.deep.equal([false, true, false]);
  });

  it('is no reason to cut anybody while it shrinks', () => {
    const fresh = new UnreadBudget(10);
    const one = { ...taker(), unreadBytes: 10, unreadSinceMs: 1 };
    fresh.note(one);
    one.unreadBytes = 9;
    fresh.note(one);
    expect(one.isCut).to.equal(false);
  });
});
