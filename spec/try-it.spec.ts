/** docs/try-it.md, run as it stands: its blocks in one shell against the demo, and what it says that one sees is seen. */
import { expect } from 'chai';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './support/free-port.js';

const main = fileURLToPath(new URL('../lib/main.js', import.meta.url));
const page = readFileSync(new URL('../../docs/try-it.md', import.meta.url), 'utf8');
const hasCurl = spawnSync('curl', ['--version']).status === 0;

interface Block {
  readonly heading: string;
  readonly commands: string;
  /** What the sentence after it says that one sees. */
  readonly seen: readonly string[];
}

function readBlocks(markdown: string): readonly Block[] {
  return [...markdown.matchAll(/```sh\n(.*?)```\n(?:\nYou see ([^\n]*)\n)?/gs)].map(
    ({ 1: commands = '', 2: see = '', index }) => ({
      heading: [...markdown.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? '',
      commands,
      seen: [...see.matchAll(/`([^`]+)`/g)].map(([, words = '']) => words),
    }),
  );
}

/** One shell for all blocks: variables of one are known to the next. */
class Shell {
  private readonly child = spawn('sh', [], { stdio: ['pipe', 'pipe', 'pipe'] });
  private said = '';

  constructor() {
    this.child.stdout.on('data', (data: Buffer) => (this.said += data.toString()));
    this.child.stderr.on('data', (data: Buffer) => (this.said += data.toString()));
  }

  async run(commands: string): Promise<string> {
    const end = `--- end of block ${Math.random()} ---`;
    this.child.stdin.write(`${commands}\necho '${end}'\n`);
    while (!this.said.includes(end)) await once(this.child.stdout, 'data');
    const [out = '', rest = ''] = this.said.split(`${end}\n`);
    this.said = rest;
    return out;
  }

  end(): void {
    this.child.stdin.end();
  }
}

describe('docs/try-it.md', function () {
  this.timeout(30_000);
  const blocks = readBlocks(page);
  let folder: string;
  let demo: ChildProcess;
  let shell: Shell;
  let ports: Readonly<Record<string, number>>;

  before(async function () {
    if (!hasCurl) {
      console.log('      skipped: curl is not installed');
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'maap-iwf-try-it-'));
    ports = { 8080: await freePort(), 8081: await freePort(), 8082: await freePort() };
    demo = await startedDemo(folder, ports);
    shell = new Shell();
  });
  after(async () => {
    if (!hasCurl) return;
    shell.end();
    const ended = once(demo, 'exit');
    demo.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  const placed = (text: string): string =>
    text.replace(/127\.0\.0\.1:(808\d)/g, (_, port: string) => `127.0.0.1:${ports[port] ?? port}`);

  it('has every row', () => {
    const headings = [...page.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number));
    expect(headings).to.deep.equal(Array.from({ length: 15 }, (_, at) => at + 1));
    expect(blocks.length).to.be.above(15);
  });

  blocks.forEach(({ heading, commands, seen }, at) => {
    it(`block ${at + 1}, ${heading}: shows ${seen.length === 0 ? 'nothing that it names' : seen.join(', ').slice(0, 60)}`, async () => {
      const out = await shell.run(placed(commands));
      for (const words of seen) expect(out).to.include(placed(words));
      expect(out).not.to.match(/curl: \(|: (?:command )?not found/);
    });
  });
});

async function startedDemo(folder: string, ports: Readonly<Record<string, number>>): Promise<ChildProcess> {
  const sip = await freePort();
  const hop = async (): Promise<string> => `sip:127.0.0.1:${await freePort()};transport=tcp`;
  const env = {
    PATH: process.env['PATH'] ?? '',
    ...(process.env['NODE_V8_COVERAGE'] ? { NODE_V8_COVERAGE: process.env['NODE_V8_COVERAGE'] } : {}),
    IWF_REST__PORT: String(ports[8080]),
    IWF_ADMIN__PORT: String(ports[8081]),
    DEMO_PHONE_PORT: String(ports[8082]),
    DEMO_BOT_PORT: String(await freePort()),
    IWF_SIP__LISTEN: `udp/127.0.0.1:${sip},tcp/127.0.0.1:${sip}`,
    IWF_SIP__KEEPALIVES: '1',
    IWF_MSRP__PORT: String(await freePort()),
    IWF_SIP__NEXTHOP: await hop(),
    IWF_SIP__ROUTES__0__NEXTHOP: `${await hop()}, ${await hop()}`,
  };
  const demo = spawn(process.execPath, [main], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  const ended = once(demo, 'exit').then(() => {
    throw new Error(`the demo ended before it was ready: ${out}`);
  });
  while (!out.includes('Ctrl-C ends it all'))
    out += String((await Promise.race([once(demo.stdout, 'data'), ended]))[0]);
  ended.catch(() => undefined);
  demo.stdout.resume();
  return demo;
}
