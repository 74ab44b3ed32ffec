/**
 * `npm run --silent sbom`: what runs, as CycloneDX 1.5 JSON, from package-lock.json alone: the same input, the same octets.
 * (npm's own sbom leaves out packages that development shares.)
 */
import { readFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
const { name, version, license } = read('package.json');
const { packages } = read('package-lock.json');

/** Of an alias, what it stands for. */
const nameOf = (path, { name }) => name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
const purlOf = (of, at) => `pkg:npm/${of.replace('@', '%40')}@${at}`;
const licenses = (text) => (text === undefined ? [] : [{ expression: text }]);

function component([path, locked]) {
  const own = nameOf(path, locked);
  const [algorithm, hash = ''] = (locked.integrity ?? '').split('-');
  return {
    'bom-ref': `${own}@${locked.version}`,
    type: 'library',
    name: own,
    version: locked.version,
    scope: locked.optional ? 'optional' : 'required',
    hashes: [
      { alg: algorithm.toUpperCase().replace('SHA', 'SHA-'), content: Buffer.from(hash, 'base64').toString('hex') },
    ],
    licenses: licenses(locked.license),
    purl: purlOf(own, locked.version),
  };
}

const running = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
const components = new Map(running.map((one) => component(one)).map((one) => [one['bom-ref'], one]));
const document = {
  $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: {
    component: { type: 'application', name, version, licenses: licenses(license), purl: purlOf(name, version) },
  },
  components: [...components.values()],
};
process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
