import { expect } from 'chai';
import { join } from 'node:path';
import { loadConfig } from '../../../lib/config.js';
import { startGateway } from '../../../lib/gateway.js';
import { headerOf } from '../../sip/raw-peer.js';
import { Callee, readMessage } from '../callee.js';
import { KeptLog } from '../kept-log.js';
import { Operator, requestOf } from '../operator.js';
import { cpim as message, RawPhone } from '../raw-phone.js';
import { freePort } from '../../support/free-port.js';
import { pause } from '../../support/ask-again.js';
import { silentLog } from '../../support/silent.js';
import { bot, startWorld, type World } from '../world.js';

const pager = { 'Content-Type': 'message/cpim' };

function isMessage(text: string): boolean {
  return headerOf(text, 'Content-Type') === pager['Content-Type'];
}

function cpim(messageId: string, disposition = 'positive-delivery, display'): string {
  return [
    'From: <sip:anonymous@anonymous.invalid>',
    'To: <sip:anonymous@anonymous.invalid>',
    'NS: imdn <urn:ietf:params:imdn>',
    `imdn.Message-ID: ${messageId}`,
    `imdn.Disposition-Notification: ${disposition}`,
    'DateTime: 2026-11-22T10:00:00Z',
    '',
    'Content-Type: text/plain;charset=UTF-8',
    '',
    'hello',
  ].join('\r\n');
}

function delivered(messageId: string): string {
  const imdn =
    '<?xml version="1.0" encoding="UTF-8"?><imdn xmlns="urn:ietf:params:xml:ns:imdn">' +
    `<message-id>${messageId}</message-id><datetime>2026-11-22T10:00:00Z</datetime>` +
    '<delivery-notification><status><delivered/></status></delivery-notification></imdn>';
  return [
    'From: <sip:anonymous@anonymous.invalid>',
    'To: <sip:anonymous@anonymous.invalid>',
    'NS: imdn <urn:ietf:params:imdn>',
    'imdn.Message-ID: receipt-1',
    'DateTime: 2026-11-22T10:00:01Z',
    '',
    'Content-Type: message/imdn+xml',
    'Content-Disposition: notification',
    '',
    imdn,
  ].join('\r\n');
}

describe('several operators', () => {
  let world: World;
  let home: Operator;
  let abroad: Operator;
  const log = new KeptLog();

  before(async () => {
    home = await Operator.listen();
    abroad = await Operator.listen();
    world = await startWorld({
      mode: 'standalone',
      log,
      config: {
        sip: {
          nextHop: home.hop,
          userUri: 'tel',
          pagerMaxBytes: 2000,
          ioi: 'home.example.net',
          routes: [
            {
              match: '+49',
              nextHop: abroad.hop,
              userUri: 'sip:{e164}@ims.abroad.example.net;user=phone',
              headers: { 'P-Visited-Network-ID': 'abroad', Route: '<sip:s-cscf.abroad.example.net;lr>' },
              ioi: 'us.abroad.example.net',
            },
            { match: 'hub.example.net', nextHop: abroad.hop },
          ],
        },
      },
    });
  });
  after(async () => {
    await world.stop();
    await Promise.all([home.close(), abroad.close()]);
  });

  it('reach a user each by its own way, with its headers and its form of his address [IWF-1401]', async () => {
    await world.platform.send('tel:+4930123456', { text: 'hallo' });
    const there = await abroad.waitFor('MESSAGE', isMessage);
    expect(there).to.match(/^MESSAGE sip:\+4930123456@ims\.abroad\.example\.net;user=phone SIP\/2\.0\r\n/);
    expect(headerOf(there, 'P-Visited-Network-ID')).to.equal('abroad');
    expect(headerOf(there, 'Route')).to.equal('<sip:s-cscf.abroad.example.net;lr>');
    expect(headerOf(there, 'P-Charging-Vector')).to.match(
      /^icid-value=[0-9a-f-]{36};orig-ioi=us\.abroad\.example\.net$/,
    );
    await world.platform.send('tel:+15550100001', { text: 'hello' });
    const here = await home.waitFor('MESSAGE', isMessage);
    expect(here).to.match(/^MESSAGE tel:\+15550100001 SIP/);
    expect(headerOf(here, 'P-Charging-Vector')).to.match(/;orig-ioi=home\.example\.net$/);
    expect(headerOf(here, 'P-Visited-Network-ID')).to.equal(undefined);
  });

  it('are found by the domain of an address, too [IWF-1401]', async () => {
    await world.platform.send('sip:a-token@hub.example.net', { text: 'to a token' });
    const there = await abroad.waitFor('MESSAGE sip:a-token@hub.example.net');
    expect(there).to.include('to a token');
  });

  it('keep the icid of what was sent for the records [IWF-1402]', async () => {
    const sent = await home.waitFor('MESSAGE', isMessage);
    const icid = /icid-value=([^;]+)/.exec(headerOf(sent, 'P-Charging-Vector') ?? '')?.[1];
    const line = await log.waitFor('sip request sent', (fields) => fields['icid'] === icid);
    expect(line).to.include({ method: 'MESSAGE', status: 200, nextHop: home.hop, origIoi: 'home.example.net' });
    expect(line['conversationId']).to.equal(headerOf(sent, 'Conversation-ID'));
  });

  it('are answered with their own charging vector and our term-ioi [IWF-1403]', async () => {
    const text = requestOf('MESSAGE', {
      bot,
      from: 'tel:+4930123456',
      lines: [
        'P-Charging-Vector: icid-value="a b;c";icid-generated-at=192.0.2.1;orig-ioi=abroad.example.net',
        'Content-Type: message/cpim',
      ],
      body: cpim('charged-1'),
    });
    await abroad.send(sipPort(world), text);
    const answered = await abroad.waitFor('SIP/2.0 200', (answer) => answer.includes('a b;c'));
    expect(headerOf(answered, 'P-Charging-Vector')).to.equal(
      'icid-value="a b;c";icid-generated-at=192.0.2.1;orig-ioi=abroad.example.net;term-ioi=us.abroad.example.net',
    );
    const line = await log.waitFor('sip request answered', (fields) => fields['icid'] === 'a b;c');
    expect(line).to.include({ origIoi: 'abroad.example.net', termIoi: 'us.abroad.example.net', status: 200 });
  });
});

