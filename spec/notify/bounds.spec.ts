import { expect } from 'chai';
import fc from 'fast-check';
import { createAdmission, type Gate } from '../../lib/notify/pace/admission.js';
import { createAside } from '../../lib/notify/delivery/aside.js';
import { createCircuits } from '../../lib/notify/pace/circuits.js';
import { createLaneRoom } from '../../lib/notify/delivery/lane-room.js';
import { createSlowBots } from '../../lib/notify/pace/slow-bots.js';
import type { Claim } from '../../lib/store/store.js';
import { FakeClock } from '../support/fake-clock.js';

const gatesOf = (bot: string): Gate[] => [
  { key: 'total', max: 64 },
  { key: `bot ${bot}`, max: 32 },
];

describe('places for callbacks [IWF-1707]', () => {
  it('are half of what is there for one alone', () => {
    const admission = createAdmission();
    let entered = 0;
    while (admission.enter(gatesOf('a'))) entered++;
    expect(entered).to.equal(32);
  });

  it('are left for one more, however many take what they can', () => {
    const admission = createAdmission();
    for (let bot = 0; bot < 50; bot++) while (admission.enter(gatesOf(`hangs ${bot}`)));
    expect(admission.enter(gatesOf('new'))).to.be.true;
  });

  it('are never more than twice as many as there should be', () => {
    const admission = createAdmission();
    let entered = 0;
    for (let bot = 0; bot < 1_000; bot++) while (admission.enter(gatesOf(`hangs ${bot}`))) entered++;
    expect(entered).to.equal(128);
  });

  it('are free again when they are left', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c', '-')), (steps) => {
        const admission = createAdmission();
        const inside: Gate[][] = [];
        for (const step of steps) {
          const gates = step === '-' ? inside.pop() : gatesOf(step);
          if (!gates) continue;
          if (step === '-') admission.leave(gates);
          else if (admission.enter(gates)) inside.push(gates);
        }
        for (const gates of inside) admission.leave(gates);
        let entered = 0;
        while (admission.enter(gatesOf('a'))) entered++;
        expect(entered).to.equal(32);
      }),
    );
  });
});

describe('room for lanes that wait [IWF-1707]', () => {
  it('is bounded per group and in all, and always leaves some [notify.maxLanes] [notify.maxWaitingPerBot]', () => {
    const room = createLaneRoom<number>(100, 30);
    const fill = (group: string): number => {
      let added = 0;
      while (room.add(group, added)) added++;
      return added;
    };
    expect(fill('a')).to.equal(30);
    for (let group = 0; group < 50; group++) fill(`slow ${group}`);
    expect(room.add('new', 0)).to.be.true;
    for (let group = 0; group < 500; group++) fill(`more ${group}`);
    expect(room.size).to.equal(200);
  });

  it('gives the first of the same group, else of one that may start', () => {
    const room = createLaneRoom<string>(100, 30);
    for (const lane of ['a1', 'a2', 'b1', 'c1']) room.add(lane.charAt(0), lane);
    expect(room.next('a', () => true)).to.equal('a1');
    expect(room.next('x', (lane) => lane.startsWith('c'))).to.equal('c1');
    expect(room.next('a', () => false)).to.be.undefined;
    expect(room.clear()).to.deep.equal(['a2', 'b1']);
    expect([room.size, room.count('a')]).to.deep.equal([0, 0]);
  });
});

describe('circuit of a notifyURL', () => {
  const url = 'p http://x/';

  it('opens after so many failures in a row, and lets one try through at each interval', () => {
    const circuits = createCircuits({ failures: 3, probeMs: 5_000 });
    expect([1, 2, 3, 4].map(() => circuits.failed(url, 'l', 0))).to.deep.equal([false, false, true, false]);
    expect(circuits.waitMs(url, 0)).to.equal(5_000);
    expect(circuits.waitMs(url, 5_000)).to.equal(0);
    circuits.begins(url, 5_000);
    expect(circuits.waitMs(url, 5_000)).to.equal(5_000);
    expect(circuits.waitMs('p http://y/', 0)).to.equal(0);
  });

  it('counts failures in a row only', () => {
    const circuits = createCircuits({ failures: 2, probeMs: 5_000 });
    circuits.failed(url, 'a', 0);
    expect(circuits.answered(url)).to.be.undefined;
    expect(circuits.failed(url, 'a', 0)).to.be.false;
    expect(circuits.openCount).to.equal(0);
  });

  it('names the lanes that failed when it closes', () => {
    const circuits = createCircuits({ failures: 2, probeMs: 5_000 });
    for (const lane of ['a', 'b', 'a', 'c']) circuits.failed(url, lane, 0);
    expect([circuits.candidate(url), circuits.openCount]).to.deep.equal(['a', 1]);
    expect(circuits.answered(url)).to.deep.equal(['b', 'c']);
    expect([circuits.isOpen(url), circuits.waitMs(url, 0), circuits.size, circuits.openCount]).to.deep.equal([
      false,
      0,
      0,
      0,
    ]);
  });

  it('is bounded in number and in lanes', () => {
    const circuits = createCircuits({ failures: 2, probeMs: 5_000 });
    for (let index = 0; index < 10_100; index++) circuits.failed(`u${index}`, 'l', 0);
    expect(circuits.size).to.equal(10_000);
    for (let index = 0; index < 10_100; index++) circuits.failed(url, `l${index}`, 0);
    expect(circuits.answered(url)).to.have.length(10_000);
  });
});

