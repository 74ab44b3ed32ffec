import { expect } from 'chai';
import { join } from 'node:path';
import { loadSqlite } from '../../../lib/store/sqlite/sqlite-file.js';
import { printImdn } from '../../../lib/wire/imdn.js';
import type { RestAnswer } from '../../../lib/sim/platform.js';
import { until } from '../../support/ask-again.js';
import { cpim, offer, rawContact, RawPhone, requestText, tagOf } from '../raw-phone.js';
import { bot, contact, startWorld, type World } from '../world.js';

const chat = `/chat/v1/${encodeURIComponent(bot)}`;
const withUser = `${chat}/oneToOne/${encodeURIComponent(contact)}`;

describe('confirmed sessions over real sockets', () => {
  let world: World;

  const start = async (options: Parameters<typeof startWorld>[0] = {}): Promise<void> => {
    world = await startWorld({ subscribe: false, ...options });
  };
  const subscribe = async (more: object = { confirmedChatSupported: true }): Promise<void> => {
    const callbackReference = { notifyURL: world.platform.notifyURL, callbackData: 'the data' };
    const answer = await world.platform.request('POST', `${chat}/subscriptions`, {
      chatNotificationSubscription: { callbackReference, ...more },
    });
    expect(answer.status).to.equal(201);
  };
  const invite = (session: object = {}): Promise<RestAnswer> =>
    world.platform.request('POST', withUser, { chatSessionInformation: session });
  const event = async (eventType: string): Promise<Readonly<Record<string, unknown>>> =>
    (await world.platform.waitFor(({ body }) => body['eventType'] === eventType)).body;
  const invited = async (): Promise<{
    readonly session: string;
    readonly status: string;
    readonly sessionId: string;
  }> => {
    const { body } = await world.platform.waitFor(({ kind }) => kind === 'chatSessionInvitationNotification');
    const links = body['link'] as readonly { rel: string; href: string }[];
    const href = (rel: string): string => links.find((link) => link.rel === rel)?.href ?? '';
    return {
      session: href('ChatSessionInformation'),
      status: href('ParticipantSessionStatus'),
      sessionId: String(body['sessionId']),
    };
  };
  const accept = (status: string): Promise<RestAnswer> =>
    world.platform.request('PUT', status, { participantSessionStatus: { status: 'connected' } });
  const statusOf = async (session: string): Promise<unknown> => {
    const { status, body } = await world.platform.request('GET', session);
    return status === 200
      ? (body as { chatSessionInformation: { status: string } }).chatSessionInformation.status
      : status;
  };
  const locationOf = ({ status, location = '', body }: RestAnswer): string => {
    expect(status, JSON.stringify(body)).to.equal(201);
    return location;
  };

  afterEach(() => world.stop());

  describe('that the bot opens', () => {
    beforeEach(() => start());

    it('is Invited, then Accepted; messages go both ways in it; the user ends it [IWF-1203][IWF-1204][IWF-1208]', async () => {
      await subscribe();
      const { phone, platform } = world;
      const answer = await invite({ subject: 'Your order', tParticipantAddress: contact });
      const session = locationOf(answer);
      expect(answer.body).to.deep.include({
        chatSessionInformation: {
          subject: 'Your order',
          originatorAddress: bot,
          tParticipantAddress: contact,
          status: 'Invited',
          resourceURL: session,
        },
      });
      const accepted = await event('Accepted');
      expect(session).to.match(new RegExp(`/${String(accepted['sessionId'])}$`));
      expect(accepted).to.include({ callbackData: 'the data' });
      expect(await statusOf(session)).to.equal('Connected');

      const chatMessage = { text: 'inside', reportRequest: ['Sent'] };
      const sent = await platform.request('POST', `${session}/messages`, { chatMessage });
      expect(locationOf(sent)).to.match(new RegExp(`^${session}/messages/`));
      await phone.until(() => phone.inbox.length === 1);
      expect(phone.inbox[0]).to.include({ text: 'inside', way: 'session' });
      const told = await platform.waitFor(({ body }) => body['status'] === 'Sent');
      expect(told.body['link']).to.deep.include({ rel: 'ChatMessage', href: sent.location });
      const shown = await platform.request('GET', String(sent.location));
      expect(shown.body).to.have.nested.property('chatMessage.resourceURL', sent.location);

      const messageId = await phone.send(bot, 'back');
      const { body } = await platform.waitFor(
        ({ body: one }) => one['messageId'] === messageId && 'chatMessage' in one,
      );
      expect(body).to.include({ sessionId: accepted['sessionId'] });
      const receipt = (body['link'] as readonly { rel: string; href: string }[])[0]?.href ?? '';
      const put = await platform.request('PUT', receipt, { messageStatusReport: { status: 'Displayed' } });
      expect(put.status).to.equal(204);
      await phone.until(() => phone.receipts.length === 1);
      expect(phone.receipts[0]).to.include({ messageId, status: 'displayed', way: 'session' });
      expect(phone.invitations).to.equal(1);

      await phone.hangUp(bot);
      expect(await event('SessionEnded')).to.include({ sessionId: accepted['sessionId'] });
      expect(await statusOf(session)).to.equal('Disconnected');
      const late = await platform.request('POST', `${session}/messages`, { chatMessage: { text: 'too late' } });
      expect(late.status).to.equal(400);
    });

    it('ends by DELETE with a BYE, and nobody is told [IWF-1207]', async () => {
      await subscribe();
      const { phone, platform } = world;
      const session = locationOf(await invite());
      await event('Accepted');
      expect((await platform.request('DELETE', session)).status).to.equal(204);
      await phone.until(() => !phone.inSession(bot));
      expect(await statusOf(session)).to.equal(404);
      expect((await platform.request('DELETE', session)).status).to.equal(404);
      expect(platform.callbacks.filter(({ body }) => 'eventType' in body)).to.have.length(1);
    });

    it('is cancelled by DELETE while the phone rings [IWF-1210]', async () => {
      await subscribe();
      const { phone, platform } = world;
      phone.pickUp = new Promise(() => undefined);
      const session = locationOf(await invite());
      const typed = await platform.request('POST', `${session}/messages`, { chatMessage: { text: 'too early' } });
      expect(typed.status).to.equal(400);
      expect((await platform.request('DELETE', session)).status).to.equal(204);
      await phone.until(() => phone.cancelled === 1);
      expect(await statusOf(session)).to.equal(404);
    });

    for (const [code, eventType, status] of [
      [603, 'Declined', 'Declined'],
      [486, 'Declined', 'Declined'],
      [480, 'SessionFailed', 'Disconnected'],
    ] as const) {
      it(`is ${eventType} where the user's side says ${code} [IWF-1211]`, async () => {
        await subscribe();
        world.phone.refuseInvitesWith = code;
        const session = locationOf(await invite());
        await event(eventType);
        expect(await statusOf(session)).to.equal(status);
      });
    }

    it('is made once for one clientCorrelator, and there is one with a user at a time [IWF-1215]', async () => {
      await subscribe();
      const [one, two] = [locationOf(await invite({ clientCorrelator: 'c' })), await invite({ clientCorrelator: 'c' })];
      expect(two.location).to.equal(one);
      expect((await invite({ clientCorrelator: 'c', subject: 'other' })).status).to.equal(409);
      expect((await invite()).status).to.equal(403);
      await event('Accepted');
      expect(world.phone.invitations).to.equal(1);
    });

    it('gives a message that is repeated its first answer again, when the session is over and when it is gone', async () => {
      await subscribe();
      const { phone, platform } = world;
      const session = locationOf(await invite({ clientCorrelator: 'm' }));
      await event('Accepted');
      const send = (text: string, at = session): Promise<RestAnswer> =>
        platform.request('POST', `${at}/messages`, { chatMessage: { text, clientCorrelator: 'm' } });
      const first = locationOf(await send('inside'));
      await phone.until(() => phone.inbox.length === 1);
      await phone.hangUp(bot);
      await event('SessionEnded');
      expect(locationOf(await send('inside'))).to.equal(first);
      expect((await send('something else')).status).to.equal(409);
      expect((await platform.request('DELETE', session)).status).to.equal(204);
      expect(locationOf(await send('inside'))).to.equal(first);
      expect((await send('inside', `${withUser}/session`)).status).to.equal(404);
      expect(phone.inbox).to.have.length(1);
    });

    it('is one, with one answer, for creates of one clientCorrelator at the same time [IWF-1215]', async () => {
      await subscribe();
      const answers = await Promise.all(Array.from({ length: 4 }, () => invite({ clientCorrelator: 'c' })));
      expect(new Set(answers.map(locationOf))).to.have.lengthOf(1);
      await event('Accepted');
      expect(world.phone.invitations).to.equal(1);
    });

    it('is 409 where one clientCorrelator comes with two bodies at the same time [IWF-1215]', async () => {
      const bodies = ['one', 'other'].map((subject) => ({ subject, clientCorrelator: 'c' }));
      const answers = await Promise.all(bodies.map(invite));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 409]);
    });

    it('is refused beyond the number that a bot may have [IWF-1216]', async () => {
      await world.stop();
      await start({ config: { limits: { sessionsPerBot: 1 } } });
      world.phone.pickUp = new Promise(() => undefined);
      const first = locationOf(await invite());
      const other = `${chat}/oneToOne/${encodeURIComponent('tel:+15550100009')}`;
      const second = await world.platform.request('POST', other, { chatSessionInformation: {} });
      expect(second.status).to.equal(429);
      expect((await world.platform.request('DELETE', first)).status).to.equal(204);
      const third = locationOf(await world.platform.request('POST', other, { chatSessionInformation: {} }));
      expect((await world.platform.request('DELETE', third)).status).to.equal(204);
    });

    it('needs no subscription to events: GET tells, and the messages are told as adhoc [IWF-1217]', async () => {
      await subscribe({});
      const { phone, platform } = world;
      const session = locationOf(await invite());
      await phone.until(() => phone.inSession(bot));
      const messageId = await phone.send(bot, 'hello');
      const { body } = await platform.waitFor(({ body: one }) => one['messageId'] === messageId);
      expect(body).to.include({ sessionId: 'adhoc' });
      expect(await statusOf(session)).to.equal('Connected');
      expect(platform.callbacks.filter((one) => 'eventType' in one.body)).to.have.length(0);
    });

    it('has one place, whatever form of the user’s address it was asked for by', async () => {
      await subscribe();
      const { platform } = world;
      const path = `${chat}/oneToOne/${encodeURIComponent('tel:+1-555-010-0001')}`;
      const answer = await platform.request('POST', path, { chatSessionInformation: {} });
      const session = locationOf(answer);
      expect(answer.body).to.have.nested.property('chatSessionInformation.resourceURL', session);
      expect(await event('Accepted')).to.have.nested.property('link[0].href', session);
      expect(session).to.include(withUser);
    });

    it('takes receipts and typing posted as messages as what they are, and refuses what is neither', async () => {
      await subscribe();
      const { phone, platform } = world;
      const session = locationOf(await invite());
      await event('Accepted');
      const post = (contentType: string, bodyText: string): Promise<RestAnswer> =>
        platform.request('POST', `${session}/messages`, { chatMessage: { contentType, bodyText } });
      for (const type of ['message/imdn+xml', 'application/im-iscomposing+xml'])
        expect((await post(type, 'neither')).status).to.equal(400);
      const typing = '<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state></isComposing>';
      const typed = locationOf(await post('application/im-iscomposing+xml', typing));
      expect(typed).to.include(`${session}/messages/`);
      await phone.until(() => phone.composing.includes('active'));
      expect((await platform.request('GET', typed)).status).to.equal(404);
      const messageId = await phone.send(bot, 'read me');
      const disposition = { notification: 'display', status: 'displayed' } as const;
      const receipt = printImdn({ messageId, dateTime: '2026-11-22T10:00:00Z', disposition }).toString();
      locationOf(await post('message/imdn+xml', receipt));
      await phone.until(() => phone.receipts.length === 1);
      expect(phone.receipts[0]).to.include({ messageId, status: 'displayed', way: 'session' });
    });

    it('tells what became of a message with its Location, to a bot without events too', async () => {
      await subscribe({});
      const { platform } = world;
      const session = locationOf(await invite());
      await until(async () => (await statusOf(session)) === 'Connected');
      const chatMessage = { text: 'inside', reportRequest: ['Sent'] };
      const sent = locationOf(await platform.request('POST', `${session}/messages`, { chatMessage }));
      const { body } = await platform.waitFor(({ body: one }) => one['status'] === 'Sent');
      expect(body).to.have.nested.property('link[0].href', sent);
    });

    it('ends when the gateway does, and the bot is told [IWF-1218]', async () => {
      await subscribe();
      const session = locationOf(await invite());
      await event('Accepted');
      await world.restart();
      await event('SessionEnded');
      expect(await statusOf(session)).to.equal('Disconnected');
    });

    it('is refused for what it cannot be [IWF-1219]', async () => {
      const { platform } = world;
      const statuses = [
        await invite({ tParticipantAddress: 'tel:+15550199999' }),
        await invite({ subject: 'two\nlines' }),
        await platform.request('POST', `${chat}/oneToOne/nobody`, { chatSessionInformation: {} }),
        await platform.request('GET', `${withUser}/none`),
        await platform.request('PUT', `${withUser}/none/status`, { participantSessionStatus: { status: 'Connected' } }),
        await platform.request('POST', `${withUser}/none/messages`, { chatMessage: { text: 'x' } }),
        await platform.request('GET', `${withUser}/adhoc`),
        await platform.request('DELETE', withUser),
      ].map(({ status }) => status);
      expect(statuses).to.deep.equal([400, 400, 400, 404, 404, 404, 404, 405]);
    });
  });

  describe('that the user opens', () => {
    it('waits for the bot that decides itself, and is connected by its word [IWF-1205][IWF-1206]', async () => {
      await start();
      await subscribe();
      const { phone, platform } = world;
      const sending = phone.send(bot, 'may I?');
      const { session, status, sessionId } = await invited();
      expect(await statusOf(session)).to.equal('Invited');
      expect((await platform.request('PUT', status, { participantSessionStatus: { status: 'Left' } })).status).to.equal(
        400,
      );
      expect((await accept(status)).status).to.equal(204);
      const messageId = await sending;
      const { body } = await platform.waitFor(({ body: one }) => one['messageId'] === messageId);
      expect(body).to.include({ sessionId });
      expect((await accept(status)).status).to.equal(204);
      const chatMessage = { text: 'you may' };
      locationOf(await platform.request('POST', `${session}/messages`, { chatMessage }));
      await phone.until(() => phone.inbox.length === 1);
      expect(phone.invitations).to.equal(0);
      expect((await platform.request('DELETE', session)).status).to.equal(204);
      await phone.until(() => !phone.inSession(bot));
    });

    it('says who calls and what about, by SIP From and Subject [IWF-1220]', async () => {
      await start();
      await subscribe();
      const phone = await RawPhone.of(world);
      const request = requestText('INVITE', 9, {
        lines: ['Subject: My order'],
        type: 'application/sdp',
        body: offer(),
      });
      phone.send(request.replace('From: <', 'From: "Alice Žák" <'));
      const { session } = await invited();
      const callback = await world.platform.waitFor(({ kind }) => kind === 'chatSessionInvitationNotification');
      expect(callback.body).to.include({ originatorName: 'Alice Žák', subject: 'My order' });
      const { body } = await world.platform.request('GET', session);
      expect(body).to.deep.nested.include({
        'chatSessionInformation.originatorName': 'Alice Žák',
        'chatSessionInformation.subject': 'My order',
      });
      await world.platform.request('DELETE', session);
      phone.close();
    });

    it('is cancelled by a caller who does not wait for a slow disk, and the bot is told so at once [IWF-1210]', async () => {
      await start({ config: { chat: { backoff: { baseMs: 3_600_000, factor: 1, maxMs: 3_600_000, jitter: 0 } } } });
      await subscribe();
      world.phone.refuseWith = 480;
      await world.platform.send(contact, { text: 'waits for him' });
      await world.phone.until(() => world.phone.refused === 1);
      const held = new (await loadSqlite())(join(world.folder, 'iwf.db'));
      held.exec('BEGIN IMMEDIATE');
      const phone = await RawPhone.of(world);
      const parts = { user: contact, type: 'application/sdp', body: offer() };
      const invite = requestText('INVITE', phone.port, parts);
      phone.send(invite);
      const cancel = invite.slice(0, invite.indexOf('Content-Type')).replaceAll('INVITE', 'CANCEL');
      phone.send(`${cancel}Content-Length: 0\r\n\r\n`);
      await phone.final();
      expect((await phone.final()).status).to.equal(487);
      held.close();
      const { session } = await invited();
      await event('SessionCancelled');
      expect(await statusOf(session)).to.equal('Disconnected');
      phone.close();
    });

    it('is declined by DELETE [IWF-1209]', async () => {
      await start();
      await subscribe();
      const phone = await RawPhone.of(world);
      const answer = phone.invite();
      const { session } = await invited();
      expect((await world.platform.request('DELETE', session)).status).to.equal(204);
      expect((await answer).status).to.equal(603);
      expect(await statusOf(session)).to.equal(404);
      phone.close();
    });

    it('is SessionCancelled where the user gives up [IWF-1212]', async () => {
      await start();
      await subscribe();
      const phone = await RawPhone.of(world);
      const branch = 'z9hG4bKgives-up';
      const text = requestText('INVITE', 9, { callId: 'gives-up' }).replace(/branch=[^\r]*/, `branch=${branch}`);
      phone.send(text);
      const { session, status } = await invited();
      phone.send(requestText('CANCEL', 9, { callId: 'gives-up' }).replace(/branch=[^\r]*/, `branch=${branch}`));
      const answers = [await phone.final(), await phone.final()];
      expect(answers.map((answer) => answer.status).sort()).to.deep.equal([200, 487]);
      await event('SessionCancelled');
      expect(await statusOf(session)).to.equal('Disconnected');
      expect((await accept(status)).status).to.equal(400);
      phone.close();
    });

    it('is SessionFailed where the bot does not answer in time [IWF-1213]', async () => {
      await start({ config: { sip: { answerTimeoutS: 1 } } });
      await subscribe();
      const phone = await RawPhone.of(world);
      const answer = await phone.invite();
      expect(answer.status).to.equal(480);
      await event('SessionFailed');
      phone.close();
    });

    it('may carry its first message in the invitation, which is told once the bot accepts [IWF-1214]', async () => {
      await start();
      await subscribe();
      const phone = await RawPhone.of(world);
      const { type, body } = multipart(cpim('first', { id: 'first-1' }).toString());
      const answer = phone.invite({ callId: 'with-message', type, body });
      const { status, sessionId } = await invited();
      expect(world.platform.callbacks.some(({ body: one }) => 'chatMessage' in one)).to.equal(false);
      expect((await accept(status)).status).to.equal(204);
      expect((await answer).status).to.equal(200);
      phone.ack('with-message', tagOf(await answer));
      const told = await world.platform.waitFor((one) => one.body['messageId'] === 'first-1');
      expect(told.body).to.include({ sessionId, senderAddress: rawContact });
      phone.close();
    });

    it('replaces the session before [IWF-1301]', async () => {
      await start();
      await subscribe();
      const phone = await RawPhone.of(world);
      const first = phone.chat({ callId: 'one' });
      const before = await invited();
      expect((await accept(before.status)).status).to.equal(204);
      await first;
      world.platform.callbacks.length = 0;
      const second = phone.invite({ callId: 'two' });
      const { status } = await invited();
      expect((await accept(status)).status).to.equal(204);
      expect(await event('SessionEnded')).to.include({ sessionId: before.sessionId });
      expect((await second).status).to.equal(200);
      phone.close();
    });

    it('is answered by the gateway for a bot that does not decide [IWF-1202]', async () => {
      await start();
      await subscribe({});
      const messageId = await world.phone.send(bot, 'hello');
      const { body } = await world.platform.waitFor(({ body: one }) => one['messageId'] === messageId);
      expect(body).to.include({ sessionId: 'adhoc' });
    });
  });
});

function multipart(message: string): { readonly type: string; readonly body: string } {
  const parts = [
    ['application/sdp', offer()],
    ['message/cpim', message],
  ].map(([type, body]) => `--b\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`);
  return { type: 'multipart/mixed;boundary=b', body: `${parts.join('')}--b--\r\n` };
}