describe('a next hop', () => {
  let world: World;
  let first: Operator | undefined;
  let second: Operator;
  let deadPort: number;
  const log = new KeptLog();

  before(async () => {
    second = await Operator.listen();
    deadPort = await freePort();
    world = await startWorld({
      mode: 'standalone',
      log,
      config: {
        sip: {
          nextHop: `sip:127.0.0.1:${deadPort};transport=tcp, ${second.hop}`,
          userUri: 'tel',
          keepAliveS: 1,
          keepAliveTimeoutS: 1,
        },
      },
    });
  });
  after(async () => {
    await world.stop();
    await Promise.all([first?.close(), second.close()]);
  });

  async function readyz(): Promise<{ status: string; checks: { name: string; state: string; detail?: string }[] }> {
    const response = await fetch(`http://127.0.0.1:${world.gateway.ports.admin}/readyz`);
    return (await response.json()) as Awaited<ReturnType<typeof readyz>>;
  }

  it('that refuses connections is passed over, is seen to be down, and is told of [IWF-1404]', async () => {
    const sent = await world.platform.send('tel:+15550100001', { text: 'over the second', reportRequest: ['Sent'] });
    expect(sent.status).to.equal(201);
    await second.waitFor('MESSAGE', (text) => text.includes('over the second'));
    await world.platform.waitFor(({ body }) => body['status'] === 'Sent');
    await log.waitFor('next hop down', (fields) => String(fields['nextHop']).includes(`:${deadPort};`));
    const { status, checks } = await readyz();
    expect(status).to.equal('degraded');
    expect(checks.find(({ name }) => name === 'next hops')).to.deep.include({
      state: 'degraded',
      detail: `down: sip:127.0.0.1:${deadPort};transport=tcp`,
    });
    const metrics = await (await fetch(`http://127.0.0.1:${world.gateway.ports.admin}/metrics`)).text();
    expect(metrics).to.include(`iwf_sip_next_hop_up{hop="sip:127.0.0.1:${deadPort};transport=tcp"} 0`);
    expect(metrics).to.include(`iwf_sip_next_hop_up{hop="${second.hop}"} 1`);
  });

  it('that comes back is found by OPTIONS, and preferred again [IWF-1405]', async () => {
    first = await Operator.listen(deadPort);
    await first.waitFor('OPTIONS');
    await log.waitFor('next hop up');
    await world.platform.send('tel:+15550100001', { text: 'over the first' });
    await first.waitFor('MESSAGE', (text) => text.includes('over the first'));
    expect((await readyz()).status).to.equal('ready');
  });

  it('that answers 503 is passed over until its Retry-After is over [IWF-1406]', async () => {
    first!.answer = (text) =>
      text.startsWith('MESSAGE') ? { statusLine: '503 Busy', lines: ['Retry-After: 60'] } : { statusLine: '200 OK' };
    await world.platform.send('tel:+15550100001', { text: 'busy once' });
    await second.waitFor('MESSAGE', (text) => text.includes('busy once'));
    await first!.waitFor('MESSAGE', (text) => text.includes('busy once'));
    await world.platform.send('tel:+15550100001', { text: 'spared' });
    await second.waitFor('MESSAGE', (text) => text.includes('spared'));
    expect(first!.seen.some((text) => text.includes('spared'))).to.equal(false);
  });
});

