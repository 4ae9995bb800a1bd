import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { DurationHistogram } from './duration-histogram.ts';

type Labels = Readonly<Record<string, string>>;

/** One line of the exposition. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  readonly histogram: DurationHistogram;
}

export interface MetricDescription<S> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** Reads the fields at the scrape. */
  readonly read: () => Iterable<S>;
}

/*
 * prom-client keeps values in hash maps keyed by label sets, at 0.4 µs an update. The metrics below keep none:
 * they use its names, checks, types and text format, and read the proxy's own fields when they are asked.
 */

/** Adds a counter to the registry whose values are read at the scrape. */
export function exposeCounter(registry: Registry, description: MetricDescription<Sample>): void {
  new FieldCounter(configurationOf(registry, description), description.read);
}

/** Adds a gauge to the registry whose values are read at the scrape. */
export function exposeGauge(registry: Registry, description: MetricDescription<Sample>): void {
  new FieldGauge(configurationOf(registry, description), description.read);
}

/** Adds a histogram to the registry whose values are read at the scrape. */
export function exposeHistogram(registry: Registry, description: MetricDescription<HistogramSample>): void {
  new FieldHistogram(configurationOf(registry, description), description.read);
}

interface Configuration {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly registers: Registry[];
}

function configurationOf(registry: Registry, description: MetricDescription<unknown>): Configuration {
  const { name, help, labelNames = [] } = description;
  return { name, help, labelNames, registers: [registry] };
}

class FieldCounter extends Counter {
  readonly #read: () => Iterable<Sample>;

  constructor(configuration: Configuration, read: () => Iterable<Sample>) {
    super(configuration);
    this.#read = read;
  }

  override async get(): ReturnType<Counter['get']> {
    return { ...(await super.get()), values: [...this.#read()] };
  }
}

class FieldGauge extends Gauge {
  readonly #read: () => Iterable<Sample>;

  constructor(configuration: Configuration, read: () => Iterable<Sample>) {
    super(configuration);
    this.#read = read;
  }

  override async get(): ReturnType<Gauge['get']> {
    return { ...(await super.get()), values: [...this.#read()] };
  }
}

class FieldHistogram extends Histogram {
  readonly #configuration: Configuration;
  readonly #read: () => Iterable<HistogramSample>;

  constructor(configuration: Configuration, read: () => Iterable<HistogramSample>) {
    super(configuration);
    this.#configuration = configuration;
    this.#read = read;
  }

  /** The registry prefers this to `get()`, and `get()` is made from it; the package's types leave it out. */
  getForPromString(): Promise<object> {
    const { name, help } = this.#configuration;
    const values = [...this.#read()].flatMap((sample) => histogramLines(name, sample));
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  }
}

function histogramLines(name: string, { labels, histogram }: HistogramSample): object[] {
  const counts = histogram.cumulativeCounts();
  const lines: object[] = counts.map((value, index) => ({
    metricName: `${name}_bucket`,
    labels: { le: histogram.bounds[index] ?? '+Inf' },
    // Formatted once for all lines that share the object.
    sharedLabels: labels,
    value,
  }));
  lines.push({ metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: histogram.sumS });
  lines.push({ metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: counts.at(-1) ?? 0 });
  return lines;
}
