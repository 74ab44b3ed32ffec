/** The table of limits in docs/operations.md is whole and true: every limit of the configuration, every fixed one, each with a spec. */
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../lib/config/schema.js';
import { limitCounts } from '../lib/gateway/load/limit-watch.js';
import { limitKeys as countedKeys } from '../lib/metrics/limit-keys.js';
import { metricTable } from '../lib/metrics/table.js';
import { maxJsonDepth } from '../lib/resources/forms/json-text.js';
import { maxXmlDepth, maxXmlElements } from '../lib/resources/forms/xml-text.js';
import { defaultCpimLimits } from '../lib/wire/cpim.js';
import { defaultMultipartLimits } from '../lib/wire/multipart.js';
import { maxUriLength } from '../lib/wire/sip-uri.js';
import { defaultXmlLimits } from '../lib/wire/xml.js';
import { formAt, limitKeys } from './support/limit-keys.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');
const section = /^## Limits\n([^]*?)^## /m.exec(read('docs/operations.md'))?.[1] ?? '';
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const inTable = rows.flatMap(([, first = '']) => keysIn(first));
const limits = limitKeys(configSchema);

describe('the table of limits [IWF-1817]', () => {
  it('has every limit of the configuration, once', () => {
    expect(limits).to.have.length.above(70);
    expect(limits.filter((key) => !inTable.includes(key))).to.deep.equal([]);
    expect(inTable.filter((key, at) => inTable.indexOf(key) !== at)).to.deep.equal([]);
  });

  it('has no key that is none', () => {
    expect(inTable.filter((key) => formAt(configSchema, key) === undefined)).to.deep.equal([]);
  });

  it('has metrics that exist, with labels that they have', () => {
    const named = [...section.matchAll(/`iwf_([a-z_]+?)(?:\{(\w+)\}|\{(\w+)=[^`]*)?`/g)];
    expect(named).to.have.length.above(15);
    for (const [text, name = '', alone, label = alone] of named) {
      const form = metricTable[name] ?? metricTable[name.replace(/_total$/, '')];
      expect(form, text).not.to.equal(undefined);
      if (label !== undefined) expect(form?.labels, text).to.include(label);
    }
  });

  it('says of what is fixed what the code says', () => {
    const { maxBytes, maxDepth, maxElements, maxAttributes } = defaultXmlLimits;
    const { maxHeaders, maxHeaderBytes } = defaultCpimLimits;
    const { maxParts, maxHeaderBytes: ofPart } = defaultMultipartLimits;
    const fixed: readonly [start: string, ...numbers: readonly number[]][] = [
      ['XML from the network: elements', maxDepth, maxElements, maxAttributes],
      ['XML from the network: bytes', maxBytes],
      ['XML of platforms', maxXmlDepth, maxXmlElements],
      ['JSON of platforms', maxJsonDepth],
      ['CPIM', maxHeaders, maxHeaderBytes],
      ['multipart', maxParts, ofPart],
      ['a URI', maxUriLength],
    ];
    for (const [start, ...numbers] of fixed) {
      const bound = rows.find(([, first = '']) => first.startsWith(start))?.[2] ?? '';
      const written = [...bound.matchAll(/\d[\d,]*(?=\D|$)/g)].map(([text]) => Number(text.replaceAll(',', '')));
      expect(written.slice(0, numbers.length), start).to.deep.equal(numbers);
    }
  });

  it('has a spec for each of them, which names it', () => {
    const specs = readdirSync(`${root}spec`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !notProof.some((name) => file.endsWith(name)))
      .map((file) => read(`spec/${file}`));
    const named = new Set(
      specs.flatMap((text) => [...text.matchAll(/(?<=['[`])[a-z]+(?:\.[A-Za-z]+)+(?=['\]:`])/g)].map(String)),
    );
    expect(limits.filter((key) => !named.has(key))).to.deep.equal([]);
  });

  it('is of what the code counts: no label of limit_reached_total but a key', () => {
    const counted = readdirSync(`${root}lib`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...read(`lib/${file}`).matchAll(/'limit_reached_total', \{ limit: '([^']+)' \}/g)])
      .map(([, key = '']) => key);
    expect(counted).to.have.length.above(10);
    expect(counted.filter((key) => !inTable.includes(key))).to.deep.equal([]);
  });
});

describe('the limits that stand at 0 before they are reached', () => {
  const uncounted = rows.flatMap(([, first = '', , counted = '']) =>
    /not at all|alone$/.test(counted) ? keysIn(first) : [],
  );
  /** Told as the key behind them in their row, or refused as no limit. */
  const others = ['rest.headersTimeoutS', 'admin.headersTimeoutS', 'sip.trustedPeers', 'sip.idleConnectionS'];

  it('are those of the table that are counted', () => {
    const lists = ['msrp.connectTo', 'msrp.trustedPeers'];
    const counted = inTable.filter((key) => ![...uncounted, ...others, ...lists].includes(key));
    expect([...countedKeys].sort()).to.deep.equal(counted.sort());
  });

  it('are all that the code counts by another metric, too', () => {
    const keys = Object.values(limitCounts).flatMap((count) => Object.values(count.keys));
    expect(keys.filter((key) => !countedKeys.includes(key))).to.deep.equal([]);
  });
});

/** What names keys without proving anything of them. */
const notProof = ['limits-reference.spec.ts', 'limit-watch.spec.ts', 'settings.spec.ts', 'config.spec.ts'];

function keysIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([a-z]+(?:\.[A-Za-z]+)+)`/g)].map(([, key = '']) => key);
}
