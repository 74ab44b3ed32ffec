import { expect } from 'chai';
import { Callee, readMessage } from '../callee.js';
import { contact, startWorld, type World } from '../world.js';

describe('a large message of the bot', () => {
  let world: World;
  let callee: Callee;

  beforeEach(async () => {
    callee = await Callee.listen();
    const config = { sip: { nextHop: callee.operator.hop }, drain: { timeoutS: 4 } };
    world = await startWorld({ mode: 'standalone', config });
  });
  afterEach(async () => {
    await callee.close();
    await world.stop();
  });

  it('is Sent, and the next one goes, though nobody answers the BYE behind it', async () => {
    const { operator } = callee;
    const { answer } = operator;
    operator.answer = (request) => (request.startsWith('BYE ') ? undefined : answer(request));
    const sent = await world.platform.send(contact, { text: 'one '.repeat(1000), reportRequest: ['Sent'] });
    await world.platform.send(contact, { text: 'two '.repeat(1000) });
    await readMessage(await callee.session());
    const messageId = decodeURIComponent(sent.location?.split('/').at(-1) ?? '');
    const told = await world.platform.waitFor(({ body }) => body['messageId'] === messageId);
    expect(told.body).to.include({ status: 'Sent' });
    expect((await readMessage(await callee.session())).body?.toString()).to.include('two two');
    await operator.waitFor('BYE ');
  });

  it('is hung up on before the gateway ends', async () => {
    await world.platform.send(contact, { text: 'one '.repeat(1000) });
    await readMessage(await callee.session());
    await world.gateway.stop();
    expect(callee.operator.seen.some((text) => text.startsWith('BYE '))).to.equal(true);
  });

  it('is called back from a phone that still rings when the gateway has waited long enough', async () => {
    const { operator } = callee;
    operator.answer = (request) => ({ statusLine: request.startsWith('INVITE ') ? '180 Ringing' : '200 OK' });
    await world.platform.send(contact, { text: 'one '.repeat(1000) });
    await operator.waitFor('INVITE ');
    await world.gateway.stop();
    expect(operator.seen.some((text) => text.startsWith('CANCEL '))).to.equal(true);
  });
});
