/** A store that takes no more: nothing is acknowledged that would not survive, on any border, over real sockets. */
import { expect } from 'chai';
import { join } from 'node:path';
import { loadSqlite } from '../../../lib/store/sqlite/sqlite-file.js';
import { adminClient } from '../../support/admin-client.js';
import { until } from '../../support/ask-again.js';
import { cpim, RawPhone } from '../raw-phone.js';
import { contact, startWorld, type World } from '../world.js';

describe('a store that is full', () => {
  let world: World;
  let phone: RawPhone;
  const admin = adminClient(() => world.gateway.ports.admin);

  before(async () => {
    world = await startWorld({ config: { store: { maxFileBytes: 1_048_576 } } });
    phone = await RawPhone.of(world);
  });
  after(async () => {
    phone.close();
    await world.stop();
  });

  it('is HTTP 503, SIP 503 and MSRP 408, and none of it is told to anybody [IWF-1702]', async () => {
    const chat = await phone.chat();
    world.phone.refuseWith = 480;
    const text = 'x'.repeat(60_000);
    let refused = await world.platform.send(contact, { text });
    while (refused.status === 201) refused = await world.platform.send(contact, { text });
    expect(refused.status).to.equal(503);
    expect(refused.body).to.have.nested.property('requestError.serviceException.messageId', 'SVC1000');
    const body = cpim('by MESSAGE'.padEnd(60_000, '.'), { id: 'full-1' }).toString();
    const answer = await phone.ask('MESSAGE', { type: 'message/cpim', body });
    expect(answer.status).to.equal(503);
    expect(answer.header('Retry-After')).to.match(/^\d+$/);
    expect(await chat.say(cpim('in a session'.padEnd(60_000, '.'), { id: 'full-2' }))).to.equal(408);
    expect(world.platform.callbacks).to.deep.equal([]);
  });

  it('fails /readyz with the reason, and is counted', async () => {
    const ready = await admin.ask('GET', '/readyz');
    expect(ready.status).to.equal(503);
    const check = { name: 'store', state: 'failed', detail: 'commits fail: database or disk is full' };
    expect(ready.body).to.have.property('checks').that.deep.includes(check);
    const metrics = String((await admin.ask('GET', '/metrics')).body);
    expect(metrics).to.match(/^iwf_store_failures_total\{reason="full"\} [1-9]/m);
    expect(metrics).to.match(/^iwf_ready 0$/m);
    expect(metrics).to.match(/^iwf_store_commit_seconds_count [1-9]/m);
    expect(metrics).to.match(/^iwf_sip_requests_total\{direction="inbound",method="MESSAGE",status="503"\} 1$/m);
  });

  it('is ready again by itself once there is room, though nobody asks it for a commit', async () => {
    const other = new (await loadSqlite())(join(world.folder, 'iwf.db'));
    other.exec('DELETE FROM record; DELETE FROM item');
    other.close();
    await until(async () => (await admin.ask('GET', '/readyz')).status === 200);
  });
});
