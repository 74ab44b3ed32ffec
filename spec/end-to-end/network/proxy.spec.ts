/** The gateway behind an operator's proxy (Kamailio) that stays in the path: every request, both ways, by the route set. */
import { expect } from 'chai';
import { headerOf, message, respondTo } from '../../sip/raw-peer.js';
import { freePort } from '../../support/free-port.js';
import { hasKamailio, type Kamailio, startKamailio } from '../../support/kamailio.js';
import { Callee, readMessage } from '../callee.js';
import { requestOf } from '../operator.js';
import {
  cpim,
  type FinalResponse,
  offer,
  rawContact,
  RawPhone,
  type RequestParts,
  requestText,
  tagOf,
} from '../raw-phone.js';
import { bot, contact, startWorld, type World, type WorldOptions } from '../world.js';

const chat = `/chat/v1/${encodeURIComponent(bot)}`;

const legs = [
  { protocol: 'udp', engine: 'embedded' },
  { protocol: 'tcp', engine: 'embedded' },
  { protocol: 'udp', engine: 'drachtio' },
] as const;

for (const { protocol, engine } of legs)
  describe(`behind Kamailio with Record-Route, over ${protocol}, engine ${engine} [IWF-1345]`, () => {
    let port: number;
    let world: World;
    let kamailio: Kamailio;

    /** The phone is `callee`, or else the simulated one. */
    async function begin(callee: Callee | undefined, options: WorldOptions = {}): Promise<void> {
      port = await freePort();
      const sip = { nextHop: `sip:127.0.0.1:${port};transport=${protocol}` };
      world = await startWorld({ engine, phoneVia: port, ...options, config: { sip } });
      kamailio = await startKamailio({
        port,
        gateway: `sip:127.0.0.1:${world.ports.sip};transport=${protocol}`,
        phone: callee?.operator.hop ?? `sip:127.0.0.1:${world.ports.phone};transport=tcp`,
      });
    }

    async function end(): Promise<void> {
      await world.stop();
      await kamailio.close();
    }

    before(function () {
      if (!hasKamailio()) this.skip();
    });

    describe('a phone', () => {
      before(() => begin(undefined, { receipts: ['delivered'] }));
      after(() => end());

      it('is asked what it can do, and takes standalone messages; asks, and sends one', async () => {
        const { phone, platform } = world;
        phone.services = 'standalone';
        const path = `/capabilitydiscovery/v1/${encodeURIComponent(bot)}/contactCapabilities/${encodeURIComponent(contact)}`;
        expect(JSON.stringify(await platform.request('GET', path))).to.include('ChatbotSA');
        await platform.send(contact, { text: 'by MESSAGE' });
        await phone.until(() => phone.inbox.length === 1);
        expect(phone.inbox[0]).to.include({ text: 'by MESSAGE', way: 'pager' });
        const messageId = await phone.sendPager(bot, 'and back');
        await platform.waitFor(({ body }) => body['messageId'] === messageId);
        phone.services = 'all';
        expect(await phone.askCapabilities(bot)).to.equal(200);
      });

      it('is called by the bot, answers in the session, and hangs up', async () => {
        const { phone, platform } = world;
        await platform.send(contact, { text: 'hello', reportRequest: ['Delivered'] });
        await phone.until(() => phone.inbox.length === 2);
        expect(phone.inbox[1]).to.include({ text: 'hello', way: 'session', from: bot });
        await platform.waitFor(({ body }) => body['status'] === 'Delivered');
        const messageId = await phone.send(bot, 'back');
        await platform.waitFor(({ body }) => body['messageId'] === messageId);
        expect(phone.invitations).to.equal(1);
        await phone.hangUp(bot);
      });

      it('calls the bot, and the bot answers in its session', async () => {
        const { phone, platform } = world;
        const messageId = await phone.send(bot, 'it is me');
        await platform.waitFor(({ body }) => body['messageId'] === messageId);
        await platform.send(contact, { text: 'welcome' });
        await phone.until(() => phone.inbox.some(({ text }) => text === 'welcome'));
        expect(phone.invitations).to.equal(1);
        await phone.hangUp(bot);
      });

      it('that rings is cancelled', async () => {
        const { phone, platform } = world;
        phone.pickUp = new Promise(() => undefined);
        const path = `${chat}/oneToOne/${encodeURIComponent(contact)}`;
        const { location } = await platform.request('POST', path, { chatSessionInformation: {} });
        await platform.request('DELETE', String(location));
        await phone.until(() => phone.cancelled === 1);
        phone.pickUp = undefined;
      });
    });

    describe('a scripted peer', () => {
      let callee: Callee;
      let caller: RawPhone;

      before(async () => {
        callee = await Callee.listen();
        const usual = callee.operator.answer;
        // RFC 3261 §12.1.1: what the proxies wrote goes back as it came.
        callee.operator.answer = (request) => {
          const answer = usual(request);
          return answer && { ...answer, lines: [...(answer.lines ?? []), ...recordRoutes(request)] };
        };
        await begin(callee, { mode: 'session' });
        caller = await RawPhone.of({ ...world, ports: { ...world.ports, sip: port } });
      });
      after(async () => {
        caller.close();
        await end();
        await callee.close();
      });

      const seen = (start: string, callId: string): Promise<string> =>
        callee.operator.waitFor(start, (text) => headerOf(text, 'Call-ID') === callId);

      it('that is called gets ACK, re-INVITE’s answer and BYE by way of the proxy', async () => {
        await world.platform.send(contact, { text: 'hello' });
        const peer = await callee.session();
        expect((await readMessage(peer)).body?.toString()).to.include('hello');
        const invite = await callee.operator.waitFor('INVITE');
        const callId = headerOf(invite, 'Call-ID') ?? '';
        expect(headerOf(invite, 'X-Proxied')).to.equal('yes');
        expect(recordRoutes(invite)).to.not.be.empty;
        proxied(await seen('ACK', callId));

        const [ours, theirs] = [headerOf(invite, 'To'), headerOf(invite, 'From')];
        const again = inDialog('INVITE', invite, {
          port,
          lines: [
            `From: ${ours};tag=peer`,
            `To: ${theirs}`,
            `Contact: <sip:callee@127.0.0.1:${callee.operator.port};transport=tcp>`,
            'Content-Type: application/sdp',
          ],
          body: callee.description(),
        });
        await callee.operator.send(port, again);
        const answer = await callee.operator.waitFor('SIP/2.0 200', (text) => /^CSeq: 7 INVITE/m.test(text));
        expect(answer).to.include('m=message');
        await callee.operator.send(
          port,
          inDialog('ACK', invite, { port, lines: [`From: ${ours};tag=peer`, `To: ${theirs}`] }),
        );

        peer.destroy();
        proxied(await seen('BYE', callId));
      });

      it('sends a MESSAGE, and is told by IMDN what became of it', async () => {
        const type = 'message/cpim';
        const lines = ['P-Asserted-Service: urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg'];
        const body = cpim('by hand', { id: 'proxied-1', ask: 'positive-delivery, display' }).toString();
        const answer = await caller.ask('MESSAGE', { type, lines, body });
        expect(answer.status).to.equal(200);
        await world.platform.waitFor(({ body: told }) => told['messageId'] === 'proxied-1');
        await world.platform.putStatus(rawContact, 'proxied-1', 'Displayed');
        const receipt = await callee.operator.waitFor('MESSAGE', (text) => text.includes('proxied-1'));
        expect(receipt).to.include('<displayed/>');
        expect(headerOf(receipt, 'X-Proxied')).to.equal('yes');
      });

      it('that calls says all the rest by its route set, and is told off without', async () => {
        const answer = await caller.invite({ callId: 'routed' });
        expect(answer.status).to.equal(200);
        const [target, lines] = [contactOf(answer), routeSet(answer)];
        expect(lines).to.not.be.empty;
        const within = { to: target, callId: 'routed', toTag: tagOf(answer), lines };
        caller.send(requestText('ACK', caller.port, within));

        const sdp = { type: 'application/sdp', body: offer() };
        const again = await caller.ask('INVITE', { ...within, ...sdp, cseq: 2 });
        expect(again.status).to.equal(200);
        expect(again.header('Record-Route'), 'the route set does not change (§12.2)').to.equal(undefined);
        caller.send(requestText('ACK', caller.port, { ...within, cseq: 2 }));

        expect((await caller.ask('OPTIONS', { ...within, cseq: 3 })).status).to.equal(200);
        expect((await caller.ask('BYE', { ...within, cseq: 4, lines: [] })).status, 'Kamailio').to.equal(404);
        expect((await caller.ask('BYE', { ...within, cseq: 5 })).status).to.equal(200);
        expect((await caller.ask('BYE', { ...within, cseq: 6 })).status, 'of the gateway').to.equal(481);
      });

      it('whose new call ends the old one is told by BYE, by way of the proxy', async () => {
        const call = async (callId: string): Promise<RequestParts> => {
          const answer = await caller.invite({ callId });
          const within = { to: contactOf(answer), callId, toTag: tagOf(answer), lines: routeSet(answer) };
          caller.send(requestText('ACK', caller.port, within));
          return within;
        };
        await call('old');
        const standing = await call('new');
        const bye = await caller.requested('BYE');
        expect(headerOf(bye, 'Call-ID')).to.equal('old');
        proxied(bye);
        caller.send(respondTo(bye, '200 OK'));
        expect((await caller.ask('BYE', { ...standing, cseq: 2 })).status).to.equal(200);
      });

      it('cancels while the bot decides', async () => {
        await world.platform.request('POST', `${chat}/subscriptions`, {
          chatNotificationSubscription: {
            callbackReference: { notifyURL: world.platform.notifyURL },
            confirmedChatSupported: true,
          },
        });
        const parts = { callId: 'rings', type: 'application/sdp', body: offer() };
        const invite = requestText('INVITE', caller.port, parts);
        caller.send(invite);
        await world.platform.waitFor(({ kind }) => kind === 'chatSessionInvitationNotification');
        caller.send(cancelOf(invite));
        const statuses = [(await caller.final()).status, (await caller.final()).status];
        expect(statuses.sort()).to.deep.equal([200, 487]);
      });

      it('that goes round in circles is stopped by Max-Forwards', async () => {
        const text = requestOf('MESSAGE', { bot, from: 'sip:+15550100009@ims.example.net', lines: [] });
        await callee.operator.send(port, text.replace('Max-Forwards: 70', 'Max-Forwards: 0'));
        await callee.operator.waitFor('SIP/2.0 483');
      });
    });
  });

