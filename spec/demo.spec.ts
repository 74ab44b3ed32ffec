/** The command line as a newcomer and an operator meet it: the demo with its lines to paste, taken ports, signals, exit codes. */
import { expect } from 'chai';
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './support/free-port.js';

const packageFolder = fileURLToPath(new URL('../../', import.meta.url));
const main = fileURLToPath(new URL('../lib/main.js', import.meta.url));
const hasCurl = spawnSync('curl', ['--version']).status === 0;

interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  out(): string;
  err(): string;
  /** Resolves once standard output holds it; rejects when the process ends before. */
  said(words: string): Promise<void>;
  /** With code and signal. */
  readonly ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
}

function run(args: readonly string[], env: Readonly<Record<string, string>>, cwd: string): Running {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...passedOn(), ...env } });
  const texts = { out: '', err: '' };
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  child.stdout.on('data', (data: Buffer) => (texts.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (texts.err += data.toString()));
  return {
    child,
    pid: child.pid ?? 0,
    out: () => texts.out,
    err: () => texts.err,
    said: async (words) => {
      while (!texts.out.includes(words)) {
        await Promise.race([
          once(child.stdout, 'data'),
          ended.then(() => {
            throw new Error(`ended before it said "${words}": ${texts.out}${texts.err}`);
          }),
        ]);
      }
    },
    ended,
  };
}

