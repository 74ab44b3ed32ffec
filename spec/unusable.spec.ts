/** A configuration that cannot be run: one line that names the key, exit code 2, and nothing left open. */
import { expect } from 'chai';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { ConfigError, loadConfig } from '../lib/config.js';
import { startGateway } from '../lib/gateway.js';
import { checkTlsFiles } from '../lib/gateway/tls-material.js';
import { Authority, type Certificate } from './support/certificates.js';
import { freePort } from './support/free-port.js';
import { silentLog } from './support/silent.js';

type Tree = Readonly<Record<string, unknown>>;

const main = fileURLToPath(new URL('../lib/main.js', import.meta.url));

describe('a configuration that cannot be run [IWF-1818]', () => {
  let folder: string;
  let authority: Authority;
  let own: Certificate;
  let other: Certificate;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'iwf-unusable-'));
    authority = await Authority.make('ca');
    [own, other] = [await authority.issue('own', ['IP:127.0.0.1']), await authority.issue('other', ['IP:127.0.0.1'])];
    writeFileSync(join(folder, 'garbage.pem'), 'no certificate');
    writeFileSync(join(folder, 'empty.pem'), '\n');
    writeFileSync(
      join(folder, 'half.pem'),
      `# ours\n${authority.ca}${authority.ca.slice(0, 100)}\n-----END CERTIFICATE-----\n`,
    );
    writeFileSync(join(folder, 'cut.pem'), `${authority.ca}${authority.ca.slice(0, 100)}`);
    mkdirSync(join(folder, 'folder.pem'));
  });
  after(() => {
    authority.remove();
    rmSync(folder, { recursive: true });
  });

  const file = (over: Tree, of = 'iwf.yaml'): string => {
    const name = join(folder, of);
    const ports = { rest: { port: 0 }, admin: { port: 0 }, msrp: { port: 0 }, sip: { listen: ['tcp/127.0.0.1:0'] } };
    const sections = Object.entries(over).map(([key, value]) => [
      key,
      { ...(ports as Readonly<Record<string, Tree>>)[key], ...(value as Tree) },
    ]);
    const store = { path: join(folder, 'iwf.db') };
    writeFileSync(
      name,
      stringify({ serverRoot: 'http://a', platforms: [], store, ...ports, ...Object.fromEntries(sections) }),
    );
    return name;
  };
  const run = (args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [main, ...args], { timeout: 30_000, killSignal: 'SIGKILL' }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), text: (stdout + stderr).replaceAll(folder, '…') }),
      );
    });

  it('is 2 and one line, for --check and for the start', async function () {
    // Two processes on a machine that may have others to run.
    this.timeout(60_000);
    const cert = join(folder, 'none.pem');
    const noCertificate = file({ sip: { tls: { cert, key: own.keyFile } } });
    const [checked, started, checkedFiles] = await Promise.all([
      run(['--config', file({ store: { kind: 'redis' } }, 'redis.yaml'), '--check']),
      run(['--config', noCertificate]),
      run(['--config', noCertificate, '--check']),
    ]);
    expect(checked.text).to.match(/^….redis\.yaml:\d+: store\.kind: redis is not part of this version\n$/);
    expect(started.text).to.equal('sip.tls.cert: …/none.pem cannot be read: ENOENT\n');
    expect(checkedFiles.text).to.equal(started.text);
    expect([checked.code, started.code, checkedFiles.code]).to.deep.equal([2, 2, 2]);
  });

  it('is 1 and one line where drachtio-server is not there: it may come later', async function () {
    this.timeout(60_000);
    const drachtio = { host: '127.0.0.1', port: await freePort() };
    const { text, code } = await run(['--config', file({ sip: { engine: 'drachtio', drachtio } }, 'drachtio.yaml')]);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    expect(lines).to.deep.equal([
      `maap-iwf: no SIP engine (sip.drachtio): connect ECONNREFUSED 127.0.0.1:${drachtio.port}`,
    ]);
    expect(code).to.equal(1);
  });

  it('is 2 and one line for a host that nobody knows, or that is not ours', async function () {
    this.timeout(60_000);
    const unknown = { host: 'nohost.invalid', port: 0 };
    const starts = await Promise.all(
      [{ rest: unknown }, { admin: unknown }, { msrp: { host: '203.0.113.1', port: 0 } }].map((over, at) =>
        run(['--config', file({ ...over, store: { path: join(folder, `host-${at}.db`) } }, `host-${at}.yaml`)]),
      ),
    );
    const errors = starts.map(({ text }) => text.split('\n').filter((line) => line.startsWith('maap-iwf: ')));
    for (const lines of errors.slice(0, 2))
      expect(lines.join()).to.match(
        /^maap-iwf: cannot listen: no address is known for the host nohost\.invalid \(E\w+\)$/,
      );
    expect(errors[2]?.join()).to.match(/^maap-iwf: cannot listen: .*EADDRNOTAVAIL.* 203\.0\.113\.1/);
    expect(starts.map(({ code }) => code)).to.deep.equal([2, 2, 2]);
  });

  it('is 2 and one line for a path that the system answers strangely', async function () {
    this.timeout(60_000);
    const pipe = join(folder, 'pipe.db');
    execFileSync('mkfifo', [pipe]);
    const starts = await Promise.all(
      [
        { store: { path: '/proc/maap-iwf/iwf.db' } },
        { store: { path: pipe } },
        { store: { path: join(folder, 'strange.db') }, audit: { path: '/proc/maap-iwf/audit' } },
      ].map((over, at) => run(['--config', file(over, `strange-${at}.yaml`)])),
    );
    expect(starts.map(({ text }) => text)).to.deep.equal([
      "maap-iwf: store: /proc/maap-iwf/iwf.db cannot be opened: Error: ENOENT: no such file or directory, mkdir '/proc/maap-iwf'\n",
      'maap-iwf: store: …/pipe.db is a device, a pipe or a socket, and must be a file, or not be there\n',
      'audit.path: /proc/maap-iwf/audit cannot be made: ENOENT\n',
    ]);
    expect(starts.map(({ code }) => code)).to.deep.equal([2, 2, 2]);
  });

  const none = (): string => join(folder, 'none.pem');
  const cases: readonly (readonly [what: string, over: () => Tree, line: RegExp])[] = [
    [
      'rest.tls: no file',
      () => ({ rest: { tls: { cert: own.certFile, key: none() } } }),
      /^rest\.tls\.key: \S+none\.pem cannot be read: ENOENT$/,
    ],
    [
      'rest.tls: clientCa is a folder',
      () => ({ rest: { tls: { cert: own.certFile, key: own.keyFile, clientCa: join(folder, 'folder.pem') } } }),
      /^rest\.tls\.clientCa: \S+folder\.pem cannot be read: EISDIR$/,
    ],
    [
      'sip.tls: no authority',
      () => ({ sip: { tls: { cert: own.certFile, key: own.keyFile, ca: none() } } }),
      /^sip\.tls\.ca: \S+none\.pem cannot be read: ENOENT$/,
    ],
    [
      'sip.tls: what is no certificate',
      () => ({ sip: { tls: { cert: join(folder, 'garbage.pem'), key: own.keyFile } } }),
      /^sip\.tls: its files cannot be used: .+$/,
    ],
    [
      'msrp.tls: no file',
      () => ({ msrp: { tls: { cert: none(), key: own.keyFile } } }),
      /^msrp\.tls\.cert: \S+none\.pem cannot be read: ENOENT$/,
    ],
    [
      'msrp.tls: the key of another certificate',
      () => ({ msrp: { tls: { cert: own.certFile, key: other.keyFile } } }),
      /^msrp\.tls: its files cannot be used: .*mismatch$/,
    ],
    [
      'audit.path: a file is there',
      () => ({ audit: { path: join(folder, 'garbage.pem') } }),
      /^audit\.path: \S+garbage\.pem cannot be made: E\w+$/,
    ],
  ];
  it('is told of every file that cannot be used, not of the first alone', () => {
    const tls = { cert: none(), key: own.keyFile };
    const config = loadConfig({ file: file({ rest: { tls }, sip: { tls }, msrp: { tls } }), env: {} });
    const lines = ['rest', 'sip', 'msrp'].map((section) => `${section}.tls.cert: ${none()} cannot be read: ENOENT`);
    expect(() => checkTlsFiles(config))
      .to.throw(ConfigError)
      .with.property('lines')
      .that.deep.equals(lines);
  });

  const authorities: readonly (readonly [file: string, problem: string])[] = [
    ['empty.pem', 'is empty'],
    ['garbage.pem', 'holds no certificate'],
    ['half.pem', 'holds what is no certificate, as number 2: '],
    ['cut.pem', 'holds what is no certificate, as number 2: '],
  ];
  for (const [name, problem] of authorities) {
    it(`authorities of REST, SIP and callbacks: ${name} ${problem}`, () => {
      const pair = { cert: own.certFile, key: own.keyFile };
      const ca = join(folder, name);
      const path = file({ rest: { tls: { ...pair, clientCa: ca } }, sip: { tls: { ...pair, ca } } });
      const env = { IWF_PLATFORMS: JSON.stringify([{ id: 'p', notify: { tls: { ca } } }]) };
      const lines = ['rest.tls.clientCa', 'sip.tls.ca', 'platforms[p].notify.tls.ca'];
      expect(
        linesOf(() => checkTlsFiles(loadConfig({ file: path, env }))).map((line) =>
          line.slice(0, line.indexOf(problem)),
        ),
      ).to.deep.equal(lines.map((key) => `${key}: ${ca} `));
    });
  }

  it('authorities: several in one file, with words between them', () => {
    const bundle = join(folder, 'bundle.pem');
    writeFileSync(bundle, `# first\n${authority.ca}\n# second\r\n${own.cert.replaceAll('\n', '\r\n')}`);
    const path = file({ sip: { tls: { cert: own.certFile, key: own.keyFile, ca: bundle } } });
    expect(linesOf(() => checkTlsFiles(loadConfig({ file: path, env: {} })))).to.deep.equal([]);
  });

  it('a certificate and a key of ours that are empty', () => {
    const empty = join(folder, 'empty.pem');
    const path = file({ msrp: { tls: { cert: empty, key: empty } } });
    expect(linesOf(() => checkTlsFiles(loadConfig({ file: path, env: {} })))).to.deep.equal([
      `msrp.tls.cert: ${empty} is empty`,
      `msrp.tls.key: ${empty} is empty`,
    ]);
  });

  for (const [what, over, line] of cases) {
    it(what, async () => {
      const error: unknown = await startGateway(loadConfig({ file: file(over()), env: {} }), silentLog).catch(
        (reason: unknown) => reason,
      );
      if (!(error instanceof ConfigError)) throw error;
      expect(error.lines).to.have.length(1);
      expect(error.lines[0]).to.match(line);
    });
  }
});

function linesOf(run: () => void): readonly string[] {
  try {
    run();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
}
