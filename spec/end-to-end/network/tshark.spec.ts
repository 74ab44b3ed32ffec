/** What `/trace` gives as a capture file, read by Wireshark's own decoders: what engineers see is what crossed the borders. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printPcap } from '../../../lib/trace/pcap.js';
import { bot, contact, startWorld, type World } from '../world.js';

const adminKey = 'admin-of-the-spec';
const admin = { key: createHash('sha256').update(adminKey).digest('hex') };
const conversationID = '5f0e7b2e-1111-4222-8333-944455558888';

function hasTshark(): boolean {
  if (spawnSync('tshark', ['--version']).error === undefined) return true;
  console.log('      tshark is not installed: capture files are not opened with it');
  return false;
}

interface Traced {
  readonly border: 'sip' | 'msrp' | 'http';
  readonly text: string;
}

/** Of each frame: the protocol as its column says, and the severities of what Wireshark finds strange. */
type Frame = readonly [protocol: string, severities: readonly number[]];

/** `_ws.expert.severity`: what is less is a remark. */
const warning = 0x600000;

function framesOf(file: string): readonly Frame[] {
  const fields = ['-T', 'fields', '-e', '_ws.col.Protocol', '-e', '_ws.expert.severity'];
  const { stdout, status } = spawnSync('tshark', ['-n', '-r', file, ...fields], { encoding: 'utf8' });
  expect(status).to.equal(0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([protocol = '', severities = '']) => [protocol, severities === '' ? [] : severities.split(',').map(Number)]);
}

describe('a capture file in tshark', function () {
  this.timeout(20_000);
  let folder: string;
  before(function () {
    if (!hasTshark()) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'maap-iwf-tshark-'));
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  it('has what is larger than a packet, IPv6, and a callback without answer as a reset', () => {
    const large = 'x'.repeat(150_000);
    const paths = 'To-Path: msrp://[2001:db8::1]:2855/x;tcp\r\nFrom-Path: msrp://[2001:db8::2]:9/y;tcp\r\n';
    const asked = (body: string, announced = body.length) =>
      `POST https://a.example.com/x HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: ${announced}\r\n\r\n${body}`;
    const crossed = [
      ['msrp', 'in', '[2001:db8::2]:40000', `MSRP tttt1 SEND\r\n${paths}\r\n${large}\r\n-------tttt1$\r\n`, 'MSRP'],
      ['msrp', 'out', '[2001:db8::2]:40000', `MSRP tttt1 200 OK\r\n${paths}-------tttt1$\r\n`, 'MSRP'],
      ['http', 'out', 'a.example.com', asked(JSON.stringify({ large })), 'HTTP/JSON'],
      ['http', 'in', 'a.example.com', 'HTTP/1.1 200\r\n\r\n', 'HTTP'],
      ['http', 'out', 'a.example.com', asked('[900 bytes]', 900), 'HTTP'],
      ['http', 'in', 'a.example.com', 'failed: timeout', 'TCP'],
      ['http', 'out', 'a.example.com', asked('{}'), 'HTTP/JSON'],
      ['http', 'in', '2001:db8::7', 'GET /x HTTP/1.1\r\nhost: a\r\n\r\n', 'HTTP'],
    ] as const;
    const file = join(folder, 'made.pcap');
    const events = crossed.map(([border, direction, peer, text], at) => ({
      border,
      direction,
      peer,
      text,
      atMs: at,
      key: 'k',
    }));
    writeFileSync(file, printPcap({ conversation: 'c', keys: [], events }));
    const frames = framesOf(file);
    // All but the last segment of what is large are shown as TCP.
    const segments = 2 * Math.floor(large.length / 65_000);
    expect(frames.map(([protocol]) => protocol).filter((protocol) => protocol !== 'TCP')).to.deep.equal(
      crossed.map(([, , , , protocol]) => protocol).filter((protocol) => protocol !== 'TCP'),
    );
    expect(frames).to.have.length(crossed.length + segments);
    const strange = frames.filter(([, severities]) => severities.some((severity) => severity >= warning));
    expect(strange, 'the reset alone').to.deep.equal([['TCP', [warning]]]);
  });
});

for (const bodies of [false, true]) {
  describe(`the capture file of a conversation, ${bodies ? 'with' : 'without'} bodies, in tshark`, function () {
    this.timeout(20_000);
    let world: World | undefined;
    before(async function () {
      if (!hasTshark()) this.skip();
      const config = { admin, trace: { bodies } };
      world = await startWorld({ config, receipts: ['delivered', 'displayed'] });
    });
    after(() => world?.stop());

    async function trace(format: 'json' | 'pcap'): Promise<Response> {
      const url = `http://127.0.0.1:${world?.gateway.ports.admin}/trace/${conversationID}?format=${format}`;
      return await fetch(url, { headers: { authorization: `Bearer ${adminKey}` } });
    }

    it('has each message as what it is, and nothing malformed', async () => {
      if (!world) throw new TypeError('no world');
      const { phone, platform, folder } = world;
      // Larger than a packet, and than a chunk.
      for (const text of ['one', 'x'.repeat(70_000)]) {
        expect((await platform.send(contact, { text, conversationID, reportRequest: ['Displayed'] })).status).to.equal(
          201,
        );
      }
      await platform.waitFor(({ body }) => JSON.stringify(body).includes('Displayed'));
      await phone.until(() => phone.inbox.length === 2);
      await phone.send(bot, 'two');
      await platform.waitFor(({ body }) => JSON.stringify(body).includes('"text":"two"'));
      await phone.hangUp(bot);

      const { events } = (await (await trace('json')).json()) as { readonly events: readonly Traced[] };
      const file = join(folder, 'trace.pcap');
      writeFileSync(file, Buffer.from(await (await trace('pcap')).arrayBuffer()));
      const frames = framesOf(file);
      for (const [protocol, severities] of frames) {
        expect(
          severities.filter((severity) => severity >= warning),
          protocol,
        ).to.deep.equal([]);
      }
      const decoded = (border: string) =>
        frames.filter(([protocol]) => protocol.toLowerCase().split('/')[0] === border).length;
      for (const border of ['sip', 'msrp', 'http'] as const) {
        const crossed = events.filter((event) => event.border === border).length;
        expect(crossed, border).to.be.above(1);
        expect(decoded(border), border).to.equal(crossed);
      }
    });
  });
}
