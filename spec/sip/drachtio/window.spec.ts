import { expect } from 'chai';
import { SendWindow } from '../../../lib/sip/drachtio/window.js';

describe('drachtio send window', () => {
  function scene(maxBytes: number | undefined, maxBytesBesideLong?: number) {
    const window = new SendWindow({ maxBytes, maxBytesBesideLong });
    const written: string[] = [];
    const leave: Record<string, () => void> = {};
    const enter = (name: string, bytes: number) => {
      window.enter(bytes, (left) => {
        written.push(name);
        leave[name] = left;
      });
    };
    return { window, written, enter, leave: (name: string) => leave[name]?.() };
  }

  it('lets everything pass without a limit', () => {
    const { written, enter } = scene(undefined);
    for (let n = 0; n < 100; n++) enter(String(n), 1_000_000);
    expect(written).to.have.length(100);
  });

  it('holds back what exceeds the limit, in order, until echoes make room [sip.drachtio.maxInFlightBytes]', () => {
    const { written, enter, leave } = scene(100);
    enter('a', 60);
    enter('b', 40);
    enter('c', 50);
    enter('d', 1);
    expect(written).to.deep.equal(['a', 'b']);
    leave('b');
    expect(written).to.deep.equal(['a', 'b']);
    leave('b');
    leave('a');
    expect(written).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('lets one frame above the limit pass alone', () => {
    const { written, enter, leave } = scene(100);
    enter('big', 500);
    enter('small', 1);
    expect(written).to.deep.equal(['big']);
    leave('big');
    expect(written).to.deep.equal(['big', 'small']);
  });

  it('lets less through beside a long one, before and after it', () => {
    const { written, enter, leave } = scene(32_768, 12_000);
    for (const name of ['a', 'b', 'c', 'd']) enter(name, 4_000);
    enter('long', 4_001);
    expect(written).to.deep.equal(['a', 'b', 'c', 'd']);
    for (const name of ['a', 'b', 'c']) leave(name);
    enter('e', 3_999);
    enter('f', 1);
    expect(written.slice(4)).to.deep.equal(['long', 'e']);
    leave('long');
    expect(written.slice(6)).to.deep.equal(['f']);
    enter('g', 4_000);
    enter('h', 4_000);
    expect(written.slice(7)).to.deep.equal(['g', 'h']);
  });

  it('starts anew with a new connection', () => {
    const { window, written, enter, leave } = scene(100);
    enter('a', 100);
    enter('dropped', 100);
    window.reset();
    enter('b', 100);
    leave('a');
    enter('c', 1);
    expect(written).to.deep.equal(['a', 'b']);
    leave('b');
    expect(written).to.deep.equal(['a', 'b', 'c']);
  });
});
