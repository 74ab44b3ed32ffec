import { expect } from 'chai';
import { Peer, send } from '../../msrp/peer.js';
import {
  cpim,
  type FinalResponse,
  iariChatbot,
  icsiSession,
  imdn,
  offer,
  pathOf,
  rawContact,
  RawPhone,
  requestText,
  tagOf,
} from '../raw-phone.js';
import { describeOnEachEngine } from '../each-engine.js';
import { KeptLog } from '../kept-log.js';
import { bot, contact, number, otherBot, startWorld, type World } from '../world.js';

const messageType = 'message/cpim';

describeOnEachEngine('what the network sends and cannot be taken', (engine) => {
  let world: World;
  let phone: RawPhone;
  const log = new KeptLog();

  before(async () => {
    world = await startWorld({ engine, log, config: { msrp: { maxMessageBytes: 4000 } } });
  });
  after(() => world.stop());
  beforeEach(async () => {
    phone = await RawPhone.of(world);
  });
  afterEach(() => phone.close());

  describe('by SIP', () => {
    for (const method of ['INVITE', 'MESSAGE', 'OPTIONS'] as const) {
      it(`${method} to a chatbot that nobody knows is answered 404 [IWF-1602]`, async () => {
        const body = method === 'INVITE' ? offer() : method === 'MESSAGE' ? cpim('hello').toString() : '';
        const type = method === 'INVITE' ? 'application/sdp' : messageType;
        const to = 'sip:nobody@botplatform.example.net';
        const statusOf = async (uri: string): Promise<number> =>
          (await phone.ask(method, { to: uri, body, ...(body === '' ? {} : { type }) })).status;
        expect(await statusOf(to)).to.equal(404);
        expect(await statusOf(to.replace('sip:', 'sips:'))).to.equal(404);
      });

      it(`${method} to sips: of a chatbot that is known by sip: is 416, so that it is asked by that`, async () => {
        const body = method === 'INVITE' ? offer() : method === 'MESSAGE' ? cpim('hello').toString() : '';
        const type = method === 'INVITE' ? 'application/sdp' : messageType;
        const parts = { to: bot.replace('sip:', 'sips:'), body, ...(body === '' ? {} : { type }) };
        expect((await phone.ask(method, parts)).status).to.equal(416);
      });
    }

    it('INVITE to a chatbot without a live subscription is 480 with Retry-After, and OPTIONS is still answered [IWF-517]', async () => {
      const refused = await phone.invite({ to: otherBot });
      expect(refused.status).to.equal(480);
      expect(refused.header('Retry-After')).to.match(/^\d+$/);
      const options = await phone.ask('OPTIONS', { to: otherBot });
      expect(options.status).to.equal(200);
      expect(options.header('Contact')).to.include('+g.gsma.rcs.isbot').and.include('ims.iari.rcs.chatbot');
    });

    it('MESSAGE to a chatbot without a live subscription is 480: the network keeps it [IWF-1603]', async () => {
      const body = cpim('hello', { id: 'nobody-listens' }).toString();
      expect((await phone.ask('MESSAGE', { to: otherBot, type: messageType, body })).status).to.equal(480);
    });

    for (const nobody of ['sip:anonymous@anonymous.invalid', 'sip:unavailable@unknown.invalid']) {
      it(`who is ${nobody} and asserted by nobody is 433: all of them would be one user`, async () => {
        const ask = (method: string, type: string, body: string): Promise<FinalResponse> => {
          const text = requestText(method, phone.port, { type, body });
          phone.send(text.replace(/^P-Asserted-Identity:.*\r\n/m, '').replace(/^From: <.*>/m, `From: <${nobody}>`));
          return phone.final();
        };
        expect((await ask('INVITE', 'application/sdp', offer())).status).to.equal(433);
        expect((await ask('MESSAGE', messageType, cpim('who am I?', { id: 'nobody' }).toString())).status).to.equal(
          433,
        );
        expect((await ask('OPTIONS', 'application/sdp', '')).status, 'what a bot can do is no secret').to.equal(200);
      });
    }

    it('an offer without m=message is 488 [IWF-1606]', async () => {
      const body = offer().replace(/m=message[^]*/, 'm=audio 4000 RTP/AVP 0\r\n');
      const refused = await phone.invite({ body });
      expect(refused.status).to.equal(488);
      expect(refused.header('Warning')).to.match(/^304 \S+ ".*m=message.*"$/);
    });

    it('an offer whose types have none in common with ours is 488 [IWF-1606]', async () => {
      const refused = await phone.invite({ body: offer(['a=accept-types:image/png']) });
      expect(refused.status).to.equal(488);
      expect(refused.header('Warning')).to.match(/^305 \S+ ".*a=accept-types.*"$/);
    });

    it('SDP that is none is 400 [IWF-1607]', async () => {
      expect((await phone.invite({ body: 'this is no description' })).status).to.equal(400);
    });

    it('a body that is not SDP is 415 [IWF-1607]', async () => {
      const refused = await phone.invite({ type: 'application/json', body: '{}' });
      expect(refused.status).to.equal(415);
      expect(refused.header('Accept')).to.include('application/sdp');
    });

    for (const method of ['INVITE', 'MESSAGE'] as const) {
      it(`${method} that asks for a version which the chatbot does not speak is 606 [IWF-1003]`, async () => {
        const tags = `${icsiSession};${iariChatbot};+g.gsma.rcs.botversion="#=7"`;
        const lines = [`Accept-Contact: *;${tags};require;explicit`];
        const body = method === 'INVITE' ? offer() : cpim('hello').toString();
        const type = method === 'INVITE' ? 'application/sdp' : messageType;
        const refused = await phone.ask(method, { lines, type, body });
        expect(refused.status).to.equal(606);
        expect(refused.header('Warning')).to.match(/^399 \S+ ".*botversion #=1,.*"$/);
      });
    }

    it('MESSAGE of a type that no chatbot takes is 415, and says what is taken [IWF-1604]', async () => {
      const refused = await phone.ask('MESSAGE', { type: 'image/png', body: 'png' });
      expect(refused.status).to.equal(415);
      expect(refused.header('Accept')).to.include(messageType);
    });

    it('MESSAGE whose CPIM is none is 400 [IWF-1605]', async () => {
      expect((await phone.ask('MESSAGE', { type: messageType, body: 'no headers' })).status).to.equal(400);
    });

    it('MESSAGE with a Message-ID or a sender too long to be kept is 400, and the next one is taken', async () => {
      const say = (id: string, user?: string): Promise<FinalResponse> =>
        phone.ask('MESSAGE', {
          type: messageType,
          body: cpim('long', { id }).toString(),
          ...(user === undefined ? {} : { user }),
        });
      expect((await say('i'.repeat(3000))).status).to.equal(400);
      for (const user of ['u'.repeat(980), '%25'.repeat(200)])
        expect((await say('of-a-long-name', `sip:${user}@ims.example.net`)).status).to.equal(400);
      const longest = [`${'é/'.repeat(127)}i`, `sip:${'u'.repeat(492)}@ims.example.net`] as const;
      expect((await say(...longest)).status).to.equal(200);
      const [messageId, senderAddress] = longest;
      const { body } = await world.platform.waitFor((one) => one.body['messageId'] === messageId);
      expect(body).to.include({ senderAddress });
    });

    it('a national number without a country is 484 [IWF-1608]', async () => {
      const user = 'tel:0301234';
      expect((await phone.ask('MESSAGE', { user, type: messageType, body: cpim('x').toString() })).status).to.equal(
        484,
      );
    });

    it('a malformed request harms no other [IWF-1609]', async () => {
      const malformed = await RawPhone.of(world);
      malformed.send('INVITE sip:shop@botplatform.example.net SIP/2.0\r\nVia: rubbish\r\n\r\n');
      expect((await phone.ask('OPTIONS')).status).to.equal(200);
      malformed.close();
    });
  });

  describe('by MSRP', () => {
    it('content other than CPIM and is-composing is 415 [IWF-1612]', async () => {
      const chat = await phone.chat();
      expect(await chat.say('plain', { type: 'text/plain' })).to.equal(415);
      expect(await chat.say(cpim('and on it goes'))).to.equal(200);
    });

    it('a message beyond the limit is 413 [IWF-1611]', async () => {
      const chat = await phone.chat();
      expect(await chat.say(cpim('x'.repeat(5000)), { range: '1-*/5200' })).to.equal(413);
    });

    it('CPIM that cannot be read is 400 [IWF-1612]', async () => {
      const chat = await phone.chat();
      expect(await chat.say('no headers')).to.equal(400);
    });

    it('an unknown session is 481 [IWF-1316]', async () => {
      const chat = await phone.chat();
      chat.msrp.write(send({ to: chat.path.replace(/\/[^/;]+;/, '/unknown;'), body: cpim('x') }));
      expect(await chat.msrp.status()).to.equal(481);
    });

    it('the session of another connection is 506 [IWF-1315]', async () => {
      const chat = await phone.chat();
      const thief = await Peer.connect(world.ports.msrp);
      thief.write(send({ to: chat.path, body: cpim('x') }));
      expect(await thief.status()).to.equal(506);
      thief.destroy();
    });

    it('garbage closes its own connection alone [IWF-1610]', async () => {
      const chat = await phone.chat();
      const vandal = await Peer.connect(world.ports.msrp);
      vandal.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await vandal.closed;
      expect(await chat.say(cpim('unharmed'))).to.equal(200);
    });
  });

  describe('of receipts', () => {
    const user = `sip:${number}@ims.example.net;user=phone`;

    it('one for a message of another user changes nothing [IWF-207]', async () => {
      const { platform } = world;
      const reportRequest = ['Sent', 'Displayed'] as const;
      const { location = '' } = await platform.send(contact, { text: 'for one user', reportRequest });
      await world.phone.until(() => world.phone.inbox.length === 1);
      const messageId = world.phone.inbox[0]?.messageId ?? '';
      await platform.waitFor(({ body }) => body['messageId'] === messageId && body['status'] === 'Sent');
      const forged = imdn(messageId, 'displayed').toString();
      expect((await phone.ask('MESSAGE', { type: messageType, body: forged })).status).to.equal(200);
      expect(await statusOf(location)).to.equal('Sent');
      expect((await phone.ask('MESSAGE', { user, type: messageType, body: forged })).status).to.equal(200);
      expect(await statusOf(location)).to.equal('Displayed');
    });

    it('a late Delivered does not lower Displayed [IWF-212]', async () => {
      const { platform } = world;
      const { location = '' } = await platform.send(contact, { text: 'late', reportRequest: ['Displayed'] });
      await world.phone.until(() => world.phone.inbox.some(({ text }) => text === 'late'));
      const messageId = world.phone.inbox.find(({ text }) => text === 'late')?.messageId ?? '';
      for (const status of ['displayed', 'delivered'] as const) {
        await phone.ask('MESSAGE', { user, type: messageType, body: imdn(messageId, status).toString() });
      }
      expect(await statusOf(location)).to.equal('Displayed');
    });

    it('one that was not asked for is 204, and nothing goes to the user [IWF-214]', async () => {
      const { platform } = world;
      const body = cpim('no receipts please', { id: 'quiet' }).toString();
      await phone.ask('MESSAGE', { user, type: messageType, body });
      expect((await platform.putStatus(contact, 'quiet', 'Displayed')).status).to.equal(204);
      const asking = cpim('please', { id: 'loud', ask: 'display' }).toString();
      await phone.ask('MESSAGE', { user, type: messageType, body: asking });
      expect((await platform.putStatus(contact, 'loud', 'Displayed')).status).to.equal(204);
      await world.phone.until(() => world.phone.receipts.length > 0);
      expect(world.phone.receipts).to.have.length(1);
      expect(world.phone.receipts[0]).to.include({ messageId: 'loud' });
    });

    it('of a bot for a message that is not its own is 404 [IWF-215]', async () => {
      expect((await world.platform.putStatus(contact, 'never-seen', 'Displayed')).status).to.equal(404);
    });

    async function statusOf(location: string): Promise<string> {
      const { body } = await world.platform.request('GET', `${location}/status`);
      return (body as { messageStatusReport: { status: string } }).messageStatusReport.status;
    }
  });

  describe('calls of unusual form', () => {
    it('an INVITE without SDP is answered with our offer, and the answer comes in the ACK [IWF-1328]', async () => {
      const callId = 'no-sdp';
      const answer = await phone.ask('INVITE', { callId });
      expect(answer.status).to.equal(200);
      expect(answer.body).to.include('m=message').and.include('a=setup:actpass');
      phone.ack(callId, tagOf(answer), { type: 'application/sdp', body: offer() });
      const msrp = await phone.bind(pathOf(answer.body));
      msrp.write(send({ to: pathOf(answer.body), from: 'msrp://127.0.0.1:9/phone;tcp', body: cpim('late offer') }));
      expect(await msrp.status()).to.equal(200);
    });

    it('an INVITE without SDP whose ACK has none either is ended: it has no media, and no message waits for it', async () => {
      const callId = 'no-sdp-at-all';
      const answer = await phone.ask('INVITE', { callId });
      phone.ack(callId, tagOf(answer));
      expect(await phone.requested('BYE')).to.include(callId);
    });

    it('an ACK that repeats what nobody has asked for changes nothing', async () => {
      const callId = 'talkative';
      const answer = await phone.invite({ callId });
      phone.ack(callId, tagOf(answer), { type: 'text/plain', body: 'no answer to anything' });
      const msrp = await phone.bind(pathOf(answer.body));
      msrp.write(send({ to: pathOf(answer.body), from: 'msrp://127.0.0.1:9/phone;tcp', body: cpim('still there') }));
      expect(await msrp.status()).to.equal(200);
    });

    it('a re-INVITE with the same SDP refreshes: the same answer, and MSRP goes on [IWF-1304]', async () => {
      const chat = await phone.chat();
      const lines = ['Supported: timer', 'Session-Expires: 1800;refresher=uac'];
      const dialog = { callId: chat.callId, toTag: chat.toTag };
      const again = await phone.invite({ ...dialog, cseq: 2, lines });
      expect(again.status).to.equal(200);
      expect(pathOf(again.body)).to.equal(chat.path);
      phone.ack(chat.callId, chat.toTag, { cseq: 2 });
      expect(await chat.say(cpim('still here'))).to.equal(200);
      const bare = await phone.ask('INVITE', { ...dialog, cseq: 3 });
      expect(pathOf(bare.body)).to.equal(chat.path);
      phone.ack(chat.callId, chat.toTag, { cseq: 3, type: 'application/sdp', body: offer() });
      expect(await chat.say(cpim('still here'))).to.equal(200);
      const unanswered = await phone.ask('INVITE', { ...dialog, cseq: 4 });
      expect(pathOf(unanswered.body)).to.equal(chat.path);
      phone.ack(chat.callId, chat.toTag, { cseq: 4 });
      expect(await chat.say(cpim('as before'))).to.equal(200);
    });

    it('a MESSAGE within a chat is 405, which does not allow it; OPTIONS is answered as outside of one', async () => {
      const { callId, toTag } = await phone.chat();
      const refused = await phone.ask('MESSAGE', { callId, toTag, cseq: 2, type: messageType, body: 'x' });
      expect([refused.status, refused.header('Allow')]).to.deep.equal([
        405,
        'INVITE, ACK, CANCEL, BYE, UPDATE, OPTIONS',
      ]);
      const asked = await phone.ask('OPTIONS', { callId, toTag, cseq: 3 });
      expect([asked.status, asked.header('Allow')]).to.deep.equal([
        200,
        'INVITE, ACK, CANCEL, BYE, UPDATE, MESSAGE, OPTIONS',
      ]);
    });

    it('the answer to an INVITE names the chatbot as what it is [IWF-1002]', async () => {
      const answer = await phone.invite({ callId: 'who-are-you' });
      expect(answer.header('Contact')).to.match(/^<sip:shop@/);
      expect(answer.header('Contact')).to.include('+g.gsma.rcs.isbot').and.include('+g.gsma.rcs.botversion="#=1"');
      phone.ack('who-are-you', tagOf(answer));
    });

    it('an INVITE that is cancelled at once leaves no session behind [IWF-1329]', async () => {
      const callId = 'cancelled';
      const { port } = phone;
      const invite = requestText('INVITE', port, { callId, type: 'application/sdp', body: offer() });
      const branch = /branch=([^;\s]+)/.exec(invite)?.[1] ?? '';
      const cancel = requestText('CANCEL', port, { callId }).replace(/branch=[^;\s]+/, `branch=${branch}`);
      phone.send(invite + cancel);
      const answers = [await phone.final(), await phone.final()];
      const toCancel = answers.find((answer) => answer.header('CSeq')?.endsWith('CANCEL'));
      const toInvite = answers.find((answer) => answer.header('CSeq')?.endsWith('INVITE'));
      expect(toCancel?.status).to.equal(200);
      expect(toInvite?.status).to.equal(487);
    });

    it('an INVITE that is cancelled before its refusal needs none: no bug of ours', async () => {
      const { port } = phone;
      for (const refused of [{ type: 'text/plain', body: 'x' }, { to: 'sip:nobody@botplatform.example.net' }]) {
        log.lines.length = 0;
        const callId = `cancelled-${refused.type ?? 'nobody'}`;
        const invite = requestText('INVITE', port, { callId, type: 'application/sdp', body: offer(), ...refused });
        const branch = /branch=([^;\s]+)/.exec(invite)?.[1] ?? '';
        const cancel = requestText('CANCEL', port, { callId, ...refused, body: '' });
        phone.send(invite + cancel.replace(/branch=[^;\s]+/, `branch=${branch}`));
        const statuses = [(await phone.final()).status, (await phone.final()).status];
        expect(statuses).to.have.members([200, 487]);
        await log.waitFor('request not answered');
        expect(log.lines.map(({ event }) => event)).not.to.include('request from the network failed');
      }
    });

    it('a message inside the INVITE is taken [IWF-1106]', async () => {
      const part = (type: string, body: string) => `--b\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`;
      const first = cpim('first words', { id: 'in-invite' }).toString();
      const body = `${part(messageType, first)}${part('application/sdp', offer())}--b--\r\n`;
      const answer = await phone.invite({ callId: 'first-words', type: 'multipart/mixed;boundary=b', body });
      expect(answer.status).to.equal(200);
      phone.ack('first-words', tagOf(answer));
      const told = await world.platform.waitFor(({ body: { messageId } }) => messageId === 'in-invite');
      expect(told.body['chatMessage']).to.include({ text: 'first words' });
    });
  });

  it('counts a message that comes twice once [IWF-1601]', async () => {
    const chat = await phone.chat();
    const twice = cpim('once', { id: 'twice' });
    expect([await chat.say(twice), await chat.say(twice)]).to.deep.equal([200, 200]);
    const body = twice.toString();
    expect((await phone.ask('MESSAGE', { type: messageType, body })).status).to.equal(200);
    expect(await chat.say(cpim('next', { id: 'after-twice' }))).to.equal(200);
    await world.platform.waitFor(({ body: { messageId } }) => messageId === 'after-twice');
    const told = world.platform.callbacks.filter(({ body: { messageId } }) => messageId === 'twice');
    expect(told).to.have.length(1);
    expect(told[0]?.body).to.include({ senderAddress: rawContact });
  });
});
