import { expect } from 'chai';
import { parseRevoke, printRevoke, revokeContentType } from '../../../lib/wire/rcs/revoke.js';
import { until } from '../../support/ask-again.js';
import { Callee } from '../callee.js';
import { refusalOf } from './documents.js';
import { describeOnEachEngine } from '../each-engine.js';
import { bot, contact, startWorld, type World } from '../world.js';

const asked = ['Sent', 'Delivered', 'Displayed', 'Failed'] as const;

describeOnEachEngine('revoking a message over real sockets', (engine) => {
  let world: World;

  before(async () => {
    world = await startWorld({ engine, config: { revoke: { deadlineS: 2 } } });
  });
  after(() => world.stop());
  beforeEach(async () => {
    world.phone.refuseWith = undefined;
    world.phone.revokes = true;
    await world.phone.hangUp(bot).catch(() => undefined);
  });

  const send = async (text: string): Promise<string> => {
    const { body } = await world.platform.send(contact, { text, reportRequest: asked });
    const { resourceURL } = (body as { resourceReference: { resourceURL: string } }).resourceReference;
    return resourceURL.slice(resourceURL.lastIndexOf('/') + 1);
  };
  const told = async (messageId: string, status: string) =>
    (await world.platform.waitFor(({ body }) => body['messageId'] === messageId && body['status'] === status)).body;
  const revoke = (messageId: string) => world.platform.putStatus(contact, messageId, 'RevokeRequested');
  const requestFor = async (messageId: string) => {
    const requests = () => world.phone.documents.map(({ content }) => parseRevoke(content));
    await world.phone.until(() => requests().some((request) => request.messageId === messageId));
    return requests().find((request) => request.messageId === messageId);
  };
  const answer = (messageId: string, result: 'success' | 'failed', headers?: readonly string[]) =>
    world.phone.sendDocument(
      bot,
      revokeContentType,
      printRevoke({ kind: 'answer', messageId, result }).toString(),
      headers,
    );
  const statusOf = async (messageId: string): Promise<unknown> => {
    const path = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodeURIComponent(contact)}/adhoc/messages/${messageId}`;
    const { body } = await world.platform.request('GET', `${path}/status`);
    return (body as { messageStatusReport: { status: string } }).messageStatusReport.status;
  };

  it('withdraws what was not yet sent, at once [IWF-404]', async () => {
    world.phone.refuseWith = 480;
    const before = world.phone.refused;
    const messageId = await send('not yet');
    await world.phone.until(() => world.phone.refused > before);
    expect((await revoke(messageId)).status).to.equal(202);
    await told(messageId, 'Revoked');
    expect(await statusOf(messageId)).to.equal('Revoked');
    expect(world.phone.documents).to.have.length(0);
  });

  it('sends the request, and settles with the answer that comes later [IWF-401][IWF-402]', async () => {
    const messageId = await send('sent');
    await told(messageId, 'Sent');
    expect((await revoke(messageId)).status).to.equal(202);
    expect(await requestFor(messageId)).to.deep.include({ kind: 'request', messageId, from: bot });
    expect((await revoke(messageId)).status, 'again').to.equal(202);
    await answer(messageId, 'success');
    await told(messageId, 'Revoked');
    expect(await statusOf(messageId)).to.equal('Revoked');
    const requests = world.phone.documents.filter(({ content }) => parseRevoke(content).messageId === messageId);
    expect(requests, 'asked once').to.have.length(1);
  });

  it('is RevokeFailed where the network says so [IWF-405]', async () => {
    const messageId = await send('refused');
    await told(messageId, 'Sent');
    await revoke(messageId);
    await requestFor(messageId);
    await answer(messageId, 'failed');
    await told(messageId, 'RevokeFailed');
    expect(await statusOf(messageId)).to.equal('RevokeFailed');
  });

  it('is RevokeFailed at once in a session whose network revokes nothing [IWF-406]', async () => {
    world.phone.revokes = false;
    const messageId = await send('without msgrevoke');
    await told(messageId, 'Sent');
    await revoke(messageId);
    const failed = await told(messageId, 'RevokeFailed');
    expect(failed['description']).to.equal('The network does not revoke messages');
  });

  it('is sent in a session that the user has opened: his INVITE says nothing of what the network revokes', async () => {
    world.phone.revokes = false;
    await world.phone.send(bot, 'I began');
    const messageId = await send('in his session');
    await told(messageId, 'Sent');
    await revoke(messageId);
    await requestFor(messageId);
    await answer(messageId, 'success');
    await told(messageId, 'Revoked');
  });

  it('believes a receipt more than the answer [IWF-403]', async () => {
    const messageId = await send('seen meanwhile');
    await told(messageId, 'Sent');
    await revoke(messageId);
    await requestFor(messageId);
    await world.phone.sendReceipt(bot, messageId, 'displayed');
    await told(messageId, 'Displayed');
    await answer(messageId, 'success');
    const failed = await told(messageId, 'RevokeFailed');
    expect(failed['description']).to.equal('The message is Displayed already');
    expect(await statusOf(messageId)).to.equal('Displayed');
  });

  it('is settled at once where the message has arrived [IWF-407]', async () => {
    const messageId = await send('arrived');
    await told(messageId, 'Sent');
    await world.phone.sendReceipt(bot, messageId, 'delivered');
    await told(messageId, 'Delivered');
    expect((await revoke(messageId)).status).to.equal(202);
    await told(messageId, 'RevokeFailed');
    expect(await statusOf(messageId)).to.equal('Delivered');
  });

  it('is RevokeFailed at the deadline, and Revoked after all where the answer comes late [IWF-408]', async () => {
    const messageId = await send('unanswered');
    await told(messageId, 'Sent');
    await revoke(messageId);
    const failed = await told(messageId, 'RevokeFailed');
    expect(failed['description']).to.equal('The network has not answered the revoke in time');
    await answer(messageId, 'success');
    await told(messageId, 'Revoked');
  });

  it('does not believe another number, and drops an answer that nobody waits for [IWF-409]', async () => {
    const messageId = await send('forged');
    await told(messageId, 'Sent');
    await revoke(messageId);
    await requestFor(messageId);
    await answer(messageId, 'success', ['P-Asserted-Identity: <tel:+15550100666>']);
    expect(await statusOf(messageId)).to.equal('Sent');
    await answer('nobody-asked', 'success');
    await answer(messageId, 'success', ['P-Asserted-Identity: <sip:revoke@operator.example.net>']);
    await told(messageId, 'Revoked');
  });

  it('refuses a document that cannot be read with 400, and a message that is not known with 404 [IWF-410]', async () => {
    expect(await refusalOf(world.phone.sendDocument(bot, revokeContentType, '<MessageRevokeResponse>'))).to.equal(400);
    expect((await revoke('no-such-message')).status).to.equal(404);
  });
});

describe('revoking a message behind one that rings', () => {
  let callee: Callee;
  let world: World;

  before(async () => {
    callee = await Callee.listen();
    world = await startWorld({ config: { sip: { callTimeoutS: 1, nextHop: callee.operator.hop, keepAliveS: 0 } } });
  });
  after(async () => {
    await world.stop();
    await callee.close();
  });

  it('does not wait for the end of the other [IWF-404]', async () => {
    const { platform } = world;
    const calls = (): number => callee.operator.seen.filter((text) => text.startsWith('INVITE ')).length;
    const send = async (text: string): Promise<string> => {
      const { location = '' } = await platform.send(contact, { text });
      return location.slice(location.lastIndexOf('/') + 1);
    };
    callee.refusal = { statusLine: '480 Away' };
    const first = await send('rings');
    await until(() => calls() === 1);
    const second = await send('behind');
    callee.operator.answer = () => undefined;
    await until(() => calls() === 2);
    // Both are in the worker's hands now, while the first is being sent.
    expect((await platform.putStatus(contact, second, 'RevokeRequested')).status).to.equal(202);
    const told = await platform.waitFor(({ body }) => body['messageId'] === second);
    expect(told.body).to.include({ status: 'Revoked' });
    const { body } = await platform.status(contact, first);
    expect(body).to.have.nested.property('messageStatusReport.status', 'Pending');
  });
});
