/** Subscriptions that ask for XML are told in XML: by callback and by WebSocket, content and callbackData exact, signed as sent. */
import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { parseXml } from '../../../lib/resources/forms/xml-form.js';
import { until } from '../../notify/harness.js';
import { type CallbackServer, type RawCallback, startCallbackServer } from '../../support/callback-server.js';
import { bot, contact, startWorld, type World } from '../world.js';

const secret = `whsec_${Buffer.from('thirty-two octets, or a few more.').toString('base64')}`;
/** Markup, quotes, white space that a parser would normalise, and characters beyond the BMP. */
const peculiar = ' <a href="x">&amp; \'q\' ]]> \r\n\té 🎉 \u2028 ';

type Members = Readonly<Record<string, unknown>>;

describe('notifications in XML [IWF-1532]', () => {
  let world: World;
  let server: CallbackServer;

  before(async () => {
    const notify = { allow: ['127.0.0.1'], secrets: [secret] };
    world = await startWorld({ subscribe: false, platform: { notify }, receipts: ['delivered'] });
    server = await startCallbackServer();
    const answer = await subscribe({ notifyURL: server.url, callbackData: peculiar, notificationFormat: 'XML' });
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
  });
  after(async () => {
    await server.close();
    await world.stop();
  });

  const subscribe = (callbackReference: Members): ReturnType<World['platform']['request']> =>
    world.platform.request('POST', `/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
      chatNotificationSubscription: { callbackReference },
    });
  const isOf =
    (messageId: string) =>
    ({ body }: RawCallback): boolean =>
      body.includes(`<messageId>${messageId}</messageId>`);
  const told = (xml: Buffer, root: string): Members => parseXml(xml.toString('utf8'))[root] as Members;

  it('are POSTed as application/xml under their root, with callbackData and content exact', async () => {
    const messageId = await world.phone.send(bot, peculiar);
    const { headers, body } = await server.waitFor(isOf(messageId));
    expect(headers['content-type']).to.equal('application/xml');
    expect(body.toString()).to.match(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<chat:chatMessageNotification xmlns:chat="urn:oma:xml:rest:netapi:chat:1">/,
    );
    const notification = told(body, 'chatMessageNotification');
    expect(notification).to.include({ callbackData: peculiar, messageId, senderAddress: contact });
    expect(notification['notificationId']).to.equal(headers['webhook-id']);
    expect(notification).to.have.nested.property('chatMessage.text', peculiar);
  });

  it('are signed over the octets sent', async () => {
    const messageId = await world.phone.send(bot, 'signed');
    const { headers, body } = await server.waitFor(isOf(messageId));
    const head = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.`;
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signature = createHmac('sha256', key).update(head).update(body).digest('base64');
    expect(headers['webhook-signature']).to.equal(`v1,${signature}`);
  });

  it('carry content that XML cannot hold as base64, octet for octet', async () => {
    const content = 'bell \u0007 and\u0000nul';
    const messageId = await world.phone.send(bot, content, 'application/json');
    const { body } = await server.waitFor(isOf(messageId));
    const message = told(body, 'chatMessageNotification')['chatMessage'] as Record<string, string>;
    expect(message).to.include({ contentType: 'application/json', contentEncoding: 'base64' });
    expect(Buffer.from(message['bodyText'] ?? '', 'base64').toString()).to.equal(content);
  });

  it('repeat the same octets under the same id until they are taken', async () => {
    let failures = 1;
    server.answer = () => ({ status: failures-- > 0 ? 503 : 204 });
    const messageId = await world.phone.send(bot, 'again');
    await server.waitFor((call) => isOf(messageId)(call) && server.calls.filter(isOf(messageId)).length === 2);
    const [first, second] = server.calls.filter(isOf(messageId));
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).to.equal(true);
    expect(second?.headers['webhook-id']).to.equal(first?.headers['webhook-id']);
  });

  it('tell the status of messages, and that the user is writing', async () => {
    const sent = await world.platform.send(contact, { text: 'hello', reportRequest: ['Delivered'] });
    const statusOf = ({ body }: RawCallback): boolean => body.includes('chatMessageStatusNotification');
    const { body } = await server.waitFor(statusOf);
    const notification = told(body, 'chatMessageStatusNotification');
    expect(notification).to.include({ status: 'Delivered', callbackData: peculiar });
    expect(notification).to.have.nested.property('link[0].href', sent.location);
    // It is dropped behind a callback that is under way.
    const isTyping = ({ body }: RawCallback): boolean => body.includes('<isComposing><state>active</state>');
    await until(async () => {
      await world.phone.sendComposing(bot, 'active');
      return server.calls.some(isTyping);
    });
    expect(server.calls.find(isTyping)?.headers['content-type']).to.equal('application/xml');
  });

  it('go through WebSockets as XML too, beside those in JSON, in order', async () => {
    const made = await world.platform.request('POST', `/notificationchannel/v1/${encodeURIComponent(bot)}/channels`, {
      notificationChannel: { channelType: 'WebSockets' },
    });
    const { notificationChannel: channel } = made.body as {
      notificationChannel: { channelData: { channelURL: string }; callbackURL: string };
    };
    for (const notificationFormat of ['XML', 'JSON']) {
      expect((await subscribe({ notifyURL: channel.callbackURL, notificationFormat })).status).to.equal(201);
    }
    const socket = new WebSocket(channel.channelData.channelURL, {
      headers: { authorization: 'Bearer a-key-of-the-spec' },
    });
    const frames: string[] = [];
    const both = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        frames.push(data.toString());
        if (frames.length === 2) resolve();
      });
    });
    await once(socket, 'open');
    await world.phone.send(bot, peculiar);
    await both;
    socket.close();
    const xml = frames.find((frame) => frame.startsWith('<?xml')) ?? '';
    expect(xml).to.match(/^<\?xml[^>]+>\n<nc:notificationList [^>]+><chat:chatMessageNotification /);
    expect(xml).to.include('<text> &lt;a href="x"&gt;&amp;amp; \'q\' ]]&gt; &#13;\n\té 🎉 \u2028 </text>');
    const json = JSON.parse(frames.find((frame) => frame.startsWith('{')) ?? '') as Members;
    expect(json).to.have.nested.property('notificationList[0].chatMessageNotification.chatMessage.text', peculiar);
  });

  it('are refused with callbackData that XML could not return unaltered', async () => {
    const reference = { notifyURL: server.url, callbackData: 'a\u0001b' };
    const { status, body } = await subscribe({ ...reference, notificationFormat: 'XML' });
    expect(status).to.equal(400);
    expect(body)
      .to.have.nested.property('requestError.serviceException.variables[0]')
      .that.equals('chatNotificationSubscription.callbackReference.callbackData');
    expect((await subscribe({ ...reference, notificationFormat: 'JSON' })).status).to.equal(201);
  });
});
