import { expect } from 'chai';
import { createFairShare, levelOf } from '../../../lib/gateway/load/fair-share.js';

describe('a fair share', () => {
  it('is a level that none may exceed, and that uses all there is', () => {
    expect(levelOf([1, 2, 97], 0.5)).to.equal(47);
    expect(levelOf([50, 50], 0.5)).to.equal(25);
    expect(levelOf([], 0.5)).to.equal(0);
  });

  it('refuses who floods, and nobody else', () => {
    const fair = createFairShare();
    const taken = { quiet: 0, loud: 0 };
    for (let look = 0; look < 50; look++) {
      for (let n = 0; n < 100; n++) if (fair.take('loud')) taken.loud++;
      for (let n = 0; n < 2; n++) if (fair.take('quiet')) taken.quiet++;
      fair.set(0.3);
    }
    expect(taken.quiet).to.equal(100);
    expect(taken.loud).to.be.within(1300, 1700);
  });

  it('takes all of all when there is room', () => {
    const fair = createFairShare();
    fair.set(0.1);
    fair.set(1);
    expect(Array.from({ length: 100 }, () => fair.take('any')).every(Boolean)).to.equal(true);
  });
});
