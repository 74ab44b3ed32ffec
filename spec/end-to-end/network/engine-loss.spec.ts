/** The connection to a drachtio server is lost with calls open, and comes back. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { cpim, RawPhone } from '../raw-phone.js';
import { contact, startWorld, type World } from '../world.js';
import { pause } from '../../support/ask-again.js';

interface Ready {
  readonly checks: readonly { readonly name: string; readonly state: string }[];
}

describe('a SIP engine that is lost with calls open, and comes back [IWF-1725]', () => {
  let world: World;
  const phones: RawPhone[] = [];

  afterEach(async () => {
    for (const phone of phones.splice(0)) phone.close();
    await world.stop();
  });

  async function phoneOf(): Promise<RawPhone> {
    const phone = await RawPhone.of(world);
    phones.push(phone);
    return phone;
  }

  async function until(state: 'ok' | 'failed'): Promise<void> {
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${world.gateway.ports.admin}/readyz`);
      const { checks } = (await response.json()) as Ready;
      if (checks.find(({ name }) => name === 'sip')?.state === state) return;
      await pause();
    }
  }

  it('ends the calls, keeps what is sent meanwhile, and goes on by itself', async () => {
    const backoff = { baseMs: 50, factor: 1, maxMs: 50, jitter: 0 };
    world = await startWorld({ engine: 'drachtio', config: { chat: { backoff } } });
    const { phone, platform } = world;
    await platform.send(contact, { text: 'before' });
    await phone.until(() => phone.inbox.length === 1);
    const chat = await (await phoneOf()).chat();
    expect(await chat.say(cpim('before', { id: randomUUID() }))).to.equal(200);

    const bringBack = await world.loseEngine();
    await until('failed');
    // Its calls are over, and their MSRP sessions with them.
    expect(await chat.say(cpim('too late', { id: randomUUID() }))).to.equal(481);
    const sent = await platform.send(contact, { text: 'meanwhile' });
    expect(sent.status).to.equal(201);

    await bringBack();
    await until('ok');
    await phone.until(() => phone.inbox.length === 2);
    expect(phone.inbox.map(({ text }) => text)).to.deep.equal(['before', 'meanwhile']);
    const again = await (await phoneOf()).chat();
    expect(await again.say(cpim('after', { id: 'after-the-loss' }))).to.equal(200);
    await platform.waitFor(({ body }) => body['messageId'] === 'after-the-loss');
  });
});
