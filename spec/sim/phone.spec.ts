/** The simulated phone when things go wrong: refusals, chats that end under it, a gateway that goes and comes back. */
import { expect } from 'chai';
import { join } from 'node:path';
import { loadConfig } from '../../lib/config.js';
import { startGateway } from '../../lib/gateway.js';
import { type PhoneHttp, startPhoneHttp } from '../../lib/sim/phone-http.js';
import { bot, contact, startWorld, type World } from '../end-to-end/world.js';
import { silentLog } from '../support/silent.js';

async function rejection(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no rejection',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

describe('the simulated phone', () => {
  let world: World;

  before(async () => {
    world = await startWorld({ receipts: ['delivered', 'displayed'] });
  });
  after(() => world.stop());

  /** Resolves once the bot's callback server has it. */
  const told = (messageId: string) => world.platform.waitFor(({ body }) => body['messageId'] === messageId);

  it('takes what waited for it once it writes itself', async () => {
    const { phone, platform } = world;
    phone.refuseWith = 480;
    await platform.send(contact, { text: 'while away' });
    await phone.until(() => phone.refused > 0);
    phone.refuseWith = undefined;
    await told(await phone.send(bot, 'back'));
    await phone.until(() => phone.inbox.some(({ text }) => text === 'while away'));
  });

  it('opens one chat for messages sent at once', async () => {
    const { phone } = world;
    await phone.hangUp(bot);
    const ids = await Promise.all(['one', 'two', 'three'].map((text) => phone.send(bot, text)));
    for (const id of ids) await told(id);
    expect(phone.inSession(bot)).to.equal(true);
  });

  it('hangs up, and a new chat is opened from either side', async () => {
    const { phone, platform } = world;
    await phone.send(bot, 'first chat');
    await phone.hangUp(bot);
    expect(phone.inSession(bot)).to.equal(false);
    await told(await phone.send(bot, 'second chat'));
    await phone.hangUp(bot);
    await platform.send(contact, { text: 'third chat' });
    await phone.until(() => phone.inbox.some(({ text }) => text === 'third chat'));
    expect(phone.inSession(bot)).to.equal(true);
  });

  it('counts itself settled once the gateway has its receipts', async () => {
    const { phone, platform } = world;
    const { body } = await platform.send(contact, { text: 'seen?', reportRequest: ['Displayed'] });
    const { resourceURL } = (body as { resourceReference: { resourceURL: string } }).resourceReference;
    await phone.until(() => phone.inbox.some(({ text }) => text === 'seen?') && phone.settled);
    const status = await platform.request('GET', `${resourceURL}/status`);
    expect(status.body).to.have.nested.property('messageStatusReport.status', 'Displayed');
  });

  describe('over HTTP', () => {
    let http: PhoneHttp;

    before(async () => {
      const { phone } = world;
      http = await startPhoneHttp({ phone, others: { abroad: phone }, bot, host: '127.0.0.1', port: 0 });
    });
    after(() => http.close());

    const ask = async (path: string, body?: string): Promise<{ status: number; json: Record<string, unknown> }> => {
      const init = body === undefined ? {} : { method: 'POST', body };
      const response = await fetch(`http://127.0.0.1:${http.port}${path}`, init);
      return { status: response.status, json: (await response.json()) as Record<string, unknown> };
    };

    it('writes to the bot in a chat and by pager, and shows its inbox', async () => {
      for (const path of ['/send', '/pager']) {
        const { status, json } = await ask(path, '{"text":"von der Wiese"}');
        expect(status).to.equal(200);
        await told(String(json['messageId']));
      }
      expect(JSON.stringify((await ask('/inbox')).json)).to.include('"receiptsSent":["displayed"]');
      expect((await ask('/receipts')).json).to.have.property('receipts');
    });

    it('types, hangs up and refuses', async () => {
      expect((await ask('/composing', '{}')).json).to.deep.equal({ state: 'active' });
      expect((await ask('/hangup', '')).json).to.deep.equal({ inSession: false });
      expect((await ask('/refuse', '{"status":486}')).json).to.deep.equal({ refuseWith: 486 });
      expect((await ask('/refuse', '{}')).json).to.deep.equal({ refuseWith: 'nothing' });
      expect(world.phone.refuseWith).to.equal(undefined);
    });

    it('is cut off, so that messages wait, and comes back at its port', async () => {
      const { phone, platform } = world;
      const { port } = phone;
      expect((await ask('/network', '{"up":false}')).json).to.deep.equal({ up: false });
      await platform.send(contact, { text: 'while cut off' });
      expect((await ask('/network', '{"up":true}')).json).to.deep.equal({ up: true });
      expect(phone.port).to.equal(port);
      await phone.until(() => phone.inbox.some(({ text }) => text === 'while cut off'));
    });

    it('lists what it does, and holds further phones', async () => {
      const { json } = await ask('/');
      expect(json['paths']).to.include('POST /hide').and.to.include('GET /inbox');
      expect(json['otherPhones']).to.deep.equal(['/abroad']);
      expect((await ask('/abroad/hide', '{"hidden":true}')).json).to.deep.equal({ hidden: true });
      expect((await ask('/abroad/hide', '{"hidden":false}')).json).to.deep.equal({ hidden: false });
      expect((await ask('/elsewhere/inbox')).status).to.equal(404);
    });

    const wrong: readonly [path: string, body: string | undefined, status: number][] = [
      ['/send', 'no JSON', 400],
      ['/send', '[]', 400],
      ['/send', '{}', 400],
      ['/send', '{"text":42}', 400],
      ['/send', `{"text":"${'a'.repeat(70_000)}"}`, 413],
      ['/composing', '{"state":"perhaps"}', 400],
      ['/refuse', '{"status":200}', 400],
      ['/services', '{"services":"some"}', 400],
      ['/hide', '{"hidden":"yes"}', 400],
      ['/network', '{}', 400],
      ['/alias', '{}', 400],
      ['/spam', '{"spamType":7}', 400],
      ['/revoke-answer', '{"messageId":"m","result":"perhaps"}', 400],
      ['/send', undefined, 405],
      ['/nothing', undefined, 404],
    ];
    for (const [path, body, status] of wrong) {
      it(`answers ${status} to ${body?.slice(0, 20) ?? 'GET'} at ${path}`, async () => {
        const answer = await ask(path, body);
        expect(answer.status).to.equal(status);
        expect(answer.json).to.have.property('error');
      });
    }
  });

  it('is told at once that the gateway is gone, and goes on when it is back', async () => {
    const world = await startWorld();
    const { phone, gateway, folder, platform } = world;
    await phone.send(bot, 'before');
    await gateway.stop();
    expect(await rejection(phone.send(bot, 'into the void'))).to.match(/refused|lost/);
    expect(await rejection(phone.sendPager(bot, 'into the void'))).to.equal('MESSAGE refused: 503');
    const again = await startGateway(loadConfig({ file: join(folder, 'config.json'), env: {} }), silentLog);
    try {
      const messageId = await phone.send(bot, 'after');
      await platform.waitFor(({ body }) => body['messageId'] === messageId);
    } finally {
      await again.stop();
      await world.stop();
    }
  });
});
