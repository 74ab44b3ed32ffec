/** What cannot be run everywhere must at least be whole: compose file, its configuration, the continuous integration. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseDocument } from 'yaml';
import { loadConfig } from '../lib/config.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string) => readFileSync(join(root, name), 'utf8');

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly environment?: Readonly<Record<string, string>>;
        readonly ports?: readonly string[];
        readonly command?: readonly string[];
        readonly volumes?: readonly string[];
        readonly read_only?: boolean;
        readonly cap_drop?: readonly string[];
      }
    >
  >;
}

describe('docker-compose.yml', () => {
  const compose = parse(read('docker-compose.yml')) as Compose;
  const { gateway, drachtio } = compose.services;
  const env = Object.fromEntries(Object.keys(gateway!.environment!).map((name) => [name, '192.0.2.1']));

  it('is YAML without faults, with the two services', () => {
    expect(parseDocument(read('docker-compose.yml')).errors).to.deep.equal([]);
    expect(Object.keys(compose.services)).to.deep.equal(['gateway', 'drachtio']);
  });

  it('runs a valid configuration against drachtio-server, with the variables that it sets', () => {
    const config = loadConfig({ file: join(root, 'config/compose.yaml'), env });
    expect(config.sip.engine).to.equal('drachtio');
    expect(Object.keys(compose.services)).to.include(config.sip.drachtio.host);
    expect(config.msrp.advertise).to.equal('192.0.2.1');
    expect(config.sip.drachtio.secret).to.equal('192.0.2.1');
  });

  it('publishes what the configuration listens on, admin to the machine alone, drachtio’s admin port not at all', () => {
    const { rest, admin, msrp } = loadConfig({ file: join(root, 'config/compose.yaml'), env });
    expect(gateway!.ports).to.deep.equal([
      `${rest.port}:${rest.port}`,
      `127.0.0.1:${admin.port}:${admin.port}`,
      `${msrp.port}:${msrp.port}`,
    ]);
    expect(drachtio!.ports!.join()).not.to.include('9022');
  });

  it('tells drachtio-server the external address of each of its contacts: an --external-ip is of the one before it', () => {
    const [, ...args] = drachtio!.command!;
    const contacts = args.flatMap((arg, at) => (arg === '--contact' ? [args.slice(at + 1, at + 4)] : []));
    expect(contacts.map(([uri]) => uri)).to.deep.equal(['sip:*:5060;transport=udp', 'sip:*:5060;transport=tcp']);
    for (const [, option, address] of contacts) {
      expect(option).to.equal('--external-ip');
      expect(address).to.include('IWF_ADVERTISE');
    }
  });

  it('lets the gateway write to its volume alone, which holds its store and whatever else it keeps in files', () => {
    const { store, audit } = loadConfig({ file: join(root, 'config/compose.yaml'), env });
    expect([gateway!.read_only, gateway!.cap_drop]).to.deep.equal([true, ['ALL']]);
    expect(gateway!.volumes).to.include('data:/app/data');
    for (const path of [store.path, audit.path ?? 'data/']) expect(path).to.match(/^data\//);
  });

  it('builds from files that are there', () => {
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
      names!.split(' '),
    );
    expect(copied).to.include.members(['lib', 'config', 'sdp-templates']);
    const later = ['sdp-templates'];
    for (const name of copied.filter((name) => !later.includes(name)))
      expect(existsSync(join(root, name)), name).to.equal(true);
  });
});

describe('.ci/run', () => {
  const script = join(root, '.ci/run');
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'iwf-ci-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs a copy with `npm` and `dpkg-query` replaced, so that nothing is installed. */
  function run(npmTest: string, lint = 'true'): { status: number | null; last: string } {
    spawnSync('mkdir', ['-p', join(folder, 'bin'), join(folder, '.ci')]);
    writeFileSync(join(folder, '.ci/run'), readFileSync(script), { mode: 0o755 });
    const npm = `#!/bin/sh\ncase "$*" in ci*) ;; 'run lint') ${lint};; test) ${npmTest};; esac\n`;
    writeFileSync(join(folder, 'bin/npm'), npm, { mode: 0o755 });
    writeFileSync(join(folder, 'bin/dpkg-query'), '#!/bin/sh\necho install ok installed\n', { mode: 0o755 });
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` };
    const { status, stdout } = spawnSync('bash', [join(folder, '.ci/run')], { env, encoding: 'utf8' });
    return { status, last: stdout.trimEnd().split('\n').at(-1) ?? '' };
  }

  it('may be executed, and is bash without faults of syntax', () => {
    expect(statSync(script).mode & 0o111).not.to.equal(0);
    expect(spawnSync('bash', ['-n', script]).status).to.equal(0);
  });

  it('ends with the numbers of mocha', () => {
    expect(run('printf "  12 passing (3s)\\n  2 pending\\n"')).to.deep.equal({
      status: 0,
      last: '12 passed, 0 failed',
    });
  });

  it('fails with mocha', () => {
    expect(run('printf "  12 passing (3s)\\n  2 failing\\n"; exit 2')).to.deep.equal({
      status: 1,
      last: '12 passed, 2 failed',
    });
  });

  it('fails where lint or the build fails, or nothing was run', () => {
    expect(run('printf "  12 passing (3s)\\n"', 'exit 1')).to.deep.equal({ status: 1, last: '12 passed, 1 failed' });
    expect(run('echo error TS2322; exit 1')).to.deep.equal({ status: 1, last: '0 passed, 1 failed' });
    expect(run('true')).to.deep.equal({ status: 1, last: '0 passed, 1 failed' });
  });
});