describe('bots that are too fast for their platform', () => {
  it('pause until the time asked for, and halve what they do at once', () => {
    const bots = createSlowBots(64);
    bots.slow('a', 2_000, 0);
    expect([bots.waitMs('a', 500), bots.waitMs('a', 2_000), bots.waitMs('b', 0)]).to.deep.equal([1_500, 0, 0]);
    expect([bots.maxParallel('a'), bots.maxParallel('b')]).to.deep.equal([32, 64]);
  });

  it('take answers that come together for one sign', () => {
    const bots = createSlowBots(64);
    for (let ms = 0; ms < 60; ms++) bots.slow('a', 2_000 + ms, ms);
    expect([bots.maxParallel('a'), bots.waitMs('a', 0)]).to.deep.equal([32, 2_059]);
    for (let round = 1; round < 20; round++) bots.slow('a', round * 10_000 + 1, round * 10_000);
    expect(bots.maxParallel('a')).to.equal(1);
  });

  it('do more again with each that is taken', () => {
    const bots = createSlowBots(4);
    bots.slow('a', 1, 0);
    bots.slow('a', 3, 2);
    expect(bots.maxParallel('a')).to.equal(1);
    bots.taken('a');
    expect(bots.maxParallel('a')).to.equal(2);
    for (let count = 0; count < 10; count++) bots.taken('a');
    expect(bots.maxParallel('a')).to.equal(4);
  });
});

describe('bots that are slow no more', () => {
  it('are forgotten an hour after their pause, though nothing is sent to them', () => {
    const bots = createSlowBots(64);
    for (let n = 0; n < 100; n++) bots.slow(`gone ${n}`, 1_000, 0);
    bots.slow('kept', 3_600_000, 0);
    bots.slow('a', 3_602_000, 3_601_000);
    expect(bots.size).to.equal(2);
    expect([bots.maxParallel('kept'), bots.maxParallel('gone 1')]).to.deep.equal([32, 64]);
  });
});

describe('lanes set aside', () => {
  const claim = (lane: string): Claim => ({ queue: 'notify', lane, token: lane, items: [] });

  it('keep their lease for the time given, and are recalled oldest first', () => {
    const clock = new FakeClock();
    const leases: [string, number][] = [];
    const store = { renew: ({ lane }: Claim, ms: number) => (leases.push([lane, ms]), Promise.resolve(true)) };
    const aside = createAside({ store, clock, onError: () => undefined });
    for (const lane of ['1', '2', '3']) aside.put('k', claim(lane), 30_000);
    expect(aside.recall('k', 2)).to.be.true;
    expect(aside.recall('other', 2)).to.be.false;
    expect(leases.slice(3)).to.deep.equal([
      ['1', 1],
      ['2', 1],
    ]);
  });

  it('are forgotten when their lease has ended', async () => {
    const clock = new FakeClock();
    const aside = createAside({ store: { renew: () => Promise.resolve(true) }, clock, onError: () => undefined });
    aside.put('k', claim('1'), 100);
    await clock.advance(100);
    expect(aside.recall('k', 1)).to.be.false;
  });

  it('leave nothing of a key that nobody asks for any more, nor of one whose lanes are all recalled', async () => {
    const clock = new FakeClock();
    const aside = createAside({ store: { renew: () => Promise.resolve(true) }, clock, onError: () => undefined });
    aside.put('recalled', claim('1'), 100_000);
    expect(aside.recall('recalled', 1)).to.be.true;
    expect(aside.size).to.equal(0);
    for (let n = 0; n < 100; n++) aside.put(`gone ${n}`, claim(`${n}`), 30_000);
    aside.put('kept', claim('kept'), 100_000);
    await clock.advance(60_000);
    aside.put('new', claim('new'), 30_000);
    expect(aside.size).to.equal(2);
    expect([aside.recall('kept', 1), aside.recall('new', 1)]).to.deep.equal([true, true]);
  });

  it('are so many and no more, and those whose lease has ended make room', async () => {
    const clock = new FakeClock();
    const aside = createAside({ store: { renew: () => Promise.resolve(true) }, clock, onError: () => undefined });
    for (let n = 0; n < 50_000; n++) aside.put('many', claim(`${n}`), 30_000);
    aside.put('beyond', claim('beyond'), 30_000);
    expect(aside.recall('beyond', 1)).to.be.false;
    await clock.advance(60_000);
    aside.put('later', claim('later'), 30_000);
    expect(aside.recall('later', 1)).to.be.true;
    expect(aside.recall('many', 1)).to.be.false;
  });
});
