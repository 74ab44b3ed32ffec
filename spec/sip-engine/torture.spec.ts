/** The messages of RFC 4475 that test more than a parser, and what a server makes of each. */
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { requestText } from './scripted-transport.js';
import { stage } from './stage.js';

const folder = resolve('spec/fixtures/torture');

/** Fixtures are kept with LF and read as CRLF. */
function fixture(name: string): Buffer {
  const text = readFileSync(resolve(folder, `${name}.sip`), 'latin1');
  return Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
}

/** By file: `handed on` to the application, the answer, or `dropped`; and why. */
const outcomes: Readonly<Record<string, readonly [outcome: string, why: string]>> = {
  '3.1.1.03-esc01': ['handed on', 'what is escaped belongs to the user part'],
  '3.1.1.06-lwsdisp': ['handed on', 'no blank is needed between display name and <'],
  '3.1.2.06-quotbal': ['400 INVITE', 'a quoted string without its end'],
  '3.1.2.10-trws': ['400 OPTIONS', 'blanks after the version'],
  '3.1.2.11-escruri': ['handed on', 'headers in the Request-URI, which a lenient element ignores'],
  '3.1.2.12-baddate': ['handed on', 'a Date that nobody reads'],
  '3.1.2.13-regbadct': ['405 REGISTER', 'a registrar’s to judge'],
  '3.1.2.14-badaspec': ['handed on', 'blanks around an addr-spec, which a lenient element ignores'],
  '3.1.2.15-baddn': ['handed on', 'a display name that should be quoted, understood all the same'],
  '3.2.1-badbranch': ['handed on', 'the cookie alone: told apart as RFC 2543 did'],
  '3.3.02-unkscm': ['416 OPTIONS', 'a scheme that nobody knows'],
  '3.3.03-novelsc': ['416 OPTIONS', 'a scheme that is none of SIP'],
  '3.3.04-unksm2': ['405 REGISTER', 'a registrar’s to judge'],
  '3.3.05-bext01': ['420 OPTIONS', 'extensions that nobody supports'],
  '3.3.06-invut': ['handed on', 'the application knows which bodies it takes, and answers 415'],
  '3.3.07-regaut01': ['405 REGISTER', 'a registrar’s to judge'],
  '3.3.09-mcl01': ['400 OPTIONS', 'two lengths'],
  '3.3.10-bcast': ['dropped', 'an answer to nothing that we sent'],
  '3.3.12-cparam01': ['405 REGISTER', 'a registrar’s to judge'],
  '3.3.13-cparam02': ['405 REGISTER', 'a registrar’s to judge'],
  '3.3.14-regescrt': ['405 REGISTER', 'a registrar’s to judge'],
  '3.3.15-sdp01': ['406 INVITE', 'a caller who takes no SDP'],
  '3.4.1-inv2543': ['handed on', 'of a client without branch, tag or Content-Length'],
};

/** `400 INVITE`, also of an answer that has to repeat what is broken. */
function short(answer: string): string {
  return `${answer.slice(8, 11)} ${/^CSeq: *\d+ +(\S+)/im.exec(answer)?.[1] ?? ''}`;
}

describe('RFC 4475, beyond the parser', () => {
  it('has an outcome for every file', () => {
    const files = readdirSync(folder).flatMap((name) => (name.endsWith('.sip') ? [name.slice(0, -4)] : []));
    expect(files.sort()).to.deep.equal(Object.keys(outcomes).sort());
  });

  for (const [name, [outcome, why]] of Object.entries(outcomes)) {
    it(`${name}: ${outcome}: ${why}`, async () => {
      const on = await stage();
      on.net.receive(fixture(name));
      const answers = on.net.sent.map((bytes) => short(bytes.toString()));
      expect(on.requests.length > 0 ? 'handed on' : (answers[0] ?? 'dropped')).to.equal(outcome);
      expect(answers).to.have.length(outcome === 'handed on' || outcome === 'dropped' ? 0 : 1);
    });
  }

  it('3.2.1: two requests with the cookie alone are two, the same again is one', async () => {
    const on = await stage();
    const text = fixture('3.2.1-badbranch').toString();
    on.net.receive(text);
    on.net.receive(text);
    on.net.receive(text.replace('badbranch.', 'another.'));
    expect(on.requests).to.have.length(2);
  });

  it('3.3.5: says which extensions it does not support, and nothing of those for proxies', async () => {
    const on = await stage();
    on.net.receive(fixture('3.3.05-bext01'));
    const [refusal] = on.net.take();
    expect(refusal?.header('Unsupported')).to.equal('nothingSupportsThis, nothingSupportsThisEither');
  });

  it('3.3.11: Max-Forwards 0 is nothing to a server that forwards nothing (RFC 3261 §8.2, §11.2)', async () => {
    for (const method of ['OPTIONS', 'MESSAGE', 'INVITE']) {
      const on = await stage();
      on.net.receive(requestText({ method, lines: ['Max-Forwards: 0', 'Contact: <sip:phone@192.0.2.9>'] }));
      expect(on.requests.map(({ request }) => request.method)).to.deep.equal([method]);
    }
  });

  it('3.4.1: a client of RFC 2543 can be answered and acknowledges', async () => {
    const on = await stage();
    const invite = fixture('3.4.1-inv2543').toString();
    on.net.receive(invite);
    on.requests[0]?.respond({ status: 486, headers: [] });
    const [busy] = on.net.take();
    const to = busy?.header('To') ?? '';
    on.net.receive(
      invite
        .replace('INVITE sip:', 'ACK sip:')
        .replace('56 INVITE', '56 ACK')
        .replace(/^To:.*$/m, `To: ${to}`),
    );
    await on.clock.advance(40_000);
    expect(on.net.takeShort(), 'no 486 again').to.deep.equal([]);
  });
});
