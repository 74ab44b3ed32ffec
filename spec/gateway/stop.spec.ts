import { expect } from 'chai';
import { type StopStep, stopInTime } from '../../lib/gateway/stop.js';
import { silentLog } from '../support/silent.js';

describe('stopping part by part', () => {
  const run: string[] = [];
  const warned: unknown[][] = [];
  const log = { ...silentLog, warn: (...line: unknown[]) => void warned.push(line) };
  const step = (name: string, until: number, work: () => Promise<unknown> = () => Promise.resolve()): StopStep => ({
    name,
    until,
    run: () => {
      run.push(name);
      return work();
    },
  });

  beforeEach(() => {
    run.length = 0;
    warned.length = 0;
  });

  it('goes on as soon as each part has ended', async () => {
    await stopInTime([step('one', 0.5), step('two', 1)], 3_600_000, log);
    expect(run).to.deep.equal(['one', 'two']);
    expect(warned).to.deep.equal([]);
  });

  it('waits for none beyond its share, and names it; each is stopped all the same', async () => {
    const hangs = (): Promise<unknown> => new Promise(() => undefined);
    await stopInTime([step('hangs', 0.2, hangs), step('works', 0.5), step('hangs, too', 1, hangs)], 100, log);
    expect(run).to.deep.equal(['hangs', 'works', 'hangs, too']);
    expect(warned).to.deep.equal([
      ['not stopped in time', { part: 'hangs' }],
      ['not stopped in time', { part: 'hangs, too' }],
    ]);
  });

  it('goes on where a part fails, and says why', async () => {
    const failure = new Error('the store is closed');
    await stopInTime([step('fails', 0.5, () => Promise.reject(failure)), step('works', 1)], 3_600_000, log);
    expect(run).to.deep.equal(['fails', 'works']);
    expect(warned).to.deep.equal([['not stopped', { part: 'fails', problem: 'the store is closed' }]]);
  });
});
