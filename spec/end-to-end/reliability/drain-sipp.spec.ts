/** SIPp as the network's side of a gateway that drains and comes back: nothing that was answered 200 is lost, no call hangs. */
import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { draining, errorsOf, type ProcessWorld, startProcessWorld } from '../process-world.js';

const scenarios = resolve('scripts/sipp');
const user = 'tel:+15550003';

describe('SIPp against a gateway that drains and comes back [IWF-1705]', function () {
  this.timeout(90_000);
  let world: ProcessWorld;
  let folder: string;

  before(function () {
    if (spawnSync('sipp', ['-v']).error === undefined) return;
    console.log('      sipp is not installed (Debian: sip-tester): its scenarios are skipped');
    this.skip();
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'maap-iwf-sipp-'));
    const bot = (ports: ProcessWorld['ports']): string => `sip:bot@127.0.0.1:${ports.sip}`;
    // The scenarios call `bot` at the address that they are given.
    world = await startProcessWorld({ bot, platform: { domains: ['127.0.0.1'] } });
    expect((await world.platform.subscribe()).status).to.equal(201);
  });
  afterEach(async () => {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Resolves with its output; rejects where a call has not gone as its scenario says. */
  async function run(scenario: string, more: readonly string[]): Promise<void> {
    const where = ['-sf', join(scenarios, scenario), '-i', '127.0.0.1', '-t', 'u1', `127.0.0.1:${world.ports.sip}`];
    const ends = ['-nostdin', '-timeout', '60', '-timeout_error'];
    const child = spawn('sipp', [...where, ...ends, ...more], { cwd: folder, env: { ...process.env, TERM: 'dumb' } });
    const printed: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => printed.push(bytes));
    const code = await new Promise((done, failed) => child.on('error', failed).on('close', done));
    expect(code, Buffer.concat(printed).toString().slice(-2000)).to.equal(0);
  }

  /** The user's call is up: the stop must not be there before it. */
  async function called(): Promise<void> {
    for (;;) {
      const metrics = await fetch(`http://127.0.0.1:${world.ports.admin}/metrics`);
      if (/iwf_sessions_total\{direction="inbound"\} 1\n/.test(await metrics.text())) return;
    }
  }

  /** What became of the messages, as the network's side has it. */
  function logged(word: 'taken' | 'refused'): readonly string[] {
    const lines = readFileSync(join(folder, 'messages.log'), 'utf8').split('\n');
    return lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []));
  }

  it('MESSAGE, INVITE and OPTIONS under way: refused while it drains, taken afterwards, told to the bot exactly', async () => {
    const { gateway, handsets, platform } = world;
    // A message under way keeps it draining until the handset takes it.
    let release = (): void => undefined;
    handsets.hold = () => new Promise<void>((resolve) => (release = resolve));
    await platform.send(user, { text: 'under way' });
    await handsets.until(() => handsets.requests.some((request) => request.startsWith('INVITE')));
    const call = run('drain-call.xml', ['-m', '1']);
    await called();
    const log = ['-trace_logs', '-log_file', join(folder, 'messages.log')];
    const messages = run('drain-messages.xml', ['-m', '300', '-r', '100', '-max_retrans', '20', ...log]);
    await platform.waitFor(() => platform.callbacks.length >= 5, 20_000);
    const stopped = gateway.stop();
    await draining(world);
    await run('drain-refused.xml', ['-m', '10', '-r', '100']);
    await call;
    release();
    expect(await stopped).to.equal(0);
    await gateway.start();
    await messages;
    const taken = logged('taken');
    expect(logged('refused')).to.not.be.empty;
    expect(taken.length + logged('refused').length).to.equal(300);
    const told = (): ReadonlySet<unknown> =>
      new Set(
        platform.callbacks.flatMap(({ kind, body }) => (kind === 'chatMessageNotification' ? [body['messageId']] : [])),
      );
    await platform.waitFor(() => told().size >= taken.length, 20_000);
    expect([...told()].sort()).to.deep.equal([...taken].sort());
    await handsets.until(() => handsets.arrivals.length === 1);
    expect(errorsOf(world)).to.deep.equal([]);
  });
});
