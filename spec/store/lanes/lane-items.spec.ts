import { expect } from 'chai';
import {
  addItem,
  depthOf,
  dropHead,
  dropItem,
  headItem,
  headItems,
  itemsBefore,
  type ItemRow,
} from '../../../lib/store/lanes/lane-items.js';
import type { LaneItem } from '../../../lib/store/lanes/lanes.js';

const item = (seq: number): LaneItem => ({
  ...{ seq, lane: 'l', id: `i${seq}`, enqueuedAtMs: 0, attempts: 0, kept: undefined },
});

describe('the items of a lane', () => {
  it('stand in their order, whatever is taken from head and middle, and keep no room for what is gone', () => {
    const row: ItemRow = { items: [], head: 0 };
    let expected: LaneItem[] = [];
    for (let seq = 0; seq < 3000; seq += 2) {
      addItem(row, item(seq));
      expected.push(row.items.at(-1)!);
    }
    for (let round = 0; depthOf(row) > 0; round++) {
      const [taken, from] = [round % 7, Math.min(round % 11, expected.length - 1)];
      const one = expected[from]!;
      expect(itemsBefore(row, one)).to.equal(from);
      dropItem(row, one);
      dropItem(row, one);
      expected = expected.filter((other) => other !== one);
      dropHead(row, Math.min(taken, expected.length));
      expected = expected.slice(taken);
      expect(depthOf(row)).to.equal(expected.length);
      expect(headItem(row)).to.equal(expected[0]);
      expect(headItems(row, 3)).to.deep.equal(expected.slice(0, 3));
      expect(row.items.length, 'room').to.be.at.most(2 * expected.length + 64);
    }
  });

  it('are not looked for where they are not', () => {
    const row: ItemRow = { items: [item(1), item(3)], head: 0 };
    dropItem(row, item(2));
    dropItem(row, item(3));
    dropItem(row, item(4));
    expect(depthOf(row)).to.equal(2);
  });
});