/** It came through Kamailio, and named Kamailio in no Route any more. */
function proxied(request: string): void {
  expect(request.match(/^Via:/gm), request).to.have.length(2);
  expect(headerOf(request, 'Max-Forwards')).to.equal('69');
  expect(headerOf(request, 'Route')).to.equal(undefined);
}

/** Each element as a line of its own, in the order of the message. */
function recordRoutes(text: string): readonly string[] {
  const values = [...text.matchAll(/^Record-Route: *(.*?)\r?$/gim)].flatMap(([, value = '']) => value.split(/, */));
  return values.map((value) => `Record-Route: ${value}`);
}

/** Of the caller: the other way round (RFC 3261 §12.1.2). */
function routeSet(answer: FinalResponse): readonly string[] {
  return recordRoutes(answer.text)
    .map((line) => line.replace('Record-', ''))
    .reverse();
}

function contactOf(answer: FinalResponse): string {
  return /<([^>]+)>/.exec(answer.header('Contact') ?? '')?.[1] ?? '';
}

/** A request of the one who was called, inside the dialog of that INVITE. */
function inDialog(
  method: string,
  invite: string,
  { port, lines, body = '' }: { port: number; lines: readonly string[]; body?: string },
): string {
  const target = /<([^>]+)>/.exec(headerOf(invite, 'Contact') ?? '')?.[1] ?? '';
  const start = [
    `Via: SIP/2.0/TCP 127.0.0.1:${port};branch=z9hG4bK${method}-of-the-callee`,
    'Max-Forwards: 70',
    `Call-ID: ${headerOf(invite, 'Call-ID')}`,
    `CSeq: 7 ${method}`,
    ...recordRoutes(invite).map((line) => line.replace('Record-', '')),
  ];
  return message(`${method} ${target} SIP/2.0`, [...start, ...lines], body);
}

/** RFC 3261 §9.1 */
function cancelOf(invite: string): string {
  const [start = '', ...lines] = invite.slice(0, invite.indexOf('\r\n\r\n')).split('\r\n');
  const kept = lines.filter((line) => /^(?:Via|Max-Forwards|From|To|Call-ID|CSeq):/.test(line));
  return message(
    start.replace('INVITE', 'CANCEL'),
    kept.map((line) => line.replace('1 INVITE', '1 CANCEL')),
  );
}
