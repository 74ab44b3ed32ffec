/** A disk that hangs: another connection holds SQLite's file, and no commit returns. Over real sockets. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Database, loadSqlite } from '../../../lib/store/sqlite/sqlite-file.js';
import { adminClient } from '../../support/admin-client.js';
import { silentLog } from '../../support/silent.js';
import { cpim, type RawChat, RawPhone } from '../raw-phone.js';
import { bot, contact, key, startWorld, type World } from '../world.js';

const messageType = 'message/cpim';

describe('a store that hangs [IWF-1729]', () => {
  let world: World;
  let phone: RawPhone;
  let chat: RawChat;
  let held: Database;
  const admin = adminClient(() => world.gateway.ports.admin);
  const correlated = { text: 'may have been taken', clientCorrelator: 'retry-me' };
  const byMessage = cpim('by MESSAGE', { id: 'hung-1' }).toString();
  let said: Promise<number>;
  const errors: string[] = [];

  before(async () => {
    world = await startWorld({
      mode: 'standalone',
      log: { ...silentLog, error: (event) => void errors.push(event) },
      config: { store: { answerTimeoutMs: 300 }, overload: { storeDelayMs: 60_000, leastShare: 1 } },
    });
    phone = await RawPhone.of(world);
    chat = await phone.chat();
    held = new (await loadSqlite())(join(world.folder, 'iwf.db'));
    held.exec('BEGIN IMMEDIATE');
  });
  after(async () => {
    held.close();
    phone.close();
    await world.stop();
  });

  const send = async (message: object = correlated) => {
    const path = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodeURIComponent(contact)}/adhoc/messages`;
    const response = await fetch(`${world.serverRoot}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ chatMessage: message }),
    });
    const body: unknown = await response.json();
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body };
  };
  const ask = () => phone.ask('MESSAGE', { type: messageType, body: byMessage, callId: randomUUID() });
  const told = (text: string): number =>
    world.platform.callbacks.filter((callback) => JSON.stringify(callback).includes(text)).length;

  it('answers HTTP 503 and SIP 503 with Retry-After in its time, and MSRP not at all [store.answerTimeoutMs]', async () => {
    said = chat.say(cpim('in a session', { id: 'hung-2' }));
    let isAnswered = false;
    void said.then(() => (isAnswered = true));
    const [sent, asked] = await Promise.all([send(), ask()]);
    expect([sent.status, sent.retryAfter]).to.deep.equal([503, '5']);
    expect([asked.status, asked.header('Retry-After')]).to.deep.equal([503, '5']);
    // Who comes again while it hangs is told the same.
    const [again, anew] = await Promise.all([send(), ask()]);
    expect([again.status, anew.status]).to.deep.equal([503, 503]);
    expect(isAnswered).to.equal(false);
    expect(told('hung')).to.equal(0);
  });

  it('fails /readyz with the reason, and is counted', async () => {
    const ready = await admin.ask('GET', '/readyz');
    expect(ready.status).to.equal(503);
    expect(JSON.stringify(ready.body)).to.match(
      /"name":"store","state":"failed","detail":"no answer for \d+ s: the disk hangs"/,
    );
    const metrics = String((await admin.ask('GET', '/metrics')).body);
    expect(metrics).to.match(/iwf_store_waits_ended_total\{side="rest"\} 2\n/);
    expect(metrics).to.match(/iwf_store_waits_ended_total\{side="sip"\} 2\n/);
    expect(metrics).to.match(/^iwf_ready 0$/m);
    for (const name of ['oldest', 'overdue'])
      for (const queue of ['outbound', 'notify'])
        expect(metrics).to.match(new RegExp(`^iwf_queue_${name}_seconds\\{queue="${queue}"\\} \\d`, 'm'));
    expect(Number(/^iwf_store_silent_seconds (\S+)/m.exec(metrics)?.[1])).to.be.above(0.3);
  });

  it('once it goes on, what was told 503 and comes again is taken once', async () => {
    held.exec('ROLLBACK');
    expect(await said).to.equal(200);
    // A commit of the first try may still be under way: 503 then, too.
    let sent = await send();
    while (sent.status === 503) sent = await send();
    let asked = await ask();
    while (asked.status === 503) asked = await ask();
    expect([sent.status, asked.status]).to.deep.equal([201, 200]);
    const after = await send();
    expect([after.status, after.body]).to.deep.equal([201, sent.body]);
    expect((await send({ text: 'the last one' })).status).to.equal(201);
    await world.phone.until(() => world.phone.inbox.some(({ text }) => text === 'the last one'));
    expect(world.phone.inbox.map(({ text }) => text)).to.deep.equal([correlated.text, 'the last one']);
    for (const text of ['by MESSAGE', 'in a session'])
      await world.platform.waitFor((callback) => JSON.stringify(callback).includes(text));
    expect([told('by MESSAGE'), told('in a session')]).to.deep.equal([1, 1]);
    expect((await admin.ask('GET', '/readyz')).status).to.equal(200);
    expect(String((await admin.ask('GET', '/metrics')).body)).to.match(/^iwf_ready 1$/m);
    expect(errors).to.deep.equal(['store does not answer']);
  });
});
