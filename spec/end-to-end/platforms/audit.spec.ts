/** Who did what to what: the audit file of a whole gateway. */
import { expect } from 'chai';
import { connect } from 'node:net';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../notify/harness.js';
import { adminClient } from '../../support/admin-client.js';
import { startCallbackServer } from '../../support/callback-server.js';
import { bot, startWorld, type World } from '../world.js';

type Entry = Readonly<Record<string, unknown>>;

describe('the audit log of a gateway [IWF-1724]', () => {
  let world: World;

  afterEach(() => world.stop());

  const entries = (): readonly Entry[] => {
    const folder = join(world.folder, 'audit');
    const text = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const lines = text.join('').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Entry);
  };
  const deeds = (actor: string): readonly string[] =>
    entries()
      .filter((entry) => String(entry['actor']).startsWith(actor))
      .map(({ action, result }) => `${String(action)}: ${String(result)}`);

  it('has the life of subscriptions and the requests of the operator, and no secret', async () => {
    const config = (_ports: unknown, folder: string) => ({ audit: { path: join(folder, 'audit') } });
    world = await startWorld({ subscribe: false, config });
    const server = await startCallbackServer();
    const subscriptions = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
    const subscribe = (notifyURL: string): ReturnType<World['platform']['request']> =>
      world.platform.request('POST', subscriptions, {
        chatNotificationSubscription: { callbackReference: { notifyURL } },
      });
    const { location = '' } = await subscribe(`${server.url}?token=hunter2`);
    expect((await subscribe('http://192.0.2.1/')).status).to.equal(403);
    await world.platform.request('PUT', location, { chatNotificationSubscription: { duration: 60 } });
    await world.platform.request('DELETE', location);
    await world.platform.request('DELETE', location);
    await subscribe(server.url);
    server.answer = () => ({ status: 410 });
    await world.phone.send(bot, 'the last one');
    const admin = adminClient(() => world.gateway.ports.admin);
    await admin.ask('GET', '/dead-letters');
    await admin.ask('GET', '/dead-letters', 'wrong');
    await admin.ask('POST', '/dead-letters/none/replay');
    await admin.ask('GET', '/metrics');
    await until(() => deeds('gateway').length === 2);
    await world.gateway.stop();

    expect(deeds('gateway')).to.deep.equal(['start: done', 'end subscription: gone', 'stop: done']);
    expect(deeds('platform spec')).to.deep.equal([
      'create subscription: done',
      'create subscription: refused POL0001',
      'prolong subscription: done',
      'remove subscription: done',
      'remove subscription: unknown',
      'create subscription: done',
    ]);
    expect(deeds('admin 127.0.0.1')).to.deep.equal(['GET /dead-letters: 200', 'POST /dead-letters/none/replay: 404']);
    expect(deeds('unknown 127.0.0.1')).to.deep.equal(['GET /dead-letters: 401']);
    const made = entries().find(({ action }) => action === 'create subscription');
    expect(made).to.deep.include({ object: location.slice(location.lastIndexOf('/') + 1) });
    expect(made?.['details']).to.deep.include({ bot, api: 'chat', origin: new URL(server.url).origin });
    expect(JSON.stringify(entries())).not.to.match(/hunter2|wrong|a-key-of-the-spec/);
    await server.close();
  });

  it('is not filled by who has no credential: what the operator does stays in it', async () => {
    const config = (_ports: unknown, folder: string) => ({
      audit: { path: join(folder, 'audit'), maxBytesPerDay: 1_048_576 },
    });
    world = await startWorld({ subscribe: false, config });
    const { port, host } = { port: world.gateway.ports.admin, host: '127.0.0.1' };
    const long = `/${'"'.repeat(7_000)}`;
    const ask = (more = ''): string => `GET ${long} HTTP/1.1\r\nHost: h\r\n${more}\r\n`;
    const flood = connect(port, host);
    flood.end(ask().repeat(299) + ask('Connection: close\r\n'));
    const answers = String(Buffer.concat(await flood.toArray()));
    expect(answers.match(/^HTTP\/1.1 401 /gm)).to.have.length(300);
    await adminClient(() => port).ask('GET', '/dead-letters');
    await adminClient(() => port).ask('GET', '/dead-letters', 'wrong');
    await world.gateway.stop();

    expect(deeds('admin 127.0.0.1')).to.deep.equal(['GET /dead-letters: 200']);
    expect(deeds('unknown 127.0.0.1').slice(10)).to.deep.equal([
      'further requests: 401',
      'GET /dead-letters: 401',
      'further requests: 401',
    ]);
    const times = entries().flatMap(({ details }) => (details as { times?: number } | undefined)?.times ?? []);
    expect(times).to.deep.equal([1, 289]);
    expect(JSON.stringify(entries())).to.have.length.below(10_000);
  });
});
