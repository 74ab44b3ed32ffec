/** Alert rules name only metrics, labels and fields that exist. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { createMetrics } from '../lib/metrics.js';
import { metricTable } from '../lib/metrics/table.js';
import { askableMetrics, askedOf, faultsOf, hasPromtool } from './support/prometheus.js';
import { silentLog } from './support/silent.js';

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

const file = fileURLToPath(new URL('../../config/observability/alerts.yaml', import.meta.url));

describe('config/observability/alerts.yaml', () => {
  const { groups } = parse(readFileSync(file, 'utf8')) as Rules;
  const rules = groups.flatMap((group) => group.rules);

  it('has each alert once, with a severity and a summary', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).to.equal(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect(alert).to.match(/^Iwf[A-Z][A-Za-z]+$/);
      expect(labels['severity']).to.be.oneOf(['critical', 'warning', 'info']);
      expect(annotations['summary']).to.match(/\.$/);
    }
  });

  it('asks for metrics and labels that exist, of gateway and process [IWF-1816]', async () => {
    const metrics = await askableMetrics();
    const asked = rules.flatMap(({ expr }) => askedOf(expr));
    expect(asked).to.have.length.above(15);
    for (const { name, labels } of asked) {
      expect([...metrics.keys()]).to.include(name);
      expect(metrics.get(name), name).to.include.members([...labels]);
    }
  });

  it('asks of the process what it tells of itself', async () => {
    const asked = rules.flatMap(({ expr }) => [...expr.matchAll(/\b(?:process|nodejs)_[a-z0-9_]+/g)].map(String));
    expect(asked).to.have.length.above(2);
    const text = await createMetrics({ log: silentLog, process: true }).expose();
    for (const name of asked) expect(text).to.match(new RegExp(`^${name} \\S+$`, 'm'));
  });

  it('has expressions that Prometheus reads', function () {
    if (!hasPromtool()) this.skip();
    expect(faultsOf(file)).to.equal('');
  });

  it('is told of in docs/operations.md, every alert and no other', () => {
    const page = readFileSync(fileURLToPath(new URL('../../docs/operations.md', import.meta.url)), 'utf8');
    const rows = [...page.matchAll(/^\| (Iwf[A-Za-z]+) \|/gm)].map(([, name]) => name);
    expect(rows).to.have.members(rules.map(({ alert }) => alert));
  });

  it('asks for an increase only where a series is there before its first event', async () => {
    const asked = rules.flatMap(({ expr }) =>
      [...expr.matchAll(/increase\(iwf_([a-z0-9_]+)/g)].map(([, name]) => name!),
    );
    expect(asked).to.have.length.above(3);
    const text = await createMetrics({ log: silentLog }).expose();
    for (const name of asked) {
      const form = metricTable[name] ?? metricTable[name.replace(/_total$/, '')];
      const [label] = form?.labels ?? [];
      const values = form?.type === 'counter' ? form.values?.[0] : undefined;
      const series = label === undefined ? [''] : values?.map((value) => `{${label}="${value}"}`);
      expect(series, name).to.be.an('array').that.is.not.empty;
      for (const one of series!) expect(text).to.include(`\niwf_${name}${one} 0\n`);
    }
  });

  it('shows labels that the metrics have', () => {
    const known = new Set(['instance', 'job', ...Object.values(metricTable).flatMap(({ labels }) => labels ?? [])]);
    const shown = rules.flatMap(({ annotations }) =>
      [...annotations['summary']!.matchAll(/\$labels\.(\w+)/g)].map(([, name]) => name!),
    );
    expect(shown.filter((name) => !known.has(name))).to.deep.equal([]);
  });
});
