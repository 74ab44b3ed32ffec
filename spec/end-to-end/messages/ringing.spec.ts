/** A phone that rings and rings: what the INVITE says in Expires holds (RFC 3261 §13.2.1). */
import { expect } from 'chai';
import { Operator } from '../operator.js';
import { contact, startWorld, type World } from '../world.js';

describe('a message whose time is over while the phone still rings [IWF-1349]', () => {
  let world: World;
  let operator: Operator;

  afterEach(async () => {
    await world.stop();
    await operator.close();
  });

  for (const [mode, text] of [
    ['session', 'in a chat'],
    ['standalone', 'as a large message '.repeat(200)],
  ] as const)
    it(`is called back and told Expired then, not when the call's own time is over: mode ${mode}`, async () => {
      operator = await Operator.listen();
      operator.answer = (request) => (request.startsWith('INVITE ') ? undefined : { statusLine: '200 OK' });
      world = await startWorld({ mode, config: { sip: { nextHop: operator.hop } } });
      const { platform } = world;
      await platform.send(contact, { text, expiry: 1, reportRequest: ['Expired'] });
      const invite = await operator.waitFor('INVITE ');
      expect(invite).to.include('\r\nExpires: 1\r\n');
      operator.respond(invite, { statusLine: '180 Ringing' });
      await operator.waitFor('CANCEL ');
      operator.respond(invite, { statusLine: '487 Request Terminated' });
      const { body } = await platform.waitFor((one) => one.body['status'] !== undefined);
      expect(body).to.include({ status: 'Expired' });
      expect(operator.seen.filter((one) => one.startsWith('INVITE '))).to.have.length(1);
    });
});
