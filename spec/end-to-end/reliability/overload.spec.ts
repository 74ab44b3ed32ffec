import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { describeOnEachEngine } from '../each-engine.js';
import { cpim, RawPhone } from '../raw-phone.js';
import { bot, contact, key, startWorld, type World } from '../world.js';
import { pause } from '../../support/ask-again.js';

interface Check {
  readonly name: string;
  readonly state: string;
  readonly detail?: string;
}

/** So long the process does nothing else, again and again. */
const burstMs = 60;

describeOnEachEngine('a gateway with more to do than it can', (engine) => {
  let world: World;
  let phone: RawPhone;
  let busy: NodeJS.Immediate | undefined;

  beforeEach(async () => {
    world = await startWorld({ engine, config: { overload: { loopDelayMs: 30, leastShare: 0, retryAfterS: 7 } } });
    phone = await RawPhone.of(world);
  });

  afterEach(async () => {
    clearImmediate(busy);
    phone.close();
    await world.stop();
  });

  /** Real work on the gateway's own event loop. */
  function burden(): void {
    const endMs = performance.now() + burstMs;
    while (performance.now() < endMs);
    busy = setImmediate(burden);
  }

  async function load(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${world.gateway.ports.admin}/readyz`);
    const { checks } = (await response.json()) as { checks: readonly Check[] };
    const { state, detail = '' } = checks.find(({ name }) => name === 'load') ?? { state: 'missing' };
    return `${response.status} ${state} ${detail}`;
  }

  async function until(state: string): Promise<void> {
    while (!(await load()).startsWith(state)) await pause();
  }

  it('refuses new calls and messages with Retry-After, spares what is under way, and takes all again afterwards [IWF-1721]', async () => {
    await until('200 ok');
    const chat = await phone.chat();
    burden();
    await until('200 degraded overloaded: 0 %');
    const answer = await post(world);
    expect([answer.status, answer.headers.get('retry-after')]).to.deep.equal([503, '7']);
    const refused = await phone.invite({ callId: randomUUID() });
    expect([refused.status, refused.header('Retry-After')]).to.deep.equal([503, '7']);
    const message = await phone.ask('MESSAGE', { type: 'message/cpim', body: cpim('x').toString() });
    expect([message.status, message.header('Retry-After')]).to.deep.equal([503, '7']);
    // In the chat that is up nothing is refused.
    expect(await chat.say(cpim('in the midst of it', { id: randomUUID() }))).to.equal(200);
    clearImmediate(busy);
    while ((await post(world)).status !== 201) await until('200 ok');
    await world.platform.waitFor(({ body }) => JSON.stringify(body).includes('in the midst of it'));
  }).timeout(30_000);
});

describe('a gateway whose queue holds too much', () => {
  let world: World;
  afterEach(() => world.stop());

  it('refuses new messages until it holds less, and drops none that it took', async () => {
    const backoff = { baseMs: 20, factor: 1, maxMs: 20, jitter: 0 };
    // On a machine that has others to run nothing else is to be late.
    const unhurried = { loopDelayMs: 60_000, storeDelayMs: 60_000, answerDelayMs: 60_000 };
    const overload = { ...unhurried, queueDepth: 3, leastShare: 0, retryAfterS: 7 };
    world = await startWorld({ config: { chat: { backoff }, overload } });
    const { phone, platform } = world;
    phone.refuseWith = 480;
    let taken = 0;
    for (;;) {
      const answer = await post(world);
      if (answer.status === 503) {
        expect(answer.headers.get('retry-after')).to.equal('7');
        break;
      }
      expect(answer.status).to.equal(201);
      taken++;
    }
    expect(taken).to.be.above(3);
    phone.refuseWith = undefined;
    await phone.until(() => phone.inbox.length === taken);
    while ((await post(world)).status !== 201) await new Promise((resolve) => setImmediate(resolve));
    await phone.until(() => phone.inbox.length === taken + 1);
    expect(platform.callbacks.filter(({ body }) => body['status'] === 'Failed')).to.deep.equal([]);
  }).timeout(30_000);
});

function post({ serverRoot }: World): Promise<Response> {
  return fetch(
    `${serverRoot}/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodeURIComponent(contact)}/adhoc/messages`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ chatMessage: { text: 'x' } }),
    },
  );
}
