import { expect } from 'chai';
import { bot, chatMessage, countingMetrics, silent, status, tellOf, until } from './harness.js';
import { Scene } from './scene.js';

describe('delivery after an outage, or a step of the clock', () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  it('gives up what is late while the circuit is open, and spends no probe on it', async () => {
    const dead: string[] = [];
    const metrics = countingMetrics();
    await scene.begin({
      metrics,
      onDead: ({ reason }) => (dead.push(reason), undefined),
      options: { validityMs: 60_000, leaseMs: 3_000, breaker: { failures: 3, probeMs: 20_000 } },
    });
    await scene.subscribe();
    scene.platform.answer = status(503);
    await scene.toUsers(12);
    await scene.platform.received(3);
    await until(() => metrics.counts.get('notify_circuits open') === 1);
    await scene.resting();
    // All wait for a probe, and the platform stays dead: their end is told in time all the same.
    await scene.clock.advance(59_000);
    const tries = scene.platform.calls.length;
    await scene.toUsers(12, 'new');
    await scene.clock.advance(5_000);
    await until(() => dead.length === 12);
    expect(scene.platform.calls.length - tries).to.be.at.most(1);
    // The next probe finds it well, and all that is not late goes at once.
    scene.platform.answer = status(204);
    await scene.clock.advance(20_000);
    await scene.drained();
    expect(scene.platform.calls.filter(({ text }) => text === 'new')).to.have.length.at.least(12);
  });

  it('is told in the log when it begins and when it is over, by platform and origin', async () => {
    const told: unknown[] = [];
    const note = (event: string, fields?: object) => void told.push([event, fields]);
    const breaker = { failures: 3, probeMs: 5_000 };
    await scene.begin({ log: { ...silent, info: note, warn: note }, options: { breaker } });
    await scene.subscribe('a', '/secret');
    told.length = 0;
    scene.platform.answer = status(503);
    await scene.toUsers(3);
    await until(() => scene.notify.health.openCircuits === 1);
    await scene.resting();
    scene.platform.answer = status(204);
    await scene.clock.advance(6_000);
    await until(() => scene.notify.health.openCircuits === 0);
    // Those that were set aside come back by the end of their lease, a millisecond later.
    await scene.clock.advance(1);
    await scene.drained();
    const whose = { platform: 'p', origin: new URL(scene.platform.url).origin };
    expect(told).to.deep.equal([
      ['callback circuit opened', whose],
      ['callback circuit closed', { ...whose, lanes: 3 }],
    ]);
  });

  it('goes on trying when the clock is put back, with an open circuit and with a bot that pauses', async () => {
    await scene.begin({ options: { breaker: { failures: 3, probeMs: 5_000 }, leaseMs: 3_000 } });
    await scene.subscribe('a', '/dead');
    await scene.subscribe('b');
    scene.platform.answer = (call, response) =>
      (call.path.endsWith('/dead') ? status(503) : status(429, { 'retry-after': '60' }))(call, response);
    await scene.toUsers(3);
    await tellOf(scene.notify, scene.store, chatMessage('b', { bot: bot('b').uri }));
    await scene.platform.received(4);
    await scene.resting();
    scene.clock.step(-3_600_000);
    scene.platform.answer = status(204);
    await scene.clock.advance(60_000);
    await scene.drained();
  });
});
