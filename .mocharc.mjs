// Every compiled spec once, on two cores: four at a time, for some wait; those that take longest first, so that none is left alone at the end.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('dist/spec/', import.meta.url));
const longest = [
  ...['end-to-end/reliability/crash', 'demo', 'end-to-end/reliability/soak', 'end-to-end/sessions/sessions'],
  ...['end-to-end/sessions/session-life', 'end-to-end/reliability/drain', 'store/sqlite/sqlite'],
  ...['end-to-end/network/sipp', 'end-to-end/reliability/overload', 'end-to-end/reliability/drain-sipp', 'try-it'],
];

const specs = readdirSync(folder, { recursive: true })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.spec.js'))
  .sort();
const head = longest.map((name) => `${name}.spec.js`).filter((name) => specs.includes(name));

export default {
  spec: [...head, ...specs.filter((name) => !head.includes(name))].map((name) => `dist/spec/${name}`),
  timeout: 10_000,
  forbidOnly: true,
  exit: true,
  parallel: true,
  jobs: 4,
};