for (const engine of ['embedded', 'drachtio'] as const) {
  describe(`a next hop that says nothing (engine ${engine})`, () => {
    let world: World;
    let silent: Operator;
    let callee: Callee;

    before(async () => {
      silent = await Operator.listen();
      silent.answer = () => undefined;
      callee = await Callee.listen();
      world = await startWorld({
        mode: 'session',
        engine,
        // Timers B and F are 64 times T1.
        config: { sip: { nextHop: `${silent.hop},${callee.operator.hop}`, userUri: 'tel', keepAliveS: 0, t1Ms: 20 } },
      });
    });
    after(async () => {
      await world.stop();
      await Promise.all([silent.close(), callee.close()]);
    });

    // A server elsewhere has the timers of the standard: 32 s.
    if (engine === 'embedded')
      it('is given up when the timer fires, and a session is opened over the other; then it is spared [IWF-1407]', async () => {
        await world.platform.send('tel:+15550100001', { text: 'over the second', reportRequest: ['Sent'] });
        await silent.waitFor('INVITE');
        const peer = await callee.session();
        expect((await readMessage(peer)).body?.toString()).to.include('over the second');
        await world.platform.waitFor(({ body }) => body['status'] === 'Sent');
        await world.platform.send('tel:+15550100002', { text: 'at once' });
        await readMessage(await callee.session());
        expect(silent.seen.some((text) => text.includes('+15550100002'))).to.equal(false);
      });

    it('or that breaks off: the other is taken [IWF-1408]', async () => {
      await silent.close();
      await world.platform.send('tel:+15550100003', { text: 'broken off' });
      await readMessage(await callee.session());
    });
  });
}

describe('Privacy: id', () => {
  const number = '+15550100077';
  let world: World;
  let operator: Operator;

  before(async () => {
    operator = await Operator.listen();
    world = await startWorld({
      mode: 'standalone',
      platform: { trustedWithNumbers: false },
      config: { sip: { nextHop: operator.hop, userUri: 'tel', privacyKey: '5a'.repeat(32) } },
    });
  });
  after(async () => {
    await world.stop();
    await operator.close();
  });

  async function sendHidden(messageId: string, lines: readonly string[] = ['Privacy: id']): Promise<string> {
    const text = requestOf('MESSAGE', {
      bot,
      from: 'sip:anonymous@anonymous.invalid',
      lines: [`P-Asserted-Identity: <tel:${number}>`, ...lines, 'Content-Type: message/cpim'],
      body: cpim(messageId),
    });
    await operator.send(sipPort(world), text);
    const told = await world.platform.waitFor(({ body }) => body['messageId'] === messageId);
    return String(told.body['senderAddress']);
  }

  it('keeps the number from a platform that is not trusted with it, behind a token that stays the same [IWF-1409]', async () => {
    const token = await sendHidden('hidden-1');
    expect(token).to.match(/^sip:u[0-9a-f]{32}@anonymous\.invalid$/);
    expect(await sendHidden('hidden-2', ['Privacy: user;id'])).to.equal(token);
    expect(JSON.stringify(world.platform.callbacks)).not.to.include(number);
    expect(await sendHidden('shown-1', [])).to.equal(`tel:${number}`);
  });

  it('lets receipts and replies reach the user all the same [IWF-1410]', async () => {
    const token = await sendHidden('hidden-3');
    expect((await world.platform.putStatus(token, 'hidden-3', 'Displayed')).status).to.equal(204);
    const receipt = await operator.waitFor('MESSAGE', (text) => text.includes('<message-id>hidden-3</message-id>'));
    expect(receipt).to.match(new RegExp(`^MESSAGE tel:\\${number} SIP`));
    const sent = await world.platform.send(token, { text: 'a reply', reportRequest: ['Delivered'] });
    expect(sent.status).to.equal(201);
    const reply = await operator.waitFor('MESSAGE', (text) => text.includes('a reply'));
    expect(reply).to.match(new RegExp(`^MESSAGE tel:\\${number} SIP`));
  });

  it('holds in a session, which takes the replies to the token [IWF-1410]', async () => {
    const phone = await RawPhone.of(world);
    const chat = await phone.chat({ lines: ['Privacy: id'] });
    expect(await chat.say(message('from a chat', { id: 'hidden-chat' }))).to.equal(200);
    const told = await world.platform.waitFor(({ body }) => body['messageId'] === 'hidden-chat');
    const token = String(told.body['senderAddress']);
    expect(token).to.match(/@anonymous\.invalid$/);
    await world.platform.send(token, { text: 'into the chat' });
    expect((await readMessage(chat.msrp)).body?.toString()).to.include('into the chat');
    phone.close();
  });

  it('makes a token that nobody is known behind an unknown address [IWF-1412]', async () => {
    const sent = await world.platform.send(`sip:u${'0'.repeat(32)}@anonymous.invalid`, { text: 'anybody?' });
    expect(sent.status).to.equal(400);
    expect(JSON.stringify(sent.body)).to.include('SVC0004');
  });

  it('matches the receipt of a user who shows his number then [IWF-1411]', async () => {
    const reply = await operator.waitFor('MESSAGE', (text) => text.includes('a reply'));
    const messageId = /imdn\.Message-ID: (\S+)/.exec(reply)?.[1] ?? '';
    const text = requestOf('MESSAGE', {
      bot,
      from: `tel:${number}`,
      lines: [`P-Asserted-Identity: <tel:${number}>`, 'Content-Type: message/cpim'],
      body: delivered(messageId),
    });
    await operator.send(sipPort(world), text);
    const told = await world.platform.waitFor(({ body }) => body['status'] === 'Delivered');
    expect(told.body['messageId']).to.equal(messageId);
    expect(JSON.stringify(told.body)).not.to.include(number);
  });
});

