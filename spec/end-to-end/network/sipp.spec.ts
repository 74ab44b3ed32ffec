/** SIPp against the whole gateway: what the network's side says is answered, kept, and told to the bot. */
import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { SimulatedPlatform } from '../../../lib/sim/platform.js';
import { contact, key, startWorld, type World } from '../world.js';

/** All calls are the same user's, and his new session ends the one before. */
const oneByOne = ['-l', '1', '-r', '100'];
const asked = ['Sent', 'Delivered', 'Displayed', 'Failed'] as const;
const scenarios = resolve('scripts/sipp');

describe('SIPp against the whole gateway [IWF-1804]', function () {
  this.timeout(40_000);
  let world: World;
  let platform: SimulatedPlatform;
  let bot: string;

  before(function () {
    if (spawnSync('sipp', ['-v']).error === undefined) return;
    console.log('      sipp is not installed (Debian: sip-tester): its scenarios are skipped');
    this.skip();
  });

  beforeEach(async () => {
    // The scenarios call `bot` at the address that they are given.
    world = await startWorld({ platform: { domains: ['127.0.0.1'] } });
    bot = `sip:bot@127.0.0.1:${world.ports.sip}`;
    platform = new SimulatedPlatform({ serverRoot: world.serverRoot, key, bot });
    await platform.start();
    expect((await platform.subscribe()).status).to.equal(201);
  });
  afterEach(async () => {
    await world.stop();
    await platform.stop();
  });

  async function run(scenario: string, protocol: 'udp' | 'tcp', more: readonly string[]): Promise<void> {
    const transport = protocol === 'udp' ? 'u1' : 't1';
    const where = ['-sf', resolve(scenarios, scenario), '-i', '127.0.0.1', '-t', transport];
    const ends = ['-nostdin', '-timeout', '30', '-timeout_error'];
    const child = spawn('sipp', [`127.0.0.1:${world.ports.sip}`, ...where, ...ends, ...more], {
      cwd: tmpdir(),
      env: { ...process.env, TERM: 'dumb' },
    });
    const printed: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => printed.push(bytes));
    const code = await new Promise((done, failed) => child.on('error', failed).on('close', done));
    expect(code, Buffer.concat(printed).toString().slice(-2000)).to.equal(0);
  }

  for (const protocol of ['udp', 'tcp'] as const) {
    it(`OPTIONS over ${protocol}`, () => run('options.xml', protocol, ['-m', '50', '-r', '200']));

    it(`MESSAGE with CPIM over ${protocol}: each is told to the bot once`, async () => {
      await run('message.xml', protocol, ['-m', '200', '-r', '400']);
      await platform.waitFor(() => new Set(platform.callbacks.map(({ body }) => body['messageId'])).size === 200);
      expect(platform.callbacks).to.have.length(200);
    });

    it(`INVITE with MSRP SDP, ACK and BYE over ${protocol}: no session is left`, async () => {
      await run('invite.xml', protocol, [...oneByOne, '-m', '50']);
      expect(await sessions()).to.equal(0);
    });
  }

  it('calls through a network that loses datagrams', async () => {
    await run('lost.xml', 'udp', [...oneByOne, '-m', '10', '-lost', '10', '-recv_timeout', '15000']);
  });

  it('the same MESSAGE again, as if its answer was lost, is told to the bot once', async () => {
    await run('repeat.xml', 'udp', ['-m', '10', '-r', '100']);
    await platform.waitFor(() => platform.callbacks.length === 10);
    expect(new Set(platform.callbacks.map(({ webhookId }) => webhookId)).size).to.equal(10);
  });

  /** A message of the bot, taken by the phone: the scenarios that speak of it come from its number. */
  async function sent(): Promise<string> {
    const { location = '' } = await platform.send(contact, { text: 'hello', reportRequest: [...asked] });
    const messageId = decodeURIComponent(location.split('/').at(-1) ?? '');
    await told(messageId, 'Sent');
    return messageId;
  }

  const told = (messageId: string, status: string): ReturnType<SimulatedPlatform['waitFor']> =>
    platform.waitFor(({ body }) => body['messageId'] === messageId && body['status'] === status);

  it('an IMDN by MESSAGE is told to the bot', async () => {
    const messageId = await sent();
    await run('imdn.xml', 'udp', ['-m', '1', '-key', 'message_id', messageId]);
    await told(messageId, 'Displayed');
  });

  it('the answer to a revoke is told to the bot', async () => {
    world.phone.revokes = true;
    const messageId = await sent();
    await platform.putStatus(contact, messageId, 'RevokeRequested');
    await world.phone.until(() => world.phone.documents.length === 1);
    await run('revoke-answer.xml', 'tcp', ['-m', '1', '-key', 'message_id', messageId]);
    await told(messageId, 'Revoked');
  });

  it('spam reports are kept', async () => {
    await run('spam-report.xml', 'udp', ['-m', '20', '-r', '200']);
    const list = await platform.request('GET', `/spamreport/v1/${encodeURIComponent(bot)}/reports`);
    expect((list.body as { spamReportList: { spamReport: unknown[] } }).spamReportList.spamReport).to.have.length(20);
  });

  it('privacy commands are told to the bot', async () => {
    expect((await platform.subscribe(undefined, 'aliasmgmt')).status).to.equal(201);
    await run('privacy.xml', 'tcp', ['-m', '20', '-r', '200']);
    const commands = (): Set<unknown> => new Set(platform.callbacks.map(({ body }) => body['commandId']));
    await platform.waitFor(() => commands().size === 20);
  });

  it('the 2xx comes again until the ACK', () => run('late-ack.xml', 'udp', [...oneByOne, '-m', '2']));

  async function sessions(): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${world.gateway.ports.admin}/metrics`);
    return Number(/^iwf_msrp_sessions(?:\{[^}]*\})? (\d+)/m.exec(await response.text())?.[1]);
  }
});
