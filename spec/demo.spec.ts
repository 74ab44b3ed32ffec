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
import { pause } from './support/ask-again.js';
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
  this.timeout(60_000);
  let folder: string;
  const running: { readonly child: ChildProcess; readonly ended: Promise<unknown> }[] = [];
  const squatters: Server[] = [];

  function inFolder(): void {
    folder = mkdtempSync(join(tmpdir(), 'maap-iwf-demo-'));
  }

  async function cleared(): Promise<void> {
    for (const { child, ended } of running.splice(0)) {
      if (child.exitCode !== null) continue;
      child.kill('SIGKILL');
      await ended;
    }
    for (const server of squatters.splice(0)) server.close();
    rmSync(folder, { recursive: true, force: true });
  }

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

  describe('the demo, killed and started again', () => {
    const seen = { lines: [] as readonly string[], first: '', written: '', inbox: '', err: '', children: '' };
    const listed: string[] = [];
    let ended: unknown;
    let freedPort: Server;

    before(async () => {
      inFolder();
      const places = await freePlaces();
      const killed = await startedDemo(places);
      listed.push(await subscriptions(restAt(places)));
      killed.child.kill('SIGKILL');
      await killed.ended;
      const demo = await startedDemo(places);
      listed.push(await subscriptions(restAt(places)));
      seen.lines = demo
        .out()
        .split('\n')
        .filter((line) => /^(MESSAGE=|curl )/.test(line));
      if (hasCurl) await paste(seen.lines);
      seen.children = childrenOf(demo.pid);
      demo.child.kill('SIGTERM');
      ended = await demo.ended;
      seen.err = demo.err();
      freedPort = await listening(Number(places['IWF_REST__PORT']));
      squatters.push(freedPort);
    });
    after(cleared);

    async function paste([send = '', inbox = '', status = '', phoneSend = '']: readonly string[]): Promise<void> {
      seen.first = await pasted([send, inbox, status]);
      seen.written = await pasted([phoneSend]);
      while (!seen.inbox.includes('You said: Hello, bot!')) {
        await pause();
        seen.inbox = await pasted([inbox]);
      }
    }

    it('prints lines that do what they say when they are pasted [IWF-1812]', function () {
      expect(seen.lines).to.have.length(4);
      if (!hasCurl) {
        console.log('      skipped: curl is not installed');
        this.skip();
      }
      expect(seen.first).to.include('"text": "Hello, phone!"').and.to.include('"status":"Displayed"');
      expect(seen.written).to.include('"messageId"');
      expect(seen.err).to.equal('');
    });

    it('has no process besides, and ends on SIGTERM', () => {
      expect(seen.children).to.equal('');
      expect(ended).to.deep.equal([0, null]);
      expect(freedPort.listening).to.equal(true);
    });

    it('has kept its subscription, and that one alone', () => {
      expect(listed[1]).to.equal(listed[0]);
      expect(listed[0]?.match(/"notifyURL"/g)).to.have.length(1);
    });
  });

  describe('two demos beside one another', () => {
    const said: string[] = [];
    const roots: string[] = [];
    const listed: string[] = [];
    const ends: unknown[] = [];

    before(async () => {
      inFolder();
      const demos = [await startedDemo({}), await startedDemo({ IWF_LOG__LEVEL: 'info' })];
      said.push(...demos.map((demo) => demo.out()));
      // Nobody reads the second one's output any more.
      demos[1]?.child.stdout?.destroy();
      demos[1]?.child.stderr?.destroy();
      for (const demo of demos) {
        const { child } = demo;
        const root = /http:\/\/127\.0\.0\.1:\d+(?=\/docs\/)/.exec(demo.out())?.[0] ?? '';
        roots.push(root);
        listed.push(await subscriptions(root), await subscriptions(root));
        // The terminal and npm both hand it on.
        child.kill('SIGINT');
        child.kill('SIGINT');
        ends.push(await once(child, 'exit'));
      }
    });
    after(cleared);

    it('the second takes the next free port and file, and says so in one line each', () => {
      const moved = said[1]?.split('\n').filter((line) => / is taken: | is in use: /.test(line)) ?? [];
      expect(moved).to.have.length(10);
      expect(moved.join()).to.include('data/iwf.db is in use: messages are kept in data/iwf-2.db');
    });

    it('each subscribes at its own, and goes on when nobody reads its output any more', () => {
      expect(new Set(roots).size).to.equal(2);
      expect(listed).to.have.length(4);
      for (const [index, list] of listed.entries())
        expect(list).to.include(`"resourceURL":"${roots[index >> 1] ?? ''}/chat/v1/`);
    });

    it('end on Ctrl-C', () =>
      expect(ends).to.deep.equal([
        [0, null],
        [0, null],
      ]));
  });

  describe('the demo', () => {
    beforeEach(inFolder);
    afterEach(cleared);

    it('ends when npm start is told to', async function () {
      const places = await freePlaces();
      const npm = spawn('npm', ['start'], {
        cwd: packageFolder,
        env: { ...process.env, ...places, ...storeIn(folder) },
      });
      npm.on('error', () => undefined);
      running.push({ child: npm, ended: once(npm, 'close').catch(() => undefined) });
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

    it('leaves a port alone that the environment has set: exit code 2 where it is taken', async () => {
      const places = await freePlaces();
      squatters.push(await listening(Number(places['IWF_REST__PORT'])));
      const demo = start([], { ...places, IWF_LOG__LEVEL: 'error' });
      expect(await demo.ended).to.deep.equal([2, null]);
      expect(demo.err()).to.match(/^maap-iwf: cannot listen: .*EADDRINUSE.*\n$/);
    });
  });

  describe('with --config', () => {
    beforeEach(inFolder);
    afterEach(cleared);

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
});

function restAt(places: Readonly<Record<string, string>>): string {
  return `http://127.0.0.1:${places['IWF_REST__PORT'] ?? ''}`;
}

async function subscriptions(root: string): Promise<string> {
  const headers = { authorization: 'Bearer demo-key' };
  return (await fetch(`${root}/chat/v1/sip:echo@botplatform.example.net/subscriptions`, { headers })).text();
}

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
    await pause();
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
