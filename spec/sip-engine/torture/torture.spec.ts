/** The messages of RFC 4475 and RFC 5118, and what a server makes of each. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { requestText } from '../transaction/scripted-transport.js';
import { stage, type Stage } from '../stage.js';
import { tortureDigests, tortureFile, tortureMessage, tortureNames } from './torture-files.js';

type Outcomes = Readonly<Record<string, readonly [outcome: string, why: string]>>;

/**
 * By file: `handed on` to the application, the answer, `stray`: a response understood that answers nothing of ours, or
 * `dropped`; and why.
 */
const RFC_4475: Outcomes = {
  '3.1.1.01-wsinv': ['481 INVITE', 'well formed for all its folds and blanks; its To tag names a dialog that is none'],
  '3.1.1.02-intmeth': ['501 ', 'well formed; an endpoint knows no such method'],
  '3.1.1.03-esc01': ['handed on', 'what is escaped belongs to the user part'],
  '3.1.1.04-escnull': ['405 REGISTER', 'well formed, an escaped NUL being only text; a registrar’s to judge'],
  '3.1.1.05-esc02': ['501 RE%47IST%45R', 'in a method % escapes nothing: nobody knows this one'],
  '3.1.1.06-lwsdisp': ['handed on', 'no blank is needed between display name and <'],
  '3.1.1.07-longreq': ['handed on', 'long values are values'],
  '3.1.1.08-dblreq': ['405 REGISTER', 'what follows the body in a datagram is nothing, a whole INVITE though it be'],
  '3.1.1.09-semiuri': ['handed on', 'semicolons before the @ belong to the user part'],
  '3.1.1.10-transports': ['handed on', 'transports that we do not speak, in Via lines of others'],
  '3.1.1.11-mpart01': ['415 MESSAGE', 'well formed; a body that is no UTF-8 is not for us'],
  '3.1.1.12-unreason': ['stray', 'a reason phrase of UTF-8'],
  '3.1.1.13-noreason': ['stray', 'an empty reason phrase'],
  '3.1.2.01-badinv01': ['400 INVITE', 'separators with nothing between them in Via'],
  '3.1.2.02-clerr': ['400 INVITE', 'a body shorter than its Content-Length'],
  '3.1.2.03-ncl': ['400 INVITE', 'a negative Content-Length'],
  '3.1.2.04-scalar02': ['400 REGISTER', 'a CSeq beyond its range'],
  '3.1.2.05-scalarlg': ['dropped', 'a response with a CSeq beyond its range'],
  '3.1.2.06-quotbal': ['400 INVITE', 'a quoted string without its end'],
  '3.1.2.07-ltgtruri': ['400 INVITE', 'brackets around the Request-URI'],
  '3.1.2.08-lwsruri': ['400 INVITE', 'a blank within the Request-URI'],
  '3.1.2.09-lwsstart': ['400 INVITE', 'more than one blank between the parts of the start line'],
  '3.1.2.10-trws': ['400 OPTIONS', 'blanks after the version'],
  '3.1.2.11-escruri': ['handed on', 'headers in the Request-URI, which a lenient element ignores'],
  '3.1.2.12-baddate': ['handed on', 'a Date that nobody reads'],
  '3.1.2.13-regbadct': ['405 REGISTER', 'a registrar’s to judge'],
  '3.1.2.14-badaspec': ['handed on', 'blanks around an addr-spec, which a lenient element ignores'],
  '3.1.2.15-baddn': ['400 OPTIONS', 'display names that want quotes, and no empty line after the headers'],
  '3.1.2.16-badvers': ['505 OPTIONS', 'a version that nobody speaks'],
  '3.1.2.17-mismatch01': ['400 INVITE', 'start line and CSeq name two methods'],
  '3.1.2.18-mismatch02': ['501 INVITE', 'the same, and nobody knows that of the start line'],
  '3.1.2.19-bigcode': ['dropped', 'a status beyond 699'],
  '3.2.1-badbranch': ['handed on', 'the cookie alone: told apart as RFC 2543 did'],
  '3.3.01-insuf': ['400 INVITE', 'neither To nor From nor Call-ID'],
  '3.3.02-unkscm': ['416 OPTIONS', 'a scheme that nobody knows'],
  '3.3.03-novelsc': ['416 OPTIONS', 'a scheme that is none of SIP'],
  '3.3.04-unksm2': ['405 REGISTER', 'a registrar’s to judge'],
  '3.3.05-bext01': ['420 OPTIONS', 'extensions that nobody supports'],
  '3.3.06-invut': ['handed on', 'the application knows which bodies it takes, and answers 415'],
  '3.3.07-regaut01': ['405 REGISTER', 'a registrar’s to judge'],
  '3.3.08-multi01': ['400 INVITE', 'two of each of what is there once'],
  '3.3.09-mcl01': ['400 OPTIONS', 'two lengths'],
  '3.3.10-bcast': ['stray', 'an answer to nothing that we sent goes nowhere, and to no broadcast'],
  '3.3.11-zeromf': ['handed on', 'who forwards nothing need not count'],
  '3.3.12-cparam01': ['405 REGISTER', 'a registrar’s to judge'],
  '3.3.13-cparam02': ['405 REGISTER', 'a registrar’s to judge'],
  '3.3.14-regescrt': ['405 REGISTER', 'a registrar’s to judge'],
  '3.3.15-sdp01': ['406 INVITE', 'a caller who takes no SDP'],
  '3.4.1-inv2543': ['handed on', 'of a client without branch, tag or Content-Length'],
};

