import { expect } from 'chai';
import type { WireMessage } from '../../lib/sip-engine/message/message.js';
import type { Dns } from '../../lib/sip-engine/transport/resolve.js';
import { FailingAddresses } from '../../lib/sip-engine/transport/failing-addresses.js';
import { FakeClock } from '../support/fake-clock.js';
import { responseText, type ScriptedPath } from './transaction/scripted-transport.js';
import { send, stage, type Asked, type Stage } from './stage.js';

const HOSTS = ['192.0.2.21', '192.0.2.22'] as const;

interface Name extends Stage {
  readonly first: ScriptedPath;
  readonly second: ScriptedPath;
  ask(method?: string): Promise<Asked>;
  /** Hosts that were asked since the last call. */
  asked(): string[];
}

/** A name of two addresses. */
async function named(): Promise<Name> {
  const dns: Dns = { addresses: () => Promise.resolve(HOSTS), srv: () => Promise.reject(new Error('ENOTFOUND')) };
  const on = await stage({ dns });
  const [first, second] = [on.net.to(HOSTS[0]), on.net.to(HOSTS[1])];
  const ask = (method = 'OPTIONS'): Promise<Asked> => send(on, { method, uri: 'sip:hop.example.net:5060' });
  const asked = (): string[] => on.net.opened.splice(0).map((text) => text.slice(4, -5));
  return { ...on, first, second, ask, asked };
}

/** The first has refused a message: it as it left to the second. */
async function refused(on: Name): Promise<WireMessage> {
  await on.ask('MESSAGE');
  on.first.fail();
  await on.clock.advance(0);
  return on.net.take().at(-1)!;
}

