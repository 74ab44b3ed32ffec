/** Warnings that a peer brings about: a flood of them is no flood of lines. */
import { expect } from 'chai';
import type { Fields } from '../../lib/log.js';
import { seldomLog, type SeldomLog } from '../../lib/log/seldom-log.js';
import { FakeClock } from '../support/fake-clock.js';

describe('warnings that come as often as a peer likes [IWF-1726]', () => {
  let clock: FakeClock;
  let lines: [event: string, fields: Fields | undefined][];
  let log: SeldomLog;
  beforeEach(() => {
    clock = new FakeClock();
    lines = [];
    const keep = (event: string, fields?: Fields): void => void lines.push([event, fields]);
    log = seldomLog({ debug: keep, info: keep, warn: keep, error: keep }, clock, new Set(['garbage']));
  });
  afterEach(() => log.close());
  const garbage = (times: number, address = '192.0.2.1'): void => {
    for (let at = 0; at < times; at++) log.warn('garbage', { peer: `${address}:${at + 1}`, place: at });
  };

  it('are ten lines of their own in a minute, and then one with how often and by whom most often', async () => {
    garbage(1_000);
    garbage(500, '192.0.2.2');
    expect(lines.slice(0, 10)).to.deep.equal(
      Array.from({ length: 10 }, (_, at) => ['garbage', { peer: `192.0.2.1:${at + 1}`, place: at }]),
    );
    expect(lines.slice(10)).to.deep.equal([['garbage', { times: 1, who: '192.0.2.1' }]]);
    await clock.advance(60_000);
    expect(lines.slice(11)).to.deep.equal([['garbage', { times: 1_489, who: '192.0.2.1', whoTimes: 989 }]]);
    await clock.advance(120_000);
    garbage(1);
    expect(lines.slice(12)).to.deep.equal([['garbage', { peer: '192.0.2.1:1', place: 0 }]]);
  });

  it('are told to the end, of a peer that has no name as well', () => {
    for (let at = 0; at < 12; at++) log.warn('garbage');
    log.close();
    expect(lines.slice(10)).to.deep.equal([
      ['garbage', { times: 1 }],
      ['garbage', { times: 1 }],
    ]);
  });

  it('are no others, and of no other level', () => {
    for (let at = 0; at < 20; at++) {
      log.warn('other', { at });
      log.error('garbage', { at });
      log.info('garbage', { at });
      log.debug('garbage', { at });
    }
    expect(lines).to.have.length(80);
  });
});
