/** The places that sessions have: each takes one from its INVITE on, whoever opens it. */
import { expect } from 'chai';
import { Callee } from '../callee.js';
import { RawPhone } from '../raw-phone.js';
import { type Limited, startLimited } from './limited.js';

describe('a session that rings', () => {
  let callee: Callee;
  let on: Limited;
  let phone: RawPhone;

  before(async () => {
    callee = await Callee.listen();
    const answer = callee.operator.answer;
    callee.operator.answer = (text) => (text.startsWith('INVITE ') ? { statusLine: '180 Ringing' } : answer(text));
    on = await startLimited({
      mode: 'session',
      config: { sip: { nextHop: callee.operator.hop }, msrp: { maxSessions: 1 } },
    });
    phone = await RawPhone.of(on.world);
    await on.world.platform.send('tel:+15550100041', { text: 'rings' });
    await callee.operator.waitFor('INVITE ');
  });
  after(async () => {
    phone.close();
    await on.stop();
    await callee.close();
  });

  it('takes the last place: a user’s INVITE is 503 with Retry-After at once', async () => {
    const startedMs = performance.now();
    const refused = await phone.invite();
    expect([refused.status, refused.header('Retry-After')]).to.deep.equal([503, '5']);
    // Unanswered, the engine would say 480 after 20 s.
    expect(performance.now() - startedMs).to.be.below(10_000);
    expect(await on.reached('msrp.maxSessions')).to.be.at.least(1);
  });

  it('has the bot’s next message wait, and wakes nobody', async () => {
    const { location = '' } = await on.world.platform.send('tel:+15550100042', { text: 'waits' });
    const description = async (): Promise<unknown> => {
      const { body } = await on.world.platform.request('GET', `${location}/status`);
      return (body as { messageStatusReport: { description?: string } }).messageStatusReport.description;
    };
    while ((await description()) === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(await description()).to.equal('SIP 503 Too many sessions');
    expect(on.log.lines.filter(({ event }) => event === 'outbound item failed')).to.deep.equal([]);
  });
});
