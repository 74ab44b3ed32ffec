import { expect } from 'chai';
import { respond, send, type Peer } from '../../msrp/peer.js';
import { cpim, iariChatbot, icsiSession, imdn, offer, pathOf, rawContact, RawPhone, tagOf } from '../raw-phone.js';
import { startWorld, type World } from '../world.js';

const chatTags = [`Accept-Contact: *;${icsiSession}`, `Accept-Contact: *;${iariChatbot};require;explicit`];
const store = 'sip:rcse-standfw@ims.example.net';
const ofUser = 'b: <sip:+15550100002@ims.example.net;user=phone;tk=on>';
const service = (name: string): string => `P-Asserted-Service: urn:urn-7:3gpp-service.ims.icsi.oma.cpm.${name}`;

/** The network's store-and-forward function calls for a user, who stands in Referred-By (network-side facts §8). */
describe('a call of the network’s store for a user', () => {
  let world: World;
  let phone: RawPhone;
  let caller: RawPhone;

  before(async () => {
    world = await startWorld({ mode: 'session' });
  });
  after(() => world.stop());
  beforeEach(async () => {
    phone = await RawPhone.of(world);
    caller = await RawPhone.of(world);
  });
  afterEach(() => {
    phone.close();
    caller.close();
  });

  const told = (messageId: string): ReturnType<World['platform']['waitFor']> =>
    world.platform.waitFor(({ body }) => body['messageId'] === messageId);

  async function textTo(peer: Peer, text: string): Promise<string> {
    const sent = await world.platform.send(rawContact, { text, reportRequest: ['Displayed'] });
    const request = await peer.request();
    peer.write(respond(request, 200));
    expect(request.body?.toString()).to.include(text);
    return decodeURIComponent(sent.location?.split('/').at(-1) ?? '');
  }

  it('as a chat leaves the user’s own chat alone: it goes on, and what the bot says goes there [IWF-1347]', async () => {
    const chat = await phone.chat({ lines: chatTags });
    const deferred = await caller.chat({ user: store, lines: [...chatTags, ofUser] });
    expect(await deferred.say(cpim('from before', { id: 'stored', ask: 'display' }))).to.equal(200);
    expect((await told('stored')).body).to.include({ senderAddress: rawContact });
    expect(await chat.say(cpim('from now', { id: 'own' }))).to.equal(200);
    const messageId = await textTo(chat.msrp, 'to you, not to the store');
    expect((await world.platform.putStatus(rawContact, 'stored', 'Displayed')).status).to.equal(204);
    const receipt = await chat.msrp.request();
    chat.msrp.write(respond(receipt, 200));
    expect(receipt.body?.toString()).to.include('<message-id>stored</message-id>').and.include('<displayed/>');
    expect(await deferred.say(imdn(messageId, 'displayed'))).to.equal(200);
    expect((await told(messageId)).body).to.include({ status: 'Displayed' });
  });

  for (const [what, asserted] of [
    ['calls himself as the store', '"rcse-standfw@" <sip:+15550100002@ims.example.net;user=phone>'],
    ['has its name within his address', '<tel:+15550100002;by=rcse-standfw@ims.example.net>'],
    ['has its name at the end of his own', '<sip:my-rcse-standfw@ims.example.net>'],
  ] as const) {
    it(`is none of a user who ${what}: he speaks for himself, whomever his Referred-By names`, async () => {
      const id = `own-${what}`;
      const lines = [`P-Asserted-Identity: ${asserted}`, 'Referred-By: <tel:+15550109999>'];
      const parts = { user: 'sip:+15550100002@ims.example.net;user=phone', type: 'message/cpim', lines };
      const answer = await caller.ask('MESSAGE', { ...parts, body: cpim('not his words', { id }).toString() });
      expect(answer.status).to.equal(200);
      expect((await told(id)).body).to.include({ senderAddress: rawContact });
    });
  }

  it('is no invitation that the bot decides on', async () => {
    const { platform } = world;
    const confirmed = { chatNotificationSubscription: { callbackReference: { notifyURL: platform.notifyURL } } };
    const subscriptions = (await platform.subscriptions())[0]?.resourceURL ?? '';
    const more = { ...confirmed.chatNotificationSubscription, confirmedChatSupported: true };
    const made = await platform.request('POST', subscriptions.slice(0, subscriptions.lastIndexOf('/')), {
      chatNotificationSubscription: more,
    });
    expect(made.status).to.equal(201);
    const deferred = await caller.chat({ user: store, lines: [...chatTags, ofUser] });
    expect(await deferred.say(cpim('nobody to accept', { id: 'unasked' }))).to.equal(200);
    await told('unasked');
    expect((await platform.request('DELETE', made.location ?? '')).status).to.equal(204);
  });

  for (const name of ['deferred', 'session', 'largemsg']) {
    it(`in large message mode as ${name} brings what follows the headers, and these are no message [IWF-1348]`, async () => {
      const id = `large-${name}`;
      const head = cpim('', { id, ask: 'display' }).toString();
      const sdp = offer(['a=accept-types:message/cpim', 'a=accept-wrapped-types:*', 'a=sendonly']);
      const part = (type: string, body: string): string => `--b\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`;
      const body = `${part('message/cpim', head)}${part('application/sdp', sdp)}--b--\r\n`;
      const lines = [service(name), ofUser];
      const parts = { callId: id, user: store, lines, type: 'multipart/mixed;boundary=b', body };
      const answer = await caller.invite(parts);
      expect(answer.status).to.equal(200);
      caller.ack(id, tagOf(answer));
      const path = pathOf(answer.body);
      const peer = await caller.bind(path);
      peer.write(
        send({ to: path, from: 'msrp://127.0.0.1:9/phone;tcp', body: cpim('all of it', { id, ask: 'display' }) }),
      );
      expect(await peer.status()).to.equal(200);
      expect((await told(id)).body['chatMessage']).to.include({ text: 'all of it' });
    });
  }
});