describe('Several addresses of one name (RFC 3263 §4.3)', () => {
  it('one that is silent for 4 s is tried last by others; the MESSAGE itself is waited for, and is not sent twice', async () => {
    const on = await named();
    const { statuses } = await on.ask('MESSAGE');
    await on.clock.advance(3_999);
    await on.ask('MESSAGE');
    expect(on.asked()).to.deep.equal([HOSTS[0], HOSTS[0]]);
    await on.clock.advance(1);
    await on.ask('MESSAGE');
    expect(on.asked()).to.deep.equal([HOSTS[1]]);
    await on.clock.advance(28_000);
    expect(on.asked()).to.deep.equal([]);
    expect(statuses).to.deep.equal([408]);
  });

  it('an OPTIONS goes from one that is silent to the next, which harms nobody', async () => {
    const on = await named();
    const { statuses } = await on.ask('OPTIONS');
    await on.clock.advance(4_000);
    expect(on.asked()).to.deep.equal([...HOSTS]);
    on.net.receive(responseText(on.net.take().at(-1)!, 200));
    expect(statuses).to.deep.equal([200]);
    await on.clock.advance(32_000);
    expect(on.engine.inHand.transactions).to.equal(0);
  });

  it('an OPTIONS whose next address cannot be reached goes on to be waited for', async () => {
    const on = await named();
    on.net.unreachable.add(HOSTS[1]);
    const { statuses } = await on.ask('OPTIONS');
    await on.clock.advance(5_000);
    on.net.receive(responseText(on.net.take().at(-1)!, 200));
    expect(statuses).to.deep.equal([200]);
  });

  it('one that is slow with one request, and answers another meanwhile, is not silent', async () => {
    const on = await named();
    for (const waitMs of [4_000, 28_000]) {
      await on.ask('MESSAGE');
      await on.ask('MESSAGE');
      const [slow, other] = on.net.take();
      expect(slow?.header('Via')).not.to.equal(other?.header('Via'));
      on.net.receive(responseText(other!, 200));
      await on.clock.advance(waitMs);
      on.net.take();
    }
    expect(new Set(on.asked())).to.deep.equal(new Set([HOSTS[0]]));
  });

  it('one that has failed is tried after 30 s by one OPTIONS alone, and by all once that is answered', async () => {
    const on = await named();
    on.net.receive(responseText(await refused(on), 200));
    on.asked();
    await on.clock.advance(30_000);
    for (const [method, host] of [
      ['MESSAGE', HOSTS[1]],
      ['OPTIONS', HOSTS[0]],
      ['OPTIONS', HOSTS[1]],
      ['MESSAGE', HOSTS[1]],
    ] as const) {
      await on.ask(method);
      expect(on.asked(), method).to.deep.equal([host]);
    }
    const probe = on.net.take().find((message) => message.method === 'OPTIONS');
    on.net.receive(responseText(probe!, 200));
    await on.ask('MESSAGE');
    expect(on.asked()).to.deep.equal([HOSTS[0]]);
  });

  it('where no OPTIONS is sent, one message tries it after a minute', async () => {
    const on = await named();
    on.net.receive(responseText(await refused(on), 200));
    on.asked();
    for (const host of [HOSTS[1], HOSTS[0], HOSTS[1]]) {
      if (host === HOSTS[0]) await on.clock.advance(60_000);
      await on.ask('MESSAGE');
      expect(on.asked()).to.deep.equal([host]);
      on.net.take();
    }
  });

  it('one that says 503 is tried last, one that says anything else is not', async () => {
    const on = await named();
    for (const [status, host] of [
      [480, HOSTS[0]],
      [503, HOSTS[0]],
      [503, HOSTS[1]],
      [200, HOSTS[0]],
      [200, HOSTS[0]],
    ] as const) {
      await on.ask();
      expect(on.asked(), `before the ${status}`).to.deep.equal([host]);
      on.net.receive(responseText(on.net.take().at(-1)!, status));
      await on.clock.advance(1);
    }
  });

  for (const method of ['INVITE', 'MESSAGE']) {
    it(`one that refuses: the ${method} goes to the next at once, with a new branch`, async () => {
      const on = await named();
      const { statuses, transaction } = await on.ask(method);
      const [before] = on.net.take();
      on.first.fail();
      await on.clock.advance(0);
      expect(on.asked()).to.deep.equal([...HOSTS]);
      const [after] = on.net.take();
      for (const name of ['From', 'To', 'Call-ID', 'CSeq']) expect(after?.header(name)).to.equal(before?.header(name));
      expect(after?.header('Via')).not.to.equal(before?.header('Via'));
      if (method === 'INVITE') {
        on.net.receive(responseText(after!, 180));
        transaction.cancel();
        expect(on.net.take()[0]?.header('Via')).to.equal(after?.header('Via'));
      }
      on.net.receive(responseText(after!, 487));
      expect(statuses.at(-1)).to.equal(487);
      await on.clock.advance(32_000);
      expect(on.engine.inHand.transactions).to.equal(0);
    });
  }

  it('all that refuse: 503, once', async () => {
    const on = await named();
    const { statuses } = await on.ask();
    on.first.fail();
    await on.clock.advance(0);
    on.second.fail();
    await on.clock.advance(0);
    expect(on.asked()).to.deep.equal([...HOSTS]);
    expect(statuses).to.deep.equal([503]);
    expect(on.engine.inHand.transactions).to.equal(0);
  });

  it('one that refuses after a 1xx: 503', async () => {
    const on = await named();
    const { statuses } = await on.ask('INVITE');
    on.net.receive(responseText(on.net.take()[0]!, 100));
    on.first.fail();
    await on.clock.advance(0);
    expect(statuses).to.deep.equal([100, 503]);
    expect(on.asked()).to.deep.equal([HOSTS[0]]);
  });

  it('that are remembered are bounded in number and time', () => {
    const clock = new FakeClock();
    const failing = new FailingAddresses(clock);
    const address = (at: number) => ({ protocol: 'udp', host: `host${at}`, port: 5060 }) as const;
    for (let at = 0; at <= 1000; at++) failing.failed(address(at));
    const order = [address(1), address(0)];
    expect(failing.last(order, true), 'the oldest is forgotten').to.deep.equal([address(0), address(1)]);
    clock.step(-3_600_000);
    expect(failing.last(order, true), 'the clock was put back').to.deep.equal(order);
  });
});
