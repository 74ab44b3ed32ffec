/** Counting as a dependency; which metrics exist is a table of the implementation. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CounterConfiguration, HistogramConfiguration } from 'prom-client';
import type { Logger } from './log.js';
import { seriesOf } from './metrics/series.js';
import { metricTable, type MetricForm } from './metrics/table.js';

export interface Metrics {
  /** `who` did it, a peer's address, a platform or a chatbot: never a label, for there are too many; told where it reaches a limit. */
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number, who?: string): void;
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

type Labels = Readonly<Record<string, string>>;

/** What the root and the admin face need besides. */
export interface MetricsRegistry extends Metrics {
  /** `read` is asked at each scrape; what rejects or takes longer than a second is left out. */
  gauge(name: string, read: () => number | Promise<number>, labels?: Labels): void;
  /** All metrics in Prometheus' text format. */
  expose(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsOptions {
  readonly log: Logger;
  /** Also the process's own: memory, CPU, event loop delay, garbage collection; once in a process. */
  readonly process?: boolean;
}

interface Reading {
  readonly read: () => number | Promise<number>;
  readonly labels: Labels;
}

const prefix = 'iwf_';
const readTimeoutMs = 1_000;

/** Never throws: an unknown name is counted in iwf_unknown_metric_total and logged once. */
export function createMetrics({ log, process }: MetricsOptions): MetricsRegistry {
  const registry = new Registry();
  if (process) collectDefaultMetrics({ register: registry });
  const readings = new Map<string, Reading[]>();
  const series = new Map<string, Add>();
  for (const [name, form] of Object.entries(metricTable)) {
    if (form.type === 'gauge') readings.set(name, registerGauge({ name, form, registry, log }));
    else series.set(name, registerSeries(name, form, registry));
  }
  const reported = new Set<string>();
  const unknown = (name: string): void => {
    series.get('unknown_metric_total')?.(1, { name });
    if (reported.has(name) || reported.size >= 100) return;
    reported.add(name);
    log.error('metric unknown', { name });
  };
  const add = (name: string, value: number, labels: Labels | undefined): void => {
    if (series.get(name)?.(value, labels) !== true) unknown(name);
  };
  return {
    count: (name, labels, by = 1) => add(name, by, labels),
    observe: (name, value, labels) => add(name, value, labels),
    gauge(name, read, labels = {}) {
      const found = readings.get(name);
      if (found) found.push({ read, labels });
      else unknown(name);
    },
    expose: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

type Add = (value: number, labels: Labels | undefined) => boolean;

/** False where labels or value are not this metric's: nothing is counted then. */
function registerSeries(name: string, form: MetricForm, registry: Registry): Add {
  const labelNames = [...(form.labels ?? [])];
  const shape = { name: exposedName(name, form), help: form.help, labelNames, registers: [registry] };
  if (form.type === 'histogram') return addToHistogram({ ...shape, buckets: [...form.buckets] });
  const add = addToCounter(shape);
  if (form.type === 'counter' && form.values) for (const labels of allOf(labelNames, form.values)) add(0, labels);
  return add;
}

/** Each value of the first label with each of the next. */
function allOf([name, ...names]: readonly string[], [values = [], ...more]: readonly (readonly string[])[]): Labels[] {
  if (name === undefined) return [{}];
  const others = allOf(names, more);
  return values.flatMap((value) => others.map((labels) => ({ [name]: value, ...labels })));
}

function addToHistogram(shape: HistogramConfiguration<string> & { labelNames: string[] }): Add {
  const histogram = new Histogram(shape);
  const series = seriesOf(shape.labelNames, (labels) => histogram.labels(labels));
  return (value, labels) => {
    const found = Number.isFinite(value) ? series.find(labels) : undefined;
    found?.observe(value);
    return found !== undefined;
  };
}

/** Counted here, since a counter of the library takes microseconds; handed over at each scrape. */
function addToCounter(shape: CounterConfiguration<string> & { labelNames: string[] }): Add {
  const series = seriesOf(shape.labelNames, (labels) => ({ labels, total: 0 }));
  new Counter({
    ...shape,
    collect() {
      this.reset();
      for (const { labels, total } of series.all()) this.inc(labels, total);
    },
  });
  return (value, labels) => {
    const found = Number.isFinite(value) && value >= 0 ? series.find(labels) : undefined;
    if (found) found.total += value;
    return found !== undefined;
  };
}

/** Counters end in _total, whatever the parts call them. */
function exposedName(name: string, { type }: MetricForm): string {
  return `${prefix}${name}${type === 'counter' && !name.endsWith('_total') ? '_total' : ''}`;
}

interface GaugeDeps {
  readonly name: string;
  readonly form: MetricForm;
  readonly registry: Registry;
  readonly log: Logger;
}

function registerGauge({ name, form, registry, log }: GaugeDeps): Reading[] {
  const readings: Reading[] = [];
  new Gauge({
    name: exposedName(name, form),
    help: form.help,
    labelNames: [...(form.labels ?? [])],
    registers: [registry],
    async collect() {
      this.reset();
      const values = await Promise.all(readings.map(({ read }) => readInTime(read)));
      values.forEach((value, at) => {
        if (value === undefined) log.warn('gauge unreadable', { name });
        else this.set({ ...readings[at]?.labels }, value);
      });
    },
  });
  return readings;
}

/** Undefined where the value does not come: a store that hangs must not hide the other metrics. */
async function readInTime(read: Reading['read']): Promise<number | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), readTimeoutMs);
  });
  try {
    return await Promise.race([read(), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
