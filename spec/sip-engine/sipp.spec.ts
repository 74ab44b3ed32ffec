/** SIPp against the engine: the scenarios of scripts/sipp, on UDP and TCP. */
import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { Address, Engine, SipMessage } from '../../lib/sip-engine/api.js';
import { createEngine } from '../../lib/sip-engine/engine.js';
import { startSmallAgent, type Seen } from './small-agent.js';
import { freePort } from '../support/free-port.js';
import { pause } from '../support/ask-again.js';

const SCENARIOS = resolve('scripts/sipp');

interface Run {
  readonly code: number | null;
  readonly output: string;
}

function sipp(scenario: string, args: readonly string[]): Promise<Run> {
  const common = [
    '-sf',
    resolve(SCENARIOS, scenario),
    '-i',
    '127.0.0.1',
    '-nostdin',
    '-timeout',
    '20',
    '-timeout_error',
  ];
  const child = spawn('sipp', [...common, ...args], { cwd: tmpdir(), env: { ...process.env, TERM: 'dumb' } });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => done({ code, output: Buffer.concat(chunks).toString() }));
  });
}

/** Which message it did not expect, and its screens. */
function toldBy({ output }: Run): string {
  const at = output.search(/unexpected message/i);
  return `${at < 0 ? '' : output.slice(at, at + 1000)}\n${output.slice(-3000)}`;
}

describe('SIPp against the engine [IWF-1804]', function () {
  this.timeout(40_000);
  let engine: Engine;
  let seen: Seen;
  /** 200s that have left. */
  let answers: number;

  before(function () {
    if (spawnSync('sipp', ['-v']).error === undefined) return;
    console.log('      sipp is not installed (Debian: sip-tester): its scenarios are skipped');
    this.skip();
  });

  beforeEach(async () => {
    answers = 0;
    engine = createEngine({
      listen: ['udp/127.0.0.1:0', 'tcp/127.0.0.1:0'],
      onMessage: (direction, _local, _remote, bytes) => {
        if (direction === 'out' && bytes.toString('latin1', 0, 11) === 'SIP/2.0 200') answers++;
      },
    });
    seen = await startSmallAgent(engine);
  });

  afterEach(() => engine.close());

  function at(protocol: 'udp' | 'tcp'): Address {
    return engine.listening.find((address) => address.protocol === protocol)!;
  }

  async function run(scenario: string, protocol: 'udp' | 'tcp', more: readonly string[]): Promise<void> {
    const transport = protocol === 'udp' ? 'u1' : 't1';
    const remote = `127.0.0.1:${at(protocol).port}`;
    const result = await sipp(scenario, [remote, '-t', transport, ...more]);
    expect(result.code, toldBy(result)).to.equal(0);
  }

  for (const protocol of ['udp', 'tcp'] as const) {
    it(`answers OPTIONS over ${protocol}`, () => run('options.xml', protocol, ['-m', '20', '-r', '200']));

    it(`answers MESSAGE over ${protocol}`, () => run('message.xml', protocol, ['-m', '200', '-r', '400']));

    it(`takes an INVITE with MSRP SDP, ACK and BYE over ${protocol}`, async () => {
      await run('invite.xml', protocol, ['-m', '50', '-r', '100']);
      expect(seen.events.filter((event) => event === 'ACK')).to.have.length(50);
      expect(seen.events.filter((event) => event === 'BYE')).to.have.length(50);
    });

    it(`is cancelled over ${protocol}`, async () => {
      await run('cancel.xml', protocol, ['-m', '20', '-r', '100']);
      expect(seen.events.filter((event) => event === 'CANCEL')).to.have.length(20);
    });
  }

  it('gives the same answer to the same request again, without telling the application', async () => {
    await run('repeat.xml', 'udp', ['-m', '10', '-r', '100']);
    expect(seen.events.filter((event) => event === 'MESSAGE')).to.have.length(10);
    // SIPp answers a repeated response by its own request once more: at least twice each.
    expect(answers).to.be.at.least(20);
  });

  it('repeats its 2xx until the ACK comes', async () => {
    await run('late-ack.xml', 'udp', ['-m', '5', '-r', '100']);
    // At 0, 500 and 1500 ms; then ACK at 1800, and the 200 to the BYE.
    expect(answers).to.equal(5 * 4);
  });

  it('gets its calls through a network that loses datagrams', () =>
    run('lost.xml', 'udp', ['-m', '20', '-r', '50', '-lost', '10', '-recv_timeout', '15000']));

  it('calls, acknowledges and hangs up', async () => {
    const port = await freePort();
    const uas = sipp('uas-invite.xml', ['-p', String(port), '-m', '1', '-t', 'u1']);
    const outcome = await call(engine, `sip:phone@127.0.0.1:${port}`);
    expect(outcome).to.deep.equal(['100-199', '200', '200']);
    expect((await uas).code).to.equal(0);
  });
});

/** INVITE until somebody listens there, ACK, BYE; the responses that came. */
async function call(engine: Engine, uri: string): Promise<string[]> {
  for (;;) {
    const { final, dialogId, provisional } = await request(engine, 'INVITE', uri);
    // SIPp takes a moment to listen; until then the port refuses, which we learn at once.
    if (final.status === 503) {
      await pause();
      continue;
    }
    await engine.ack(dialogId!, { headers: [] });
    const bye = await request(engine, 'BYE', uri, dialogId);
    return [...(provisional ? ['100-199'] : []), String(final.status), String(bye.final.status)];
  }
}

interface Outcome {
  readonly final: SipMessage;
  readonly dialogId: string | undefined;
  readonly provisional: boolean;
}

function request(engine: Engine, method: string, uri: string, within?: string): Promise<Outcome> {
  return new Promise((done, failed) => {
    let provisional = false;
    const onResponse = (response: SipMessage, _from: Address, dialogId: string | undefined): void => {
      if (response.status! < 200) provisional = true;
      else done({ final: response, dialogId, provisional });
    };
    engine.send({ method, uri, headers: [] }, { onResponse }, within).catch(failed);
  });
}
