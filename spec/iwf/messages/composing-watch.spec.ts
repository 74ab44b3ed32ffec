import { expect } from 'chai';
import { ComposingWatch } from '../../../lib/iwf/messages/composing-watch.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentMetrics } from '../../support/silent.js';

describe('a user who is typing', () => {
  let clock: FakeClock;
  let watch: ComposingWatch;
  let idle: string[];

  beforeEach(() => {
    clock = new FakeClock();
    idle = [];
    watch = new ComposingWatch({ clock, metrics: silentMetrics, timeoutMs: 120_000, maxWatched: 2 });
  });

  const type = (user: string, refresh?: number): void =>
    watch.heard(user, { state: 'active', ...(refresh === undefined ? {} : { refresh }) }, () => idle.push(user));

  it('is idle once the default time has passed [IWF-305]', async () => {
    type('a');
    await clock.advance(119_999);
    expect(idle).to.deep.equal([]);
    await clock.advance(1);
    expect(idle).to.deep.equal(['a']);
    await clock.advance(1_000_000);
    expect(idle).to.deep.equal(['a']);
  });

  it('is idle after the refresh that he names, up to an hour [IWF-306]', async () => {
    type('a', 60);
    type('b', 86_400);
    await clock.advance(60_000);
    expect(idle).to.deep.equal(['a']);
    await clock.advance(3_540_000);
    expect(idle).to.deep.equal(['a', 'b']);
  });

  it('goes on while he repeats it [IWF-306]', async () => {
    type('a', 60);
    await clock.advance(59_000);
    type('a', 60);
    await clock.advance(59_000);
    expect(idle).to.deep.equal([]);
    await clock.advance(1000);
    expect(idle).to.deep.equal(['a']);
  });

  it('needs no word where he says so himself, or sends his message [IWF-311]', async () => {
    type('a');
    type('b');
    watch.heard('a', { state: 'idle' }, () => idle.push('a'));
    watch.ended('b');
    await clock.advance(1_000_000);
    expect(idle).to.deep.equal([]);
  });

  it('is not watched beyond the limit, nor after the end', async () => {
    type('a');
    type('b');
    type('c');
    await clock.advance(120_000);
    expect(idle).to.deep.equal(['a', 'b']);
    type('d');
    watch.close();
    await clock.advance(120_000);
    expect(idle).to.deep.equal(['a', 'b']);
  });
});