const RFC_5118: Outcomes = {
  '5118-4.01-ipv6-good': ['405 REGISTER', 'well formed; a registrar’s to judge'],
  '5118-4.02-ipv6-bad': ['400 REGISTER', 'IPv6 without brackets in the Request-URI'],
  '5118-4.03-port-ambiguous': ['405 REGISTER', 'well formed, though 5070 may not mean what was meant'],
  '5118-4.04-port-unambiguous': ['405 REGISTER', 'well formed; a registrar’s to judge'],
  '5118-4.05-via-received-param-no-delim': ['handed on', 'received as the grammar wants it'],
  '5118-4.05-via-received-param-with-delim': ['481 BYE', 'received with brackets is no fault; its dialog is none'],
  '5118-4.06-ipv6-in-sdp': ['handed on', 'IPv6 in SDP has no brackets'],
  '5118-4.07-mult-ip-in-header': ['481 BYE', 'IPv4 and IPv6 side by side in Via; its dialog is none'],
  '5118-4.08-mult-ip-in-sdp': ['handed on', 'a stream on IPv4, another on IPv6'],
  '5118-4.09-ipv4-mapped-ipv6': ['handed on', 'IPv4 within IPv6'],
  '5118-4.10-ipv6-bug-abnf-3-colons': ['handed on', 'three colons, a mistake of RFC 3261 to be borne with'],
  '5118-4.10-ipv6-correct-abnf-2-colons': ['handed on', 'the same as it should be'],
};

/** `400 INVITE`, also of an answer that has to repeat what is broken. */
function short(answer: string): string {
  return `${answer.slice(8, 11)} ${/^CSeq: *\d+ +([\w%]+)/im.exec(answer)?.[1] ?? ''}`;
}

function outcomeOf(on: Stage): string {
  const [answer] = on.net.sent.map((bytes) => short(bytes.toString()));
  if (answer !== undefined) return answer;
  if (on.requests.length > 0) return 'handed on';
  return on.counted.includes('sip_stray_responses_total') ? 'stray' : 'dropped';
}

function each(outcomes: Outcomes): void {
  for (const [name, [outcome, why]] of Object.entries(outcomes)) {
    it(`${name}: ${outcome}: ${why}`, async () => {
      const on = await stage();
      on.net.receive(tortureMessage(name));
      expect(outcomeOf(on)).to.equal(outcome);
      expect(on.requests.length + on.net.sent.length).to.equal(/stray|dropped/.test(outcome) ? 0 : 1);
    });
  }
}

/** The engine's only answer. */
function answerTo(on: Stage, name: string): string {
  on.net.receive(tortureMessage(name));
  expect(on.net.sent).to.have.length(1);
  return String(on.net.sent[0]);
}

describe('Torture messages', () => {
  it('are those of the archives, octet by octet', () => {
    const digests = tortureNames().map((name) => [name, createHash('sha256').update(tortureFile(name)).digest('hex')]);
    expect(Object.fromEntries(digests)).to.deep.equal(tortureDigests());
  });

  it('have an outcome each', () => {
    expect(Object.keys(RFC_4475)).to.have.length(49);
    expect(Object.keys({ ...RFC_4475, ...RFC_5118 })).to.have.members(tortureNames());
  });

  describe('of RFC 4475 [IWF-1620]', () => each(RFC_4475));
  describe('of RFC 5118, with IPv6 [IWF-1630]', () => each(RFC_5118));

  it('3.1.1.2: the answer says which methods are known, and repeats the quoted NUL', async () => {
    const answer = answerTo(await stage(), '3.1.1.02-intmeth');
    expect(answer)
      .to.match(/^SIP\/2\.0 501 Not Implemented\r\n/)
      .and.match(/^Allow: INVITE, /m);
    expect(answer).to.contain('\r\nTo: "BEL:\\\x07 NUL:\\\0 DEL:\\\x7f" <sip:1_unusual.URI~(');
    expect(answer).to.contain("\r\nCSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\r\n");
  });

  it('3.1.1.11: all 553 octets of the body reach an application that takes them', async () => {
    const on = await stage({ utf8Bodies: false });
    on.net.receive(tortureMessage('3.1.1.11-mpart01'));
    const body = on.requests[0]?.request.body;
    expect(body).to.have.length(553);
    expect(body).to.deep.equal(tortureFile('3.1.1.11-mpart01').subarray(-553));
  });

  it('3.1.2.16: the sender finds his Via as it was', async () => {
    const answer = answerTo(await stage(), '3.1.2.16-badvers');
    expect(answer).to.contain('\r\nVia: SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw;received=192.0.2.9\r\n');
  });

  it('3.1.2.18: the answer says which methods are known', async () => {
    expect(answerTo(await stage(), '3.1.2.18-mismatch02')).to.match(/^Allow: INVITE, /m);
  });

  it('3.2.1: two requests with the cookie alone are two, the same again is one', async () => {
    const on = await stage();
    const text = tortureMessage('3.2.1-badbranch').toString();
    on.net.receive(text);
    on.net.receive(text);
    on.net.receive(text.replace('badbranch.', 'another.'));
    expect(on.requests).to.have.length(2);
  });

  it('3.3.5: says which extensions it does not support, and nothing of those for proxies', async () => {
    const on = await stage();
    on.net.receive(tortureMessage('3.3.05-bext01'));
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
    const invite = tortureMessage('3.4.1-inv2543').toString();
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