/** Of our own environment nothing but where programs are, and where c8 collects what was run. */
function passedOn(): Readonly<Record<string, string>> {
  const names = ['PATH', 'NODE_V8_COVERAGE'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Every port by the environment, so that demos beside one another do not race for the same ones. */
async function freePlaces(): Promise<Readonly<Record<string, string>>> {
  const [rest, admin, sip, msrp, phone, abroad, phoneHttp, bot] = await Promise.all(
    Array.from({ length: 8 }, () => freePort()),
  );
  return {
    IWF_REST__PORT: String(rest),
    IWF_ADMIN__PORT: String(admin),
    IWF_SIP__LISTEN: `udp/127.0.0.1:${sip},tcp/127.0.0.1:${sip}`,
    IWF_MSRP__PORT: String(msrp),
    IWF_SIP__NEXTHOP: `sip:127.0.0.1:${phone};transport=tcp`,
    IWF_SIP__ROUTES__0__NEXTHOP: `sip:127.0.0.1:${abroad};transport=tcp`,
    DEMO_PHONE_PORT: String(phoneHttp),
    DEMO_BOT_PORT: String(bot),
  };
}

const lastWords = 'Ctrl-C ends it all';

describe('the command line', function () {
  this.timeout(30_000);
  let folder: string;
  const running: Running[] = [];
  const squatters: Server[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'maap-iwf-demo-'));
  });
  afterEach(async () => {
    for (const { child, ended } of running.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    for (const server of squatters.splice(0)) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(args: readonly string[], env: Readonly<Record<string, string>>): Running {
    const started = run(args, env, folder);
    running.push(started);
    return started;
  }

  async function startedDemo(env: Readonly<Record<string, string>>): Promise<Running> {
    const demo = start([], env);
    await demo.said(lastWords);
    return demo;
  }

  /** The lines to paste as they are printed, in one shell. */
  async function pasted(lines: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('sh', ['-c', lines.join('\n')]);
    return stdout;
  }

  describe('the demo', () => {
    it('prints lines that do what they say when they are pasted, and ends on SIGTERM [IWF-1812]', async function () {
      if (!hasCurl) {
        console.log('      skipped: curl is not installed');
        this.skip();
      }
      const places = await freePlaces();
      const demo = await startedDemo(places);
      const lines = demo
        .out()
        .split('\n')
        .filter((line) => /^(MESSAGE=|curl )/.test(line));
      expect(lines).to.have.length(4);
      const [send = '', inbox = '', status = '', phoneSend = ''] = lines;
      const first = await pasted([send, inbox, status]);
      expect(first).to.include('"text": "Hello, phone!"').and.to.include('"status":"Displayed"');
      expect(await pasted([phoneSend])).to.include('"messageId"');
      let later = '';
      while (!later.includes('You said: Hello, bot!')) later = await pasted([inbox]);
      expect(demo.err()).to.equal('');
      expect(childrenOf(demo.pid)).to.equal('');
      demo.child.kill('SIGTERM');
      expect(await demo.ended).to.deep.equal([0, null]);
      squatters.push(await listening(Number(places['IWF_REST__PORT'])));
    });

    it('ends when npm start is told to', async function () {
      const places = await freePlaces();
      const npm = spawn('npm', ['start'], {
        cwd: packageFolder,
        env: { ...process.env, ...places, ...storeIn(folder) },
      });
      npm.on('error', () => undefined);
      let out = '';
      for await (const data of npm.stdout) {
        out += String(data);
        if (out.includes(lastWords)) break;
      }
      if (!out.includes(lastWords)) {
        console.log('      skipped: npm is not installed');
        this.skip();
      }
      npm.kill('SIGTERM');
      await freed(Number(places['IWF_REST__PORT']));
    });

    it('takes the next free port and file, says so in one line each, and ends on Ctrl-C', async () => {
      const first = await startedDemo({});
      const second = await startedDemo({});
      const moved = second
        .out()
        .split('\n')
        .filter((line) => / is taken: | is in use: /.test(line));
      expect(moved).to.have.length(10);
      expect(moved.join()).to.include('data/iwf.db is in use: messages are kept in data/iwf-2.db');
      for (const demo of [first, second]) {
        const rest = /http:\/\/127\.0\.0\.1:\d+(?=\/docs\/)/.exec(demo.out())?.[0] ?? '';
        const subscriptions = await fetch(`${rest}/chat/v1/sip:echo@botplatform.example.net/subscriptions`, {
          headers: { authorization: 'Bearer demo-key' },
        });
        expect(await subscriptions.text()).to.include(`"resourceURL":"${rest}/chat/v1/`);
        // The terminal and npm both hand it on.
        demo.child.kill('SIGINT');
        demo.child.kill('SIGINT');
        expect(await demo.ended).to.deep.equal([0, null]);
      }
    });

    it('leaves a port alone that the environment has set: exit code 2 where it is taken', async () => {
      const places = await freePlaces();
      squatters.push(await listening(Number(places['IWF_REST__PORT'])));
      const demo = start([], { ...places, IWF_LOG__LEVEL: 'error' });
      expect(await demo.ended).to.deep.equal([2, null]);
      expect(demo.err()).to.match(/^maap-iwf: cannot listen: .*EADDRINUSE.*\n$/);
    });

    it('keeps its subscription over a restart, and one alone', async () => {
      const places = await freePlaces();
      const first = await startedDemo(places);
      const before = await subscriptions(places);
      first.child.kill('SIGKILL');
      await first.ended;
      await startedDemo(places);
      expect(await subscriptions(places)).to.equal(before);
      expect(before.match(/"notifyURL"/g)).to.have.length(1);
    });

    it('goes on when nobody reads its output any more', async () => {
      const places = await freePlaces();
      const demo = await startedDemo({ ...places, IWF_LOG__LEVEL: 'info' });
      demo.child.stdout?.destroy();
      demo.child.stderr?.destroy();
      await subscriptions(places);
      await subscriptions(places);
      demo.child.kill('SIGTERM');
      const [code] = (await once(demo.child, 'exit')) as [number | null];
      expect(code).to.equal(0);
    });
  });

  describe('with --config', () => {
    async function written(over: Readonly<Record<string, unknown>> = {}): Promise<{ file: string; admin: number }> {
      const [rest, admin, sip, msrp] = await Promise.all(Array.from({ length: 4 }, () => freePort()));
      const file = join(folder, 'config.json');
      const config = {
        serverRoot: `http://127.0.0.1:${rest}`,
        rest: { port: rest },
        admin: { port: admin },
        sip: { listen: [`tcp/127.0.0.1:${sip}`] },
        msrp: { port: msrp },
        platforms: [{ id: 'one' }],
        ...over,
      };
      writeFileSync(file, JSON.stringify(config));
      return { file, admin: admin ?? 0 };
    }

    it('ends with exit code 2 and one line where a port is taken', async () => {
      const squatter = await listening(0);
      squatters.push(squatter);
      const { port } = squatter.address() as { port: number };
      for (const over of [{ rest: { port } }, { sip: { listen: [`tcp/127.0.0.1:${port}`] } }]) {
        const gateway = start(['--config', (await written(over)).file], { IWF_LOG__LEVEL: 'error' });
        expect(await gateway.ended, Object.keys(over).join()).to.deep.equal([2, null]);
        expect(gateway.err()).to.match(new RegExp(`^maap-iwf: cannot listen: .*EADDRINUSE.*${port}\n$`));
        expect(gateway.out()).to.equal('');
      }
    });

    it('runs that configuration alone, and lets no other gateway at its store', async () => {
      const { file, admin } = await written();
      const first = start(['--config', file], {});
      await first.said('gateway ready');
      expect((await fetch(`http://127.0.0.1:${admin}/readyz`)).status).to.equal(200);
      const second = start(['--config', (await written()).file], { IWF_LOG__LEVEL: 'error' });
      expect(await second.ended).to.deep.equal([2, null]);
      expect(second.err()).to.match(/^maap-iwf: store: data\/iwf\.db is in use .*\n$/);
      first.child.kill('SIGTERM');
      expect(await first.ended).to.deep.equal([0, null]);
      expect(first.out()).not.to.include('curl');
      expect(first.err()).to.equal('');
    });

    it('ends with exit code 2 and one line where the configuration is wrong', async () => {
      const { file } = await written({ colour: 'blue' });
      const gateway = start(['--config', file], {});
      expect(await gateway.ended).to.deep.equal([2, null]);
      expect(gateway.err()).to.match(/^.*config\.json:1: .*colour.*\n$/);
    });
  });

  async function subscriptions(places: Readonly<Record<string, string>>): Promise<string> {
    const rest = `http://127.0.0.1:${places['IWF_REST__PORT'] ?? ''}`;
    const headers = { authorization: 'Bearer demo-key' };
    return (await fetch(`${rest}/chat/v1/sip:echo@botplatform.example.net/subscriptions`, { headers })).text();
  }
});

async function listening(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Resolves once nobody listens there; the spec's own time is the limit. */
async function freed(port: number): Promise<void> {
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/openapi.json`).catch(() => undefined);
    if (!answered) return;
    await answered.arrayBuffer();
  }
}

function storeIn(folder: string): Readonly<Record<string, string>> {
  return { IWF_STORE__PATH: join(folder, 'iwf.db') };
}

/** Linux tells it; elsewhere nothing is found out. */
function childrenOf(pid: number): string {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
