/** The dashboard shows what there is: every metric and label that it names exists, and nothing important is missing. */
import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import {
  askableMetrics,
  askedOf,
  familyOf,
  faultsOf,
  groupedBy,
  hasPromtool,
  replacedIn,
} from './support/prometheus.js';

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Place;
  readonly description: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  readonly targets: readonly Target[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
}

interface Board {
  readonly schemaVersion: number;
  readonly refresh: string;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

function overlap(one: Place, other: Place): boolean {
  return one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
}

describe('config/observability/dashboard.json', () => {
  const board = JSON.parse(read('config/observability/dashboard.json')) as Board;
  const panels = board.panels.filter(({ type }) => type !== 'row');
  const targets = panels.flatMap((panel) => panel.targets.map((target) => ({ ...target, title: panel.title })));
  const shown = new Set(targets.flatMap(({ expr }) => askedOf(expr).map(({ name }) => familyOf(name))));
  let metrics: ReadonlyMap<string, readonly string[]>;
  before(async () => (metrics = await askableMetrics()));

  it('can be imported: its variables are there, and it is read anew', () => {
    expect(board.schemaVersion).to.be.within(38, 41);
    expect(board.refresh).to.equal('30s');
    expect(board.templating.list.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
      'DS_PROMETHEUS datasource',
      'instance query',
    ]);
    expect(board.templating.list[1]?.definition).to.match(/^label_values\(up\{job="maap-iwf"\}, instance\)$/);
    for (const { datasource } of panels)
      expect(datasource).to.deep.equal({ type: 'prometheus', uid: '${DS_PROMETHEUS}' });
  });

  it('has each panel once, beside the others and within 24 columns', () => {
    expect(new Set(board.panels.map(({ id }) => id)).size).to.equal(board.panels.length);
    expect(new Set(board.panels.map(({ title }) => title)).size).to.equal(board.panels.length);
    for (const [at, { title, gridPos }] of board.panels.entries()) {
      expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
      const others = board.panels.slice(at + 1).filter((other) => overlap(gridPos, other.gridPos));
      expect(
        others.map((other) => other.title),
        title,
      ).to.deep.equal([]);
    }
  });

  it('says of each panel what one sees, in what unit, and what to do', () => {
    expect(panels).to.have.length.within(25, 35);
    for (const { title, description, fieldConfig, targets: own } of panels) {
      expect(title).to.match(/^[A-Z]/);
      expect(description, title).to.match(/^.{40,300}\.$/);
      expect(fieldConfig.defaults.unit, title).to.match(/^[a-z]+$/);
      expect(new Set(own.map(({ refId }) => refId)).size, title)
        .to.equal(own.length)
        .and.above(0);
    }
  });

  it('asks for metrics and labels that exist, of the gateways that are chosen [IWF-1816]', () => {
    for (const { title, expr } of targets) {
      const asked = askedOf(expr);
      expect(asked, `${title}: ${expr}`).to.not.be.empty;
      for (const { name, labels } of asked) {
        expect([...metrics.keys()], title).to.include(name);
        expect(metrics.get(name), `${title}: ${name}`).to.include.members([...labels]);
        expect(labels, `${title}: ${name}`).to.include('instance');
      }
    }
  });

  it('sums by labels and shows labels that are there', () => {
    for (const { title, expr, legendFormat } of targets) {
      const made = replacedIn(expr);
      const own = askedOf(expr).flatMap(({ name }) => metrics.get(name) ?? []);
      const all = [...own, ...made.map((one) => one.made)];
      const groups = groupedBy(expr);
      const legend = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
      expect(own, title).to.include.members(made.map((one) => one.of));
      expect(all, title).to.include.members([...(groups ?? [])]);
      expect([...(groups ?? all)], title).to.include.members(legend);
    }
  });

  it('shows all that an alert asks for', () => {
    const { groups } = parse(read('config/observability/alerts.yaml')) as Rules;
    const asked = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => askedOf(expr)));
    expect(asked).to.have.length.above(15);
    expect(asked.map(({ name }) => familyOf(name)).filter((name) => !shown.has(name))).to.deep.equal([]);
  });

  it('shows all that docs/operations.md names', () => {
    const named = [...read('docs/operations.md').matchAll(/\biwf_[a-z_]+/g)].map(String);
    expect(named).to.have.length.above(15);
    expect(named.filter((name) => !shown.has(name))).to.deep.equal([]);
  });

  it('names panels, alerts and headings that are there', () => {
    const page = read('docs/operations.md');
    for (const { title, description } of panels) {
      const alerts = description.match(/\bIwf[A-Z][A-Za-z]+/g) ?? [];
      expect(
        alerts.filter((name) => !page.includes(`| ${name} |`)),
        title,
      ).to.deep.equal([]);
      const quoted = [...description.matchAll(/"([^"]+)"/g)].map(([, words]) => words!);
      const found = (words: string): boolean =>
        page.includes(`\n## ${words}\n`) ||
        page.includes(`\`${words}\``) ||
        board.panels.some((other) => other.title.startsWith(words));
      expect(
        quoted.filter((words) => !found(words)),
        title,
      ).to.deep.equal([]);
    }
  });

  it('has expressions that Prometheus reads', function () {
    if (!hasPromtool()) this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-dashboard-'));
    const expressions = targets.map(({ expr }) =>
      expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.+'),
    );
    const rules = expressions.map((expr, at) => ({ record: `board:${at}`, expr }));
    writeFileSync(join(folder, 'rules.yaml'), JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    try {
      expect(expressions.filter((expr) => expr.includes('$') && !expr.includes('"$1"'))).to.deep.equal([]);
      expect(faultsOf(join(folder, 'rules.yaml'))).to.equal('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}