describe('a pager message [IWF-1401]', () => {
  it('is whole within pagerMaxBytes, with the headers of its route and a long name of ours', async () => {
    const operator = await Operator.listen();
    operator.answer = (text) => ({ statusLine: text.startsWith('INVITE') ? '404 Not Found' : '200 OK' });
    const route = {
      match: '+1555',
      nextHop: operator.hop,
      ioi: 'home.example.net',
      headers: { 'X-More': 'x'.repeat(40) },
    };
    const advertise = 'iwf-01.messaging.site-a.production.operator.mnc001.mcc262.3gppnetwork.org';
    const config = { sip: { userUri: 'tel', pagerMaxBytes: 1600, advertise, routes: [route] } };
    const world = await startWorld({ mode: 'standalone', config });
    const started = (method: string): readonly string[] => operator.seen.filter((text) => text.startsWith(method));
    for (let length = 10; started('INVITE').length === 0; length += 10) {
      await world.platform.send(`tel:+1555010${1000 + length}`, { text: 'x'.repeat(length) });
      const goes = (): number => started('INVITE').length + started('MESSAGE').length;
      while (goes() < length / 10) await pause();
    }
    const bytes = started('MESSAGE').map((text) => Buffer.byteLength(text));
    expect(Math.max(...bytes)).to.be.within(1500, 1600);
    await world.stop();
    await operator.close();
  });
});

describe('how a user is named', () => {
  const [silent, speaking] = ['+15550100031', '+15550100032'];
  let world: World;
  let operator: Operator;

  before(async () => {
    operator = await Operator.listen();
    world = await startWorld({ mode: 'standalone', config: { sip: { nextHop: operator.hop, userUri: 'tel' } } });
  });
  after(async () => {
    await world.stop();
    await operator.close();
  });

  async function requestUri(number: string, text: string): Promise<string | undefined> {
    expect((await world.platform.send(`tel:${number}`, { text })).status).to.equal(201);
    const sent = await operator.waitFor('MESSAGE', (message) => message.includes(text));
    return sent.split(' ', 2)[1];
  }

  it('is the configuration’s to say, also where it said otherwise before, until he has written himself', async () => {
    const own = `sip:${speaking}@ims.home.example;user=phone`;
    const lines = [`P-Asserted-Identity: <${own}>`, 'Content-Type: message/cpim'];
    expect(await requestUri(silent, 'first')).to.equal(`tel:${silent}`);
    await operator.send(sipPort(world), requestOf('MESSAGE', { bot, from: own, lines, body: cpim('he-writes') }));
    await world.platform.waitFor(({ body }) => body['messageId'] === 'he-writes');
    expect(await requestUri(speaking, 'a reply')).to.equal(own);

    await world.gateway.stop();
    const env = { IWF_SIP__USERURI: 'sip:{e164}@ims.example.net;user=phone' };
    const another = await startGateway(loadConfig({ file: join(world.folder, 'config.json'), env }), silentLog);
    try {
      expect(await requestUri(silent, 'second')).to.equal(`sip:${silent}@ims.example.net;user=phone`);
      expect(await requestUri(speaking, 'another reply')).to.equal(own);
    } finally {
      await another.stop();
    }
  });
});

function sipPort({ gateway }: World): number {
  return Number(/^tcp\/.*:(\d+)$/.exec(gateway.sip.find((address) => address.startsWith('tcp/')) ?? '')?.[1]);
}
