import { expect } from 'chai';
import { Handsets, partOf } from '../../../scripts/crash/handsets.js';
import { cpim, offer, rawContact, RawPhone } from '../raw-phone.js';
import { describeOnEachEngine } from '../each-engine.js';
import { bot, contact, startWorld, type World } from '../world.js';

const quick = { backoff: { baseMs: 40, factor: 1, maxMs: 40, jitter: 0 } };

describeOnEachEngine('sessions and standalone messages', (engine) => {
  let world: World;

  afterEach(() => world.stop());

  async function deliver(text: string): Promise<World['phone']['inbox'][number]> {
    const { phone, platform } = world;
    const before = phone.inbox.length;
    expect((await platform.send(contact, { text })).status).to.equal(201);
    await phone.until(() => phone.inbox.length > before);
    const arrived = phone.inbox[before];
    if (!arrived) throw new Error('nothing arrived');
    expect(arrived.text).to.equal(text);
    return arrived;
  }

  describe('which of them a chatbot uses', () => {
    it('mode session: a session, whatever the size [IWF-1110][IWF-1201]', async () => {
      world = await startWorld({ engine, mode: 'session' });
      expect((await deliver('short')).way).to.equal('session');
      expect((await deliver('long '.repeat(2000))).way).to.equal('session');
    });

    it('mode auto: a session while nothing is known of the contact [IWF-1107]', async () => {
      world = await startWorld({ engine, mode: 'auto' });
      expect((await deliver('hello')).way).to.equal('session');
    });

    it('mode auto: no session for a contact that is known to take standalone messages alone [IWF-1108]', async () => {
      world = await startWorld({ engine, mode: 'auto' });
      world.phone.services = 'standalone';
      const { platform } = world;
      const path = `/capabilitydiscovery/v1/${encodeURIComponent(bot)}/contactCapabilities/${encodeURIComponent(contact)}`;
      const answer = await platform.request('GET', path);
      expect(JSON.stringify(answer.body)).to.include('ChatbotSA').and.not.include('ChatbotSession');
      expect((await deliver('hello')).way).to.equal('pager');
    });

    it('mode standalone: a pager message while the request fits, a large message beyond [IWF-1101][IWF-1104]', async () => {
      const handsets = new Handsets();
      await handsets.start();
      world = await startWorld({ engine, mode: 'standalone', config: { sip: { nextHop: handsets.nextHop } } });
      const texts = ['short', 'long '.repeat(2000), 'short again'];
      for (const text of texts) await world.platform.send(contact, { text });
      await handsets.until(() => handsets.arrivals.length === 3);
      expect(handsets.arrivals.map(({ way }) => way)).to.deep.equal(['pager', 'large', 'pager']);
      expect(handsets.arrivals.map(({ content }) => content.toString())).to.deep.equal(texts);
      const methods = handsets.requests.map((request) => request.slice(0, request.indexOf(' ')));
      expect(methods).to.include.members(['INVITE', 'BYE']);
      const invite = handsets.requests.find((request) => request.startsWith('INVITE')) ?? '';
      expect(partOf(invite, 'message/cpim')?.toString()).to.match(/imdn.Message-ID: .*\r\n\r\n.*\r\n\r\n$/s);
      expect(partOf(invite, 'application/sdp')?.toString()).to.include('a=sendonly');
      handsets.stop();
    });

    it('mode standalone: a limit of its own for a path that carries more [IWF-1111]', async () => {
      // A drachtio-server takes no frames of that size: this one does.
      const config = { sip: { pagerMaxBytes: 20_000, drachtio: { maxFrameBytes: 40_000, maxInFlightBytes: 80_000 } } };
      world = await startWorld({ engine, mode: 'standalone', config });
      expect((await deliver('long '.repeat(2000))).way).to.equal('pager');
    });

    it('mode auto: the other way once, where the contact does not take the first [IWF-1109]', async () => {
      world = await startWorld({ engine, mode: 'auto' });
      world.phone.refuseInvitesWith = 488;
      expect((await deliver('hello')).way).to.equal('pager');
    });

    it('mode session: a contact that takes no sessions gets nothing, and the bot learns why [IWF-1110]', async () => {
      world = await startWorld({ engine, mode: 'session' });
      world.phone.refuseInvitesWith = 488;
      await world.platform.send(contact, { text: 'hello' });
      const told = await world.platform.waitFor(({ body }) => body['status'] === 'Failed');
      expect(told.body['description']).to.match(/^SIP 488/);
    });
  });

  describe('how long a session lives', () => {
    it('messages of both sides share the one that is up', async () => {
      world = await startWorld({ engine });
      const { phone, platform } = world;
      await phone.send(bot, 'hi');
      await deliver('hello');
      await deliver('how are you?');
      const id = await phone.send(bot, 'fine');
      await platform.waitFor(({ body }) => body['messageId'] === id);
      expect(phone.invitations).to.equal(0);
    });

    it('ends with BYE once nobody has used it for the idle time, and the next message opens another [IWF-1325]', async () => {
      world = await startWorld({ engine, config: { chat: { idleTimeoutS: 1 } } });
      const { phone } = world;
      await deliver('hello');
      expect(phone.inSession(bot)).to.equal(true);
      await phone.until(() => !phone.inSession(bot));
      await deliver('again');
      expect(phone.invitations).to.equal(2);
    });

    it('ends when the user opens a new one: the new is answered, the old gets its BYE [IWF-1301]', async () => {
      world = await startWorld({ engine });
      const phone = await RawPhone.of(world);
      const first = await phone.chat({ callId: 'first' });
      const second = await phone.chat({ callId: 'second' });
      expect(await phone.requested('BYE')).to.include('Call-ID: first');
      expect(await second.say(cpim('on the new one', { id: 'new-one' }))).to.equal(200);
      await world.platform.send(rawContact, { text: 'answered there' });
      expect((await second.msrp.request()).method).to.equal('SEND');
      expect(first.msrp.unread).to.equal(0);
      phone.close();
    });

    it('a large message of the user lives beside his chat [IWF-1105]', async () => {
      world = await startWorld({ engine });
      const phone = await RawPhone.of(world);
      const chat = await phone.chat({ callId: 'chat' });
      const large = 'P-Asserted-Service: urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg';
      const other = await phone.chat({ callId: 'large', lines: [large], body: `${offer()}a=sendonly\r\n` });
      expect(await other.say(cpim('x'.repeat(3000), { id: 'large-1' }), { range: '1-*/*' })).to.equal(200);
      expect(await chat.say(cpim('small', { id: 'small-1' }))).to.equal(200);
      await world.platform.waitFor(({ body }) => body['messageId'] === 'small-1');
      await world.platform.waitFor(({ body }) => body['messageId'] === 'large-1');
      phone.close();
    });

    describe('where the phone does not', () => {
      let handsets: Handsets;
      let phone: RawPhone;

      beforeEach(async () => {
        handsets = new Handsets();
        await handsets.start();
        const config = { chat: quick, sip: { nextHop: handsets.nextHop }, msrp: { transactionTimeoutS: 1 } };
        world = await startWorld({ engine, config });
        phone = await RawPhone.of(world);
      });
      afterEach(() => {
        handsets.stop();
        phone.close();
      });

      it('a phone that vanishes gets its message in a new session [IWF-1306]', async () => {
        const chat = await phone.chat();
        chat.msrp.destroy();
        await chat.msrp.closed;
        await world.platform.send(rawContact, { text: 'where are you?' });
        await handsets.until(() => handsets.arrivals.length === 1, 9000);
        expect(handsets.arrivals[0]).to.include({ way: 'session', user: '+15550100002' });
      }).timeout(10_000);

      it('a chunk that is never answered ends the session, and its message goes again in another [IWF-1307]', async () => {
        const chat = await phone.chat();
        const { location = '' } = await world.platform.send(rawContact, { text: 'anybody there?' });
        expect((await chat.msrp.request()).method).to.equal('SEND');
        await handsets.until(() => handsets.arrivals.length === 1, 9000);
        expect(location.endsWith(`/${handsets.arrivals[0]?.messageId ?? ''}`)).to.equal(true);
      }).timeout(10_000);
    });

    it('a message is not sent twice where the session ends after its 200 [IWF-1308]', async () => {
      world = await startWorld({ engine, config: { chat: quick } });
      await deliver('once');
      await world.phone.hangUp(bot);
      await deliver('next');
      expect(world.phone.inbox.map(({ text }) => text)).to.deep.equal(['once', 'next']);
    });
  });

  it('goes by the service that the message names in serviceCapability [IWF-1014]', async () => {
    world = await startWorld({ engine, mode: 'auto' });
    const { phone, platform } = world;
    const named = async (text: string, ...ids: readonly string[]): Promise<string | undefined> => {
      const serviceCapability = ids.map((capabilityId) => ({ capabilityId, version: '#=1' }));
      await platform.send(contact, { text, serviceCapability });
      await phone.until(() => phone.inbox.some((message) => message.text === text));
      return phone.inbox.find((message) => message.text === text)?.way;
    };
    expect(await named('alone', 'ChatbotSA')).to.equal('pager');
    expect(await named('in another case', 'chatbotSa')).to.equal('pager');
    expect(await named('both', 'ChatbotSA', 'ChatbotSession')).to.equal('session');
    expect(await named('in the session that is up', 'ChatbotSA')).to.equal('session');
  });

  it('another conversationID than the one that is up opens a session of its own [IWF-1010]', async () => {
    world = await startWorld({ engine });
    const { phone, platform } = world;
    await deliver('in the first');
    const conversationID = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6';
    await platform.send(contact, { text: 'in the second', conversationID });
    await phone.until(() => phone.inbox.length === 2);
    expect(phone.invitations).to.equal(2);
    await deliver('goes on there');
    expect(phone.invitations).to.equal(2);
  });
});
