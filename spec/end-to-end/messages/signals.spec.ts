import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { printImdn } from '../../../lib/wire/imdn.js';
import { respond } from '../../msrp/peer.js';
import { cpim, offer, rawContact, RawPhone } from '../raw-phone.js';
import { bot, contact, startWorld, type World } from '../world.js';

const imdn = (messageId: string) =>
  printImdn({
    messageId,
    dateTime: '2026-11-22T10:00:00Z',
    disposition: { notification: 'display', status: 'displayed' },
  }).toString();

const typing =
  '<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state><refresh>90</refresh></isComposing>';

describe('receipts and typing over real sockets', () => {
  let world: World;

  before(async () => {
    world = await startWorld({ config: { chat: { composingTimeoutS: 1 } } });
  });
  after(() => world.stop());

  const post = (contentType: string, bodyText: string, more: object = {}) =>
    world.platform.send(contact, { contentType, bodyText, ...more });

  it('a user who stops typing without a word is idle after the time [IWF-305]', async () => {
    await world.phone.send(bot, 'hallo');
    await world.platform.waitFor(({ body }) => body['chatMessage'] !== undefined);
    const seen = (state: string) =>
      world.platform.waitFor(({ body }) => (body['isComposing'] as { state?: string } | undefined)?.state === state);
    // Worth nothing behind a message that is still under way: typed again until it meets a free lane.
    const active = seen('active');
    const typing = new AbortController();
    void active.finally(() => typing.abort());
    while (!typing.signal.aborted) await world.phone.sendComposing(bot, 'active');
    await seen('idle');
  });

  it('a bot’s receipt posted as a message goes out as a receipt, once, and has no status [IWF-206][IWF-213]', async () => {
    const messageId = await world.phone.send(bot, 'read me');
    const posted = await post('message/imdn+xml', imdn(messageId), { clientCorrelator: 'r1' });
    expect(posted.status).to.equal(201);
    await world.phone.until(() => world.phone.receipts.length > 0);
    expect(world.phone.receipts).to.deep.equal([{ messageId, status: 'displayed', way: 'session' }]);
    expect((await world.platform.request('GET', posted.location ?? '')).status).to.equal(404);
    const again = await post('message/imdn+xml', imdn(messageId), { clientCorrelator: 'r1' });
    expect(again.location).to.equal(posted.location);
  });

  for (const types of ['*', 'message/cpim message/imdn+xml', 'message/cpim application/im-iscomposing+xml *']) {
    it(`goes in the session of a phone that takes ${types}`, async () => {
      const phone = await RawPhone.of(world);
      const chat = await phone.chat({ body: offer([`a=accept-types:${types}`]) });
      const id = randomUUID();
      expect(await chat.say(cpim('read me', { id, ask: 'display' }))).to.equal(200);
      expect((await world.platform.putStatus(rawContact, id, 'Displayed')).status).to.equal(204);
      const reads = async (): Promise<string | undefined> => {
        const receipt = await chat.msrp.request();
        chat.msrp.write(respond(receipt, 200));
        return receipt.body?.toString();
      };
      expect(await reads())
        .to.include('message/imdn+xml')
        .and.include(id);
      const posted = { contentType: 'message/imdn+xml', bodyText: imdn(id) };
      expect((await world.platform.send(rawContact, posted)).status).to.equal(201);
      expect(await reads())
        .to.include('message/imdn+xml')
        .and.include(id);
      phone.close();
    });
  }

  for (const written of ['yesterday', '2026-11-22T10:00:00', '2026-11-22T10:00:00+01:00']) {
    it(`repeats the DateTime ${written} as it came; the bot is told a time that there is`, async () => {
      const phone = await RawPhone.of(world);
      const chat = await phone.chat();
      const id = randomUUID();
      const message = cpim('when?', { id, ask: 'display' }).toString();
      expect(await chat.say(message.replace(/DateTime: .*/, `DateTime: ${written}`))).to.equal(200);
      const { body } = await world.platform.waitFor((told) => told.body['messageId'] === id);
      const told = String(body['dateTime']);
      expect(told).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}Z|\+01:00)$/);
      expect(told === written).to.equal(written.endsWith('+01:00'));
      expect((await world.platform.putStatus(rawContact, id, 'Displayed')).status).to.equal(204);
      expect((await chat.msrp.request()).body?.toString()).to.include(`<datetime>${written}</datetime>`);
      phone.close();
    });
  }

  it('goes by MESSAGE where no session is up [IWF-210]', async () => {
    const messageId = await world.phone.send(bot, 'read me later');
    await world.phone.hangUp(bot);
    expect((await post('message/imdn+xml', imdn(messageId))).status).to.equal(201);
    await world.phone.until(() => world.phone.receipts.some((receipt) => receipt.messageId === messageId));
    expect(world.phone.receipts.at(-1)).to.include({ messageId, way: 'pager' });
  });

  it('a bot’s typing posted as a message is dropped without a session, and sent in one [IWF-303][IWF-308]', async () => {
    expect((await post('application/im-iscomposing+xml', typing)).status).to.equal(201);
    await world.phone.send(bot, 'hallo');
    expect(world.phone.composing).to.deep.equal([]);
    expect((await post('application/im-iscomposing+xml', typing)).status).to.equal(201);
    await world.phone.until(() => world.phone.composing.includes('active'));
  });

  it('a bot’s typing waits for no answer of the phone', async () => {
    const phone = await RawPhone.of(world);
    const chat = await phone.chat();
    expect((await world.platform.composing(rawContact, 'active')).status).to.equal(204);
    const posted = { contentType: 'application/im-iscomposing+xml', bodyText: typing };
    expect((await world.platform.send(rawContact, posted)).status).to.equal(201);
    for (const unanswered of [await chat.msrp.request(), await chat.msrp.request()]) {
      expect(unanswered.body?.toString()).to.include('<state>active</state>');
    }
    phone.close();
  });

  it('refuses either where it cannot be read [IWF-310]', async () => {
    expect((await post('message/imdn+xml', '<imdn>')).status).to.equal(400);
    expect((await post('application/im-iscomposing+xml', 'active')).status).to.equal(400);
  });
});
