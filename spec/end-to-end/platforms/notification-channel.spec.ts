import { expect } from 'chai';
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { bot, contact, startWorld, type World } from '../world.js';

interface Channel {
  readonly channelType: string;
  readonly channelData: { readonly channelURL: string; readonly maxNotifications: number };
  readonly channelLifetime: number;
  readonly callbackURL: string;
  readonly resourceURL: string;
}

type Told = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const channels = `/notificationchannel/v1/${encodeURIComponent(bot)}/channels`;
const subprotocol = 'notificationchannel-netapi-rest.openmobilealliance.org';
const authorization = 'Bearer a-key-of-the-spec';

describe('notification channels over real sockets', () => {
  let world: World;

  before(async () => {
    world = await startWorld({ subscribe: false });
  });
  after(() => world.stop());
  // Each begins without a channel, without a subscription, and with nobody in a chat.
  afterEach(async () => {
    await world.phone.hangUp(bot);
    const { body } = await world.platform.request('GET', channels);
    const { notificationChannelList } = body as { notificationChannelList: { notificationChannel: Channel[] } };
    for (const { resourceURL } of notificationChannelList.notificationChannel)
      await world.platform.request('DELETE', resourceURL);
  });

  const make = async (asked: Readonly<Record<string, unknown>>): Promise<Channel> => {
    const answer = await world.platform.request('POST', channels, { notificationChannel: asked });
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
    const { notificationChannel } = answer.body as { notificationChannel: Channel };
    expect(answer.location).to.equal(notificationChannel.resourceURL);
    return notificationChannel;
  };
  const subscribe = async ({ callbackURL }: Channel): Promise<void> => {
    const answer = await world.platform.request('POST', `/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
      chatNotificationSubscription: { callbackReference: { notifyURL: callbackURL, callbackData: 'the data' } },
    });
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
  };
  const poll = async ({ channelData }: Channel, body?: unknown): Promise<readonly Told[] | null> => {
    const answer = await world.platform.request('POST', channelData.channelURL, body);
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
    return (answer.body as { notificationList: readonly Told[] | null }).notificationList;
  };
  const textOf = (told: Told): unknown => (told['chatMessageNotification']?.['chatMessage'] as { text: string }).text;

  describe('long polling', () => {
    it('answers a poll that hangs as soon as there is something, and the next one when there is more [IWF-1503]', async () => {
      const channel = await make({ channelType: 'LongPolling' });
      await subscribe(channel);
      const hanging = poll(channel);
      await world.phone.send(bot, 'one');
      const [first] = (await hanging) ?? [];
      expect(textOf(first!)).to.equal('one');
      expect(first!['chatMessageNotification']).to.include({ callbackData: 'the data', senderAddress: contact });
      expect(first!['chatMessageNotification']!['notificationId']).to.be.a('string');
      await world.phone.send(bot, 'two');
      expect(((await poll(channel)) ?? []).map(textOf)).to.deep.equal(['two']);
    });

    it('is answered null when the wait ends with nothing [IWF-1503]', async () => {
      const channel = await make({ channelType: 'LongPolling', channelData: { maxWaitTime: 0 } });
      expect(await poll(channel)).to.equal(null);
    });

    it('holds what comes while nobody polls, in order, and gives no more at once than was asked for', async () => {
      const channel = await make({ channelType: 'longpolling', channelData: { maxNotifications: '2' } });
      await subscribe(channel);
      for (const text of ['a', 'b', 'c']) await world.phone.send(bot, text);
      const texts: unknown[] = [];
      while (texts.length < 3) {
        const told = (await poll(channel)) ?? [];
        expect(told).to.have.length.within(1, 2);
        texts.push(...told.map(textOf));
      }
      expect(texts).to.deep.equal(['a', 'b', 'c']);
    });

    it('answers the first poll empty when a second one comes [IWF-1507]', async () => {
      const channel = await make({ channelType: 'LongPolling' });
      await subscribe(channel);
      const first = poll(channel);
      const second = poll(channel);
      const loser = await Promise.race([first.then(() => 'first'), second.then(() => 'second')]);
      await world.phone.send(bot, 'here');
      const [winner, empty] = loser === 'first' ? [second, first] : [first, second];
      expect(await empty).to.equal(null);
      expect(((await winner) ?? []).map(textOf)).to.deep.equal(['here']);
    });

    it('gives again what a client took that went away in the middle [IWF-1504]', async () => {
      const channel = await make({ channelType: 'LongPolling' });
      await subscribe(channel);
      const gone = new AbortController();
      const headers = { authorization };
      const hanging = fetch(channel.channelData.channelURL, { method: 'POST', headers, signal: gone.signal });
      gone.abort();
      await hanging.catch(() => undefined);
      await world.phone.send(bot, 'again');
      expect(((await poll(channel)) ?? []).map(textOf)).to.deep.equal(['again']);
    });

    it('acknowledges exactly what a body names', async () => {
      const channel = await make({ channelType: 'LongPolling', channelData: { maxWaitTime: 5 } });
      await subscribe(channel);
      await world.phone.send(bot, 'kept');
      const [told] = (await poll(channel)) ?? [];
      const id = told!['chatMessageNotification']!['notificationId'];
      expect(((await poll(channel, { ack: [] })) ?? []).map(textOf)).to.deep.equal(['kept']);
      await world.phone.send(bot, 'new');
      expect(((await poll(channel, { ack: [id] })) ?? []).map(textOf)).to.deep.equal(['new']);
      const bad = await world.platform.request('POST', channel.channelData.channelURL, { ack: 'all' });
      expect(bad.status).to.equal(400);
    });

    it('keeps what was not acknowledged over a restart [IWF-1505]', async () => {
      const channel = await make({ channelType: 'LongPolling' });
      await subscribe(channel);
      await world.phone.sendPager(bot, 'durable');
      expect(((await poll(channel)) ?? []).map(textOf)).to.deep.equal(['durable']);
      await world.restart();
      expect(((await poll(channel)) ?? []).map(textOf)).to.deep.equal(['durable']);
      await world.phone.sendPager(bot, 'later');
      expect(((await poll(channel)) ?? []).map(textOf)).to.deep.equal(['later']);
    });

    it('takes no place of other requests while it hangs', async () => {
      const usual = world;
      world = await startWorld({ subscribe: false, config: { rest: { maxInFlight: 1 } } });
      try {
        const channel = await make({ channelType: 'LongPolling' });
        const hanging = poll(channel);
        await subscribe(channel);
        await world.phone.sendPager(bot, 'through');
        expect(((await hanging) ?? []).map(textOf)).to.deep.equal(['through']);
      } finally {
        await world.stop();
        world = usual;
      }
    });

    it('has an XML form', async () => {
      const channel = await make({ channelType: 'LongPolling' });
      await subscribe(channel);
      await world.phone.send(bot, 'in XML');
      const headers = { authorization, accept: 'application/xml' };
      const answer = await fetch(channel.channelData.channelURL, { method: 'POST', headers });
      const text = await answer.text();
      expect(text).to.include('<nc:notificationList xmlns:nc="urn:oma:xml:rest:netapi:notificationchannel:1">');
      expect(text).to.include('<chat:chatMessageNotification').and.to.include('<text>in XML</text>');
    });
  });

  describe('the resource', () => {
    it('is shown, listed, prolonged and ended, and its subscriptions end with it', async () => {
      const { platform } = world;
      const channel = await make({ channelType: 'LongPolling', channelLifetime: 600, applicationTag: 'shop' });
      await subscribe(channel);
      const shown = await platform.request('GET', channel.resourceURL);
      expect(shown.body).to.have.nested.property('notificationChannel.applicationTag', 'shop');
      const listed = await platform.request('GET', channels);
      expect(listed.body).to.have.nested.property('notificationChannelList.notificationChannel').with.length(1);
      const lifetime = `${channel.resourceURL}/channelLifetime`;
      const put = await platform.request('PUT', lifetime, { notificationChannelLifetime: { channelLifetime: 60 } });
      expect(put.body).to.have.nested.property('notificationChannelLifetime.channelLifetime', 60);
      expect((await platform.request('DELETE', channel.resourceURL)).status).to.equal(204);
      expect((await platform.request('GET', channel.resourceURL)).status).to.equal(404);
      expect((await platform.request('POST', channel.channelData.channelURL)).status).to.equal(404);
      const subscriptions = await platform.request('GET', `/chat/v1/${encodeURIComponent(bot)}/subscriptions`);
      expect(subscriptions.body)
        .to.have.nested.property('chatSubscriptionList.chatNotificationSubscription')
        .with.length(0);
    });

    it('is made once for one clientCorrelator', async () => {
      const asked = { channelType: 'LongPolling', clientCorrelator: 'c1' };
      const [one, two] = [await make(asked), await make(asked)];
      expect(two.resourceURL).to.equal(one.resourceURL);
      const other = await world.platform.request('POST', channels, {
        notificationChannel: { ...asked, channelType: 'WebSockets' },
      });
      expect(other.status).to.equal(409);
    });

    it('refuses a type of channel that does not exist [IWF-1519]', async () => {
      const answer = await world.platform.request('POST', channels, { notificationChannel: { channelType: 'SMS' } });
      expect(answer.status).to.equal(403);
      expect(answer.body).to.have.nested.property('requestError.policyException.messageId', 'POL1023');
    });

    it('refuses a subscription to a channel that does not exist', async () => {
      const channel = await make({ channelType: 'LongPolling' });
      await world.platform.request('DELETE', channel.resourceURL);
      const answer = await world.platform.request('POST', `/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
        chatNotificationSubscription: { callbackReference: { notifyURL: channel.callbackURL } },
      });
      expect(answer.status).to.equal(400);
    });
  });

  describe('WebSockets', () => {
    const open = async ({
      channelData,
    }: Channel): Promise<{ socket: WebSocket; next: () => Promise<readonly Told[]> }> => {
      const socket = new WebSocket(channelData.channelURL, subprotocol, { headers: { authorization } });
      const come: (readonly Told[])[] = [];
      const waiting: ((told: readonly Told[]) => void)[] = [];
      socket.on('message', (data: Buffer) => {
        const { notificationList } = JSON.parse(data.toString()) as { notificationList: readonly Told[] };
        const waiter = waiting.shift();
        if (waiter) waiter(notificationList);
        else come.push(notificationList);
      });
      await once(socket, 'open');
      const next = (): Promise<readonly Told[]> => {
        const here = come.shift();
        return here ? Promise.resolve(here) : new Promise((resolve) => waiting.push(resolve));
      };
      return { socket, next };
    };
    const idOf = (told: Told | undefined): unknown => Object.values(told ?? {})[0]?.['notificationId'];

    it('carries notifications, and repeats to the next connection what was not acknowledged [IWF-1504][IWF-1506]', async () => {
      const channel = await make({ channelType: 'WebSockets' });
      expect(channel.channelData.channelURL).to.match(/^ws:/);
      await subscribe(channel);
      const first = await open(channel);
      expect(first.socket.protocol).to.equal(subprotocol);
      await world.phone.send(bot, 'one');
      const [one] = await first.next();
      await world.phone.send(bot, 'two');
      const [two] = await first.next();
      expect([one, two].map((told) => textOf(told!))).to.deep.equal(['one', 'two']);
      first.socket.send(JSON.stringify({ ack: [idOf(one)] }));
      first.socket.close();
      await once(first.socket, 'close');
      const second = await open(channel);
      expect((await second.next()).map(textOf)).to.deep.equal(['two']);
      second.socket.close();
    });

    it('sends no more unacknowledged than was asked for', async () => {
      const channel = await make({ channelType: 'WebSockets', channelData: { maxNotifications: 1 } });
      await subscribe(channel);
      const { socket, next } = await open(channel);
      await world.phone.send(bot, 'one');
      await world.phone.send(bot, 'two');
      const [one] = await next();
      expect(textOf(one!)).to.equal('one');
      socket.send(JSON.stringify({ ack: [idOf(one)] }));
      expect((await next()).map(textOf)).to.deep.equal(['two']);
      socket.close();
    });

    it('tells that the user is writing to who is there', async () => {
      const channel = await make({ channelType: 'WebSockets' });
      await subscribe(channel);
      const { socket, next } = await open(channel);
      await world.phone.sendComposing(bot, 'active');
      const [told] = await next();
      expect(told!['chatMessageNotification']).to.have.nested.property('isComposing.state', 'active');
      socket.close();
    });

    it('lets a newer connection take the place of the older [IWF-1507]', async () => {
      const channel = await make({ channelType: 'WebSockets' });
      const first = await open(channel);
      const closed = once(first.socket, 'close');
      const second = await open(channel);
      expect((await closed)[0]).to.equal(4001);
      second.socket.close();
    });

    it('ends a connection that says what is no acknowledgement', async () => {
      const channel = await make({ channelType: 'WebSockets' });
      for (const hostile of ['{', '{"ack":1}', '{"ack":[{}]}']) {
        const { socket } = await open(channel);
        socket.send(hostile);
        expect((await once(socket, 'close'))[0]).to.equal(1007);
      }
      const { socket } = await open(channel);
      socket.send('x'.repeat(300 * 1024));
      expect((await once(socket, 'close'))[0]).to.equal(1009);
    });

    it('opens for nobody without a credential, nor for a channel that does not exist', async () => {
      const channel = await make({ channelType: 'WebSockets' });
      const polled = await make({ channelType: 'LongPolling' });
      const url = channel.channelData.channelURL;
      const statusOf = async (to: string, options: object): Promise<number> => {
        const socket = new WebSocket(to, subprotocol, options);
        const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
        return response.statusCode;
      };
      const headers = { authorization };
      expect(await statusOf(url, {})).to.equal(401);
      expect(await statusOf(url, { headers: { authorization: 'Bearer other' } })).to.equal(401);
      expect(await statusOf(url.replace(/channels\/.*\//, 'channels/none/'), { headers })).to.equal(404);
      expect(await statusOf(polled.channelData.channelURL.replace('http', 'ws'), { headers })).to.equal(404);
      expect(await statusOf(url.replace(/\/notifications$/, ''), { headers })).to.equal(404);
      expect(await statusOf(url.replace('channels/', 'channels/%E0'), { headers })).to.equal(400);
    });

    it('leaves a request alone that would also speak HTTP/2', async () => {
      const { hostname, port } = new URL(channelsRoot());
      const socket = connect(Number(port), hostname);
      const body = JSON.stringify({ notificationChannel: { channelType: 'LongPolling' } });
      socket.write(
        `POST ${channels} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${authorization}\r\n` +
          'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n' +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      const [answer] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      expect(answer.toString()).to.match(/^HTTP\/1\.1 201 /);
    });

    const handshake = { Host: 'x', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    for (const [what, changed, part] of [
      ['no key', { 'Sec-WebSocket-Key': undefined }, 'Sec-WebSocket-Key'],
      ['a key that is none', { 'Sec-WebSocket-Key': 'abc' }, 'Sec-WebSocket-Key'],
      ['another version', { 'Sec-WebSocket-Version': '7' }, 'Sec-WebSocket-Version'],
      ['a subprotocol that is none', { 'Sec-WebSocket-Protocol': `${subprotocol},,` }, 'Sec-WebSocket-Protocol'],
      ['no Host', { Host: undefined }, 'Host'],
    ] as const)
      it(`answers a handshake with ${what} as every request: Date, and a requestError that names it`, async () => {
        const channel = await make({ channelType: 'WebSockets' });
        const { hostname, port, pathname } = new URL(channel.channelData.channelURL);
        const socket = connect(Number(port), hostname);
        const headers = Object.entries({ ...handshake, ...changed, Authorization: authorization });
        const lines = headers.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
        socket.write(`GET ${pathname} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines.join('')}\r\n`);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        socket.destroy();
        expect(answer.toString())
          .to.match(/^HTTP\/1\.1 400 [^]*\r\nDate: [^]*\r\n\r\n\{"requestError":/)
          .and.to.contain(`"${part}"`);
        if (part !== 'Host') expect(answer.toString()).to.contain('\r\nSec-WebSocket-Version: 13, 8\r\n');
      });

    it('polls by POST, whatever it would also speak', async () => {
      const channel = await make({ channelType: 'LongPolling', channelData: { maxWaitTime: 0 } });
      const { hostname, port, pathname } = new URL(channel.channelData.channelURL);
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST ${pathname} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n` +
          'Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n',
      );
      const [answer] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      expect(answer.toString()).to.match(/^HTTP\/1\.1 200 [^]*\{"notificationList":null\}/);
    });

    it('upgrades nothing for a version that has no upgrades, and answers in its own', async () => {
      const channel = await make({ channelType: 'WebSockets' });
      const { hostname, port, pathname } = new URL(channel.channelData.channelURL);
      for (const version of ['0.9', '1.0', '2.0']) {
        const socket = connect(Number(port), hostname);
        socket.write(
          `GET ${pathname} HTTP/${version}\r\nHost: ${hostname}\r\nAuthorization: ${authorization}\r\n` +
            'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        );
        const [answer] = (await once(socket, 'data')) as [Buffer];
        socket.destroy();
        expect(answer.toString(), version).to.match(/^HTTP\/1\.1 4\d\d /);
      }
    });

    const channelsRoot = (): string => `http://127.0.0.1:${world.gateway.ports.rest}`;
  });
});
