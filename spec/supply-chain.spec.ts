import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Locked {
  /** Of an alias: what it stands for. */
  readonly name?: string;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly version?: string;
}

interface Manifest {
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly scripts: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const installed = Object.entries(packages).filter(([path]) => path !== '');

function nameOf(path: string, { name }: Locked): string {
  return name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function labelOf(path: string, locked: Locked): string {
  return `${nameOf(path, locked)}@${locked.version ?? ''}`;
}

describe('what it is made of', () => {
  it('every package that wants to run a script at its installation is named, and allowed or not', () => {
    const wanting = installed
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path, locked]) => nameOf(path, locked));
    expect([...new Set(wanting)].sort()).to.deep.equal(Object.keys(manifest.allowScripts).sort());
  });

  it('no script of ours runs at installation', () => {
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'])
      expect(manifest.scripts).not.to.have.property(name);
  });

  it('every package is locked by its hash, and no download address is kept', () => {
    expect(installed.length).to.be.above(50);
    for (const [path, { integrity, resolved }] of installed) {
      expect(integrity, path).to.match(/^sha512-/);
      expect(resolved, path).to.equal(undefined);
    }
    expect(readFileSync('package-lock.json', 'utf8')).not.to.match(/"https?:\/\/[^"]*\.tgz"/);
  });

  it('npm run sbom lists what runs, and nothing of development', function () {
    this.timeout(60_000);
    const text = execFileSync('npm', ['run', '--silent', 'sbom'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { bomFormat, components } = JSON.parse(text) as {
      readonly bomFormat: string;
      readonly components: readonly { readonly name: string; readonly version: string }[];
    };
    expect(bomFormat).to.equal('CycloneDX');
    const listed = components.map(({ name, version }) => `${name}@${version}`);
    const running = installed.filter(([, { dev }]) => dev !== true);
    for (const [path, locked] of running) expect(listed).to.include(labelOf(path, locked));
    const development = installed.filter(([, { dev }]) => dev === true).map(([path, locked]) => labelOf(path, locked));
    const alsoRunning = new Set(running.map(([path, locked]) => labelOf(path, locked)));
    for (const name of development) if (!alsoRunning.has(name)) expect(listed).not.to.include(name);
  });
});
