/** The table of events in docs/operations.md is true: what it names is said, and what is said to an operator is named there. */
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

const section = /^## Log\n([^]*?)^## /m.exec(read('docs/operations.md'))?.[1] ?? '';
const named = section
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));

/** `lease not …` is every event that begins so; `… closed` ends so. */
function isOf(name: string, event: string): boolean {
  const [before = '', after] = name.split('…');
  return after === undefined ? event === name : event.startsWith(before) && event.endsWith(after);
}

interface Said {
  readonly level: string;
  readonly event: string;
}

/** Phones and bots of the demo are no part of the gateway; the engine takes one application, within the process. */
const notOfTheGateway = /^(sim|demo)[/.]/;
const neverSaid = ['too many applications'];

const said: readonly Said[] = readdirSync(`${root}lib`, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !notOfTheGateway.test(file))
  .flatMap((file) => [...read(`lib/${file}`).matchAll(/\blog\.(info|warn|error)\(\s*'([^']+)'/g)])
  .map(([, level = '', event = '']) => ({ level, event: event.split(':', 1).join('') }))
  .filter(({ event }) => !neverSaid.includes(event));

describe('the table of log events in docs/operations.md', () => {
  it('names each event once', () => {
    expect(named).to.have.length.above(50);
    expect(named.filter((name, at) => named.indexOf(name) !== at)).to.deep.equal([]);
  });

  it('names no event that nothing says', () => {
    const elsewhere = ['message received'];
    const unsaid = named.filter((name) => !elsewhere.includes(name) && !said.some(({ event }) => isOf(name, event)));
    expect(unsaid).to.deep.equal([]);
  });

  it('has every event but those of errors, which are faults', () => {
    expect(said).to.have.length.above(80);
    const unnamed = said.filter(({ level, event }) => level !== 'error' && !named.some((name) => isOf(name, event)));
    // It has a section of its own.
    expect(unnamed.map(({ event }) => event).filter((event) => event !== 'audit')).to.deep.equal([]);
  });
});
