import { expect } from 'chai';
import { Callee } from '../callee.js';
import { bot, contact, startWorld, type World } from '../world.js';
import { KeptLog } from '../kept-log.js';
import { pause } from '../../support/ask-again.js';

const quick = { chat: { backoff: { baseMs: 40, factor: 1, maxMs: 40, jitter: 0 } } };
/** As good as never: only a sign of life of the user makes his lane due. */
const patient = { chat: { backoff: { baseMs: 3_600_000, factor: 1, maxMs: 3_600_000, jitter: 0 } } };

const capabilities = `/capabilitydiscovery/v1/${encodeURIComponent(bot)}/contactCapabilities/${encodeURIComponent(contact)}`;

describe('a user who cannot be reached now', () => {
  let world: World;

  afterEach(() => world.stop());

  for (const refusal of [480, 486, 408, 503]) {
    it(`gets every message once and in order after ${refusal} [IWF-1320]`, async () => {
      world = await startWorld({ config: quick });
      const { phone, platform } = world;
      phone.refuseWith = refusal;
      const ids = [];
      for (const text of ['one', 'two', 'three']) ids.push(await send(platform, text));
      await waitsWith(platform, ids[0] ?? '', `SIP ${refusal}`);
      phone.refuseWith = undefined;
      await phone.until(() => phone.inbox.length === 3);
      expect(phone.inbox.map(({ text }) => text)).to.deep.equal(['one', 'two', 'three']);
      expect(phone.inbox.map(({ messageId }) => messageId)).to.deep.equal(ids);
      await statusBecomes(platform, ids[2] ?? '', 'Sent');
      expect(phone.inbox).to.have.length(3);
    });
  }

  it('is tried at most three times where the answer is 500 [IWF-1323]', async () => {
    world = await startWorld({ config: quick });
    const { phone, platform } = world;
    phone.refuseWith = 500;
    const id = await send(platform, 'poison');
    const told = await platform.waitFor(({ body }) => body['messageId'] === id);
    expect(told.body).to.include({ status: 'Failed' });
    expect(told.body['description']).to.match(/^SIP 500/);
    expect(phone.refused).to.equal(3);
  });

  for (const refusal of [403, 404, 501, 603]) {
    it(`is given up at once after ${refusal}, and the bot learns why [IWF-1330]`, async () => {
      world = await startWorld({ config: quick });
      const { phone, platform } = world;
      phone.refuseWith = refusal;
      const id = await send(platform, 'hello');
      const told = await platform.waitFor(({ body }) => body['messageId'] === id);
      expect(told.body).to.include({ status: 'Failed' });
      expect(told.body['description']).to.match(new RegExp(`^SIP ${refusal}`));
      expect(phone.refused).to.equal(1);
    });
  }

  it('lets the next message pass once a message was refused for good [IWF-1331]', async () => {
    world = await startWorld({ config: quick });
    const { phone, platform } = world;
    phone.refuseWith = 403;
    const first = await send(platform, 'refused');
    await platform.waitFor(({ body }) => body['messageId'] === first);
    phone.refuseWith = undefined;
    await send(platform, 'taken');
    await phone.until(() => phone.inbox.length === 1);
    expect(phone.inbox[0]?.text).to.equal('taken');
  });

  it('is told of no more once the message has expired [IWF-1341]', async () => {
    world = await startWorld({ config: quick });
    const { phone, platform } = world;
    phone.refuseWith = 480;
    const asked = await send(platform, 'short-lived', { expiry: 1, reportRequest: ['Failed', 'Expired'] });
    const plain = await send(platform, 'short-lived too', { expiry: 1 });
    const expired = await platform.waitFor(({ body }) => body['messageId'] === asked);
    expect(expired.body).to.include({ status: 'Expired' });
    const failed = await platform.waitFor(({ body }) => body['messageId'] === plain);
    expect(failed.body).to.include({ status: 'Failed' });
    expect(failed.body['description']).to.match(/expired/);
    phone.refuseWith = undefined;
    await send(platform, 'alive');
    await phone.until(() => phone.inbox.length === 1);
    expect(phone.inbox[0]?.text).to.equal('alive');
  });

  it('is given up when the gateway’s own validity ends, with the last reason [IWF-1342]', async () => {
    world = await startWorld({ config: { chat: { ...quick.chat, validityS: 1 } } });
    const { phone, platform } = world;
    phone.refuseWith = 486;
    const id = await send(platform, 'too late');
    const told = await platform.waitFor(({ body }) => body['messageId'] === id);
    expect(told.body).to.include({ status: 'Failed' });
    expect(told.body['description']).to.match(/^SIP 486/);
  });

  describe('costs a line in the log with the reason, where his message is given up', () => {
    for (const [why, refusal, more, line] of [
      ['it has expired', 480, { expiry: 1 }, { status: 'Expired', reason: 'The message has expired' }],
      ['the gateway’s own validity is over', 486, {}, { status: 'Failed', reason: /^SIP 486/ }],
      ['the network has failed three times', 500, {}, { status: 'Failed', reason: /^SIP 500/ }],
    ] as const) {
      it(`since ${why}`, async () => {
        const log = new KeptLog();
        world = await startWorld({ config: { chat: { ...quick.chat, validityS: 1 } }, log });
        world.phone.refuseWith = refusal;
        const messageId = await send(world.platform, 'too late', more);
        const told = await log.waitFor('message given up', (fields) => fields['messageId'] === messageId);
        expect(told).to.include({ bot, status: line.status });
        expect(told['reason']).to.match(new RegExp(line.reason));
      });
    }
  });

  describe('is tried at once as soon as he shows himself [IWF-1320]', () => {
    const signs: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
      'by an INVITE of his own': ({ phone }) => phone.send(bot, 'here I am'),
      'by a MESSAGE': ({ phone }) => phone.sendPager(bot, 'here I am'),
      'by OPTIONS': ({ phone }) => phone.askCapabilities(bot),
      'by his answer to OPTIONS of ours': ({ platform }) => platform.request('GET', `${capabilities}?refresh`),
    };
    for (const [name, sign] of Object.entries(signs)) {
      it(name, async () => {
        world = await startWorld({ config: patient });
        const { phone, platform } = world;
        phone.refuseWith = 480;
        const id = await send(platform, 'waiting for you');
        await waitsWith(platform, id, 'SIP 480');
        phone.refuseWith = undefined;
        await sign(world);
        await phone.until(() => phone.inbox.length === 1);
        expect(phone.inbox[0]?.messageId).to.equal(id);
      });
    }
  });

  it('is tried at once also where his INVITE is refused, for nobody listens for the bot [IWF-1320]', async () => {
    world = await startWorld({ config: patient, subscribe: false });
    const { phone, platform } = world;
    phone.refuseWith = 480;
    const id = await send(platform, 'waiting for you');
    await waitsWith(platform, id, 'SIP 480');
    phone.refuseWith = undefined;
    await phone.send(bot, 'here I am').catch(() => undefined);
    await phone.until(() => phone.inbox.length === 1);
    expect(phone.inbox[0]?.messageId).to.equal(id);
  });

  it('is not there where his network says that he is away, though it tells what he can do', async () => {
    const callee = await Callee.listen();
    callee.refusal = { statusLine: '480 Away' };
    world = await startWorld({ config: { ...patient, sip: { nextHop: callee.operator.hop, keepAliveS: 0 } } });
    const { platform } = world;
    const id = await send(platform, 'waiting for you');
    await waitsWith(platform, id, 'SIP 480');
    const tags = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session"';
    callee.operator.answer = () => ({ statusLine: '480 Away', lines: [`Contact: <sip:u@127.0.0.1>;${tags}`] });
    expect((await platform.request('GET', `${capabilities}?refresh`)).status).to.equal(200);
    await platform.request('GET', `${capabilities}?refresh`);
    expect(callee.operator.seen.filter((text) => text.startsWith('INVITE '))).to.have.length(1);
    await callee.close();
  });

  it('is told of no more behind another that waits: each message has its own time [IWF-1341]', async () => {
    world = await startWorld({ config: quick });
    const { phone, platform } = world;
    phone.refuseWith = 480;
    const first = await send(platform, 'has a day');
    const second = await send(platform, 'short-lived', { expiry: 1, reportRequest: ['Expired'] });
    const third = await send(platform, 'has a day, too');
    const expired = await platform.waitFor(({ body }) => body['messageId'] === second);
    expect(expired.body).to.include({ status: 'Expired' });
    phone.refuseWith = undefined;
    await phone.until(() => phone.inbox.length === 2);
    expect(phone.inbox.map(({ messageId }) => messageId)).to.deep.equal([first, third]);
  });

  it('is told of no more in time, though nothing of his is tried before [IWF-1341]', async () => {
    world = await startWorld({ config: patient });
    const { phone, platform } = world;
    phone.refuseWith = 480;
    const first = await send(platform, 'has a day');
    await waitsWith(platform, first, 'SIP 480');
    const second = await send(platform, 'short-lived', { expiry: 1, reportRequest: ['Expired'] });
    const expired = await platform.waitFor(({ body }) => body['messageId'] === second);
    expect(expired.body).to.include({ status: 'Expired' });
    expect(phone.refused).to.equal(1);
  });

  it('is told of no more in time, however many wait before [IWF-1341]', async () => {
    world = await startWorld({ config: quick });
    const { phone, platform } = world;
    phone.refuseWith = 480;
    const ids = [];
    for (let at = 0; at < 40; at++) ids.push(await send(platform, `has a day, ${at}`));
    const last = await send(platform, 'short-lived', { expiry: 1, reportRequest: ['Expired'] });
    const expired = await platform.waitFor(({ body }) => body['messageId'] === last);
    expect(expired.body).to.include({ status: 'Expired' });
    phone.refuseWith = undefined;
    await phone.until(() => phone.inbox.length === 40);
    expect(phone.inbox.map(({ messageId }) => messageId)).to.deep.equal(ids);
  });

  it('gets the receipts for his own messages although messages for him wait [IWF-224]', async () => {
    world = await startWorld({ config: patient });
    const { phone, platform } = world;
    const messageId = await phone.sendPager(bot, 'did you get this?');
    await platform.waitFor(({ body }) => body['messageId'] === messageId);
    phone.refuseWith = 480;
    const id = await send(platform, 'waits');
    await waitsWith(platform, id, 'SIP 480');
    phone.refuseWith = undefined;
    await platform.putStatus(contact, messageId, 'Displayed');
    await phone.until(() => phone.receipts.length === 1);
    expect(phone.receipts[0]).to.include({ messageId, status: 'displayed' });
    expect(phone.inbox).to.have.length(0);
  });
});

async function send(platform: World['platform'], text: string, more: object = {}): Promise<string> {
  const { status, location = '' } = await platform.send(contact, { text, ...more });
  expect(status).to.equal(201);
  return decodeURIComponent(location.slice(location.lastIndexOf('/') + 1));
}

/** The message has been tried, and waits. */
async function waitsWith(platform: World['platform'], messageId: string, description: string): Promise<void> {
  for (;;) {
    const { body } = await platform.status(contact, messageId);
    const { messageStatusReport } = body as { messageStatusReport: { status: string; description?: string } };
    expect(messageStatusReport.status).to.equal('Pending');
    if (messageStatusReport.description?.startsWith(description)) return;
    await pause();
  }
}

async function statusBecomes(platform: World['platform'], messageId: string, status: string): Promise<void> {
  for (;;) {
    const { body } = await platform.status(contact, messageId);
    if ((body as { messageStatusReport: { status: string } }).messageStatusReport.status === status) return;
    await pause();
  }
}
