/** What a platform would not take, from the user's message to the operator's replay. */
import { expect } from 'chai';
import { until } from '../../notify/harness.js';
import { type AdminClient, adminClient } from '../../support/admin-client.js';
import { type CallbackServer, startCallbackServer } from '../../support/callback-server.js';
import { KeptLog } from '../kept-log.js';
import { bot, number, otherBot, startWorld, type World } from '../world.js';

interface Letter {
  readonly id: string;
  readonly [member: string]: unknown;
}

const quick = { notify: { backoff: { baseMs: 20, factor: 1, maxMs: 20, jitter: 0 } } };

describe('dead letters over real sockets [IWF-1720]', () => {
  let log: KeptLog;
  let world: World;
  let server: CallbackServer;
  let admin: AdminClient;

  beforeEach(async () => {
    log = new KeptLog();
    world = await startWorld({ config: quick, subscribe: false, log });
    admin = adminClient(() => world.gateway.ports.admin);
    server = await startCallbackServer();
    await subscribe();
  });
  afterEach(async () => {
    await server.close();
    await world.stop();
  });

  const subscribe = (): ReturnType<World['platform']['request']> =>
    world.platform.request('POST', `/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
      chatNotificationSubscription: { callbackReference: { notifyURL: server.url, callbackData: 'the data' } },
    });
  const letters = async (query = ''): Promise<readonly Letter[]> => {
    const { status, body } = await admin.ask('GET', `/dead-letters${query}`);
    expect(status, JSON.stringify(body)).to.equal(200);
    return (body as { deadLetters: readonly Letter[] }).deadLetters;
  };
  const buried = async (count: number): Promise<readonly Letter[]> => {
    await until(async () => (await letters()).length === count);
    return letters();
  };
  const metric = async (name: string): Promise<number> => {
    const { body } = await admin.ask('GET', '/metrics');
    const line = String(body)
      .split('\n')
      .find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length) ?? 0);
  };
  const failed = (messageId: string): Promise<void> =>
    world.phone.until(() => world.phone.receipts.some((one) => one.messageId === messageId && one.status === 'failed'));

  it('refused with 4xx: listed without number or content, told failed to the user, and replayed octet for octet', async () => {
    server.answer = () => ({ status: 422 });
    const messageId = await world.phone.send(bot, 'the secret of the user');
    const [letter] = await buried(1);
    await failed(messageId);
    expect(await log.waitFor('notification given up')).to.include({ bot, messageId, reason: 'refused', status: 422 });
    expect(letter).to.include({
      reason: 'refused',
      status: 422,
      platform: 'spec',
      bot,
      kind: 'chatMessage',
      messageId,
      attempts: 0,
    });
    const shown = JSON.stringify(letter);
    expect(shown).not.to.include(number).and.not.to.include('secret');
    expect(letter?.['contact']).to.match(/^tel:\+1\*+01~[0-9a-f]{10}$/);
    expect(await metric('iwf_notify_dead_letters_total{reason="refused"}')).to.equal(1);
    expect(await metric('iwf_notify_dead_letters_kept')).to.equal(1);

    server.answer = () => ({ status: 204 });
    const path = `/dead-letters/${letter?.id ?? ''}`;
    expect((await admin.ask('POST', `${path}/replay`)).status).to.equal(202);
    await until(() => server.calls.length === 2);
    const [first, second] = server.calls;
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).to.equal(true);
    expect(second?.headers['webhook-id']).to.equal(first?.headers['webhook-id']);
    expect(await letters()).to.deep.equal([]);
    expect((await admin.ask('POST', `${path}/replay`)).status).to.equal(404);
    expect(await metric('iwf_notify_dead_letters_kept')).to.equal(0);
  });

  it('of a subscription that ended with 410: all of its queue, replayed to its successor in their order', async () => {
    server.answer = () => ({ status: 410 });
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) ids.push(await world.phone.send(bot, text).catch(() => ''));
    const gone = await buried(ids.filter((id) => id !== '').length);
    expect(gone.map(({ reason }) => reason)).to.include('gone');
    expect(await metric('iwf_notify_subscriptions_ended_total{reason="gone"}')).to.equal(1);
    expect(await world.platform.subscriptions()).to.deep.equal([]);
    const astray = await admin.ask('POST', `/dead-letters/${gone[0]?.id ?? ''}/replay`);
    expect(astray.status).to.equal(409);

    server.answer = () => ({ status: 204 });
    const { location = '' } = await subscribe();
    const successor = location.slice(location.lastIndexOf('/') + 1);
    const before = server.calls.length;
    const replayed = await admin.ask('POST', `/dead-letters/replay?platform=spec&subscription=${successor}`);
    expect(replayed).to.deep.include({ status: 202, body: { replayed: gone.length, kept: 0 } });
    await until(() => server.calls.length === before + gone.length);
    const told = server.calls.slice(before).map(({ body }) => JSON.parse(body.toString()) as Record<string, Letter>);
    expect(told.map((root) => root['chatMessageNotification']?.['messageId'])).to.deep.equal(
      gone.map(({ messageId }) => messageId),
    );
    for (const root of told) expect(JSON.stringify(root)).to.include(location);
  });

  it('are found by platform and bot, in pages, and removed', async () => {
    server.answer = () => ({ status: 400 });
    for (const text of ['one', 'two', 'three']) await world.phone.send(bot, text);
    const all = await buried(3);
    const idsOf = async (query: string): Promise<readonly string[]> => (await letters(query)).map(({ id }) => id);
    const ids = all.map(({ id }) => id);
    expect(await idsOf(`?bot=${encodeURIComponent(bot)}`)).to.deep.equal(ids);
    expect(await idsOf(`?bot=${encodeURIComponent(otherBot)}`)).to.deep.equal([]);
    expect(await idsOf('?platform=other')).to.deep.equal([]);
    expect(await idsOf('?platform=spec&limit=2')).to.deep.equal(ids.slice(0, 2));
    expect(await idsOf(`?after=${ids[1] ?? ''}`)).to.deep.equal(ids.slice(2));
    const page = await admin.ask('GET', '/dead-letters?limit=2');
    expect(page.body).to.include({ next: ids[1] });
    for (const limit of ['0', '1001', 'many', '-1']) {
      expect((await admin.ask('GET', `/dead-letters?limit=${limit}`)).status, limit).to.equal(400);
    }
    expect((await admin.ask('DELETE', `/dead-letters/${ids[0] ?? ''}`)).status).to.equal(204);
    expect((await admin.ask('DELETE', `/dead-letters/${ids[0] ?? ''}`)).status).to.equal(404);
    expect(await idsOf('')).to.deep.equal(ids.slice(1));
  });

  it('survive a restart', async () => {
    server.answer = () => ({ status: 400 });
    await world.phone.send(bot, 'kept');
    const before = await buried(1);
    await world.restart();
    expect(await letters()).to.deep.equal(before);
    expect(await metric('iwf_notify_dead_letters_kept')).to.equal(1);
  });

  it('are the operator’s alone, each verb at its own path', async () => {
    for (const [method, path] of [
      ['GET', '/dead-letters'],
      ['POST', '/dead-letters/replay'],
      ['POST', '/dead-letters/x/replay'],
      ['DELETE', '/dead-letters/x'],
    ] as const) {
      expect((await admin.ask(method, path, 'a-key-of-the-spec')).status, `${method} ${path}`).to.equal(401);
    }
    const wrong = await admin.ask('PUT', '/dead-letters/x');
    expect({ status: wrong.status, allow: wrong.headers.get('allow') }).to.deep.equal({ status: 405, allow: 'DELETE' });
  });
});
