import { expect } from 'chai';
import { ScriptedEngine } from '../../sip/drachtio/scripted-engine.js';
import { bot, contact, startWorld, type World } from '../world.js';

/** What a drachtio-server leaves to its application, and the embedded engine in its place does not. */
describe('the gateway on a drachtio-server that hands on whatever comes', () => {
  let engine: ScriptedEngine;
  let world: World;
  let count = 0;

  beforeEach(async () => {
    engine = await ScriptedEngine.listen();
    const drachtio = { port: engine.port, secret: engine.secret };
    world = await startWorld({ config: { sip: { engine: 'drachtio', drachtio, keepAliveS: 0 } } });
  });
  afterEach(async () => {
    await world.stop();
    await engine.close();
  });

  const options = async (uri: string): Promise<string> => {
    const id = `o${++count}`;
    const head = `OPTIONS ${uri} SIP/2.0\r\nFrom: <sip:sbc@192.0.2.7>;tag=t\r\nTo: <${uri}>\r\nCall-ID: ${id}\r\n`;
    engine.fromNetwork(id, `${head}CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`, '', '127.0.0.1');
    const told = await engine.next();
    engine.echoResponse(told);
    return told.sip;
  };

  it('answers OPTIONS to itself, as load balancers ask, with or without a user who is nobody', async () => {
    for (const uri of ['sip:127.0.0.1:5060', 'sip:127.0.0.1', 'sip:ping@127.0.0.1:5060;transport=tcp']) {
      const answer = await options(uri);
      expect(answer, uri).to.match(/^SIP\/2.0 200 OK\r\n/);
      expect(answer).to.include('\r\nAllow: INVITE, ').and.include('\r\nSupported: timer\r\n');
      expect(answer).not.to.include('\r\nContact: ');
    }
    expect(await options('sip:nobody@botplatform.example.net')).to.match(/^SIP\/2.0 404 /);
    expect(await options('sip:192.0.2.99')).to.match(/^SIP\/2.0 404 /);
    expect(await options(bot))
      .to.match(/^SIP\/2.0 200 OK\r\n/)
      .and.include('isbot');
  });

  it('answers it with 503 while it drains', async () => {
    await world.platform.send(contact, { text: 'under way' });
    const invite = await engine.next();
    engine.echoRequest(invite, 'i1');
    const stopped = world.gateway.stop();
    const answer = await options('sip:127.0.0.1:5060');
    expect(answer)
      .to.match(/^SIP\/2.0 503 /)
      .and.include('\r\nRetry-After: 30\r\n');
    engine.fromNetwork('i1', 'SIP/2.0 480 Later\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n');
    await stopped;
  });

  it('names a number in the Request-URI as one of the next hop: drachtio-server ends on tel:', async () => {
    // Who wrote under a tel: identity is answered under it, whatever sip.userUri says.
    const hop = `127.0.0.1:${world.ports.phone}`;
    const lines = ['P-Asserted-Identity: <tel:+15550100009>', 'Content-Type: message/cpim'];
    const cpim = 'From: <sip:a@b>\r\nTo: <sip:c@d>\r\n\r\nContent-Type: text/plain\r\n\r\nhello';
    const head = `MESSAGE ${bot} SIP/2.0\r\nFrom: <tel:+15550100009>;tag=t\r\nTo: <${bot}>\r\nCall-ID: m1\r\n`;
    const length = `Content-Length: ${cpim.length}`;
    const written = `${head}CSeq: 1 MESSAGE\r\n${lines.join('\r\n')}\r\n${length}\r\n\r\n${cpim}`;
    engine.fromNetwork('m1', written, '', '127.0.0.1');
    const taken = await engine.next();
    expect(taken.sip).to.match(/^SIP\/2.0 200 /);
    engine.echoResponse(taken);
    await world.platform.send('tel:+15550100009', { text: 'hello' });
    const invite = await engine.next();
    expect(invite.leader).to.equal(`sip|||sip:${hop};transport=tcp`);
    expect(invite.sip)
      .to.match(/^INVITE /)
      .and.include(`INVITE sip:+15550100009@${hop};user=phone SIP/2.0\r\n`);
    expect(invite.sip).to.include('\r\nTo: <tel:+15550100009>\r\n');
    engine.refuse(invite, 'enough');
  });

  it('refuses a body that is no UTF-8 with 415, for its octets do not reach the gateway', async () => {
    const cpim = 'From: <sip:a@b>\r\nTo: <sip:c@d>\r\n\r\nContent-Type: text/plain;charset=ISO-8859-1\r\n\r\ncaf\u{E9}';
    for (const [id, encoding, status] of [
      ['latin', 'latin1', 415],
      ['utf8', 'utf8', 200],
    ] as const) {
      const body = Buffer.from(cpim, encoding);
      const lines = [`Content-Length: ${body.length}`, 'Content-Type: message/cpim'];
      const head = `MESSAGE ${bot} SIP/2.0\r\nFrom: <tel:+15550100009>;tag=t\r\nTo: <${bot}>\r\nCall-ID: ${id}\r\n`;
      const written = Buffer.from(`${head}CSeq: 1 MESSAGE\r\n${lines.join('\r\n')}\r\n\r\n`);
      engine.fromNetwork(id, Buffer.concat([written, body]), '', '127.0.0.1');
      const told = await engine.next();
      expect(told.sip).to.match(new RegExp(`^SIP/2.0 ${status} `));
      engine.echoResponse(told);
    }
  });
});
