import type { CounterReadings } from '../../readings/counts/counters.ts';
import type { RequestTotals } from '../../readings/counts/telemetry.ts';
import { MetricCounters, type CountedNames } from '../metrics/metric-counters.ts';
import type { Telemetry } from '../telemetry.ts';

/** The keys of the config's `metrics` section that say what is counted. */
export interface MetricsSettings {
  readonly enabled: boolean;
  /** Upper bounds of the histograms' buckets in seconds, ascending. */
  readonly buckets: readonly number[];
}

/** Counts the records of one thread, as the `metrics` section of the live config says. While metrics are off, requests cost nothing here. */
export class CountersControl {
  readonly counters: MetricCounters;
  readonly #telemetry: Telemetry;
  readonly #known: CountedNames;
  #kept: readonly ReturnType<CountedNames>[] = [];
  #unsubscribe: (() => void) | undefined;

  /** @param known as {@link MetricCounters} has it */
  constructor(telemetry: Telemetry, known: CountedNames) {
    this.counters = new MetricCounters(() => together([known(), ...this.#kept]));
    this.#telemetry = telemetry;
    this.#known = known;
  }

  /** The counts of these names stay until the next call, however many names there are: somebody may still show them. */
  keep(names: readonly ReturnType<CountedNames>[]): void {
    this.#kept = names;
  }

  /** A config went live. What was counted before is kept. */
  apply({ enabled, buckets }: MetricsSettings): void {
    this.counters.setBuckets(buckets);
    if (enabled) this.#unsubscribe ??= this.#telemetry.subscribe(this.counters);
    else this.destroy();
  }

  /** The requests of the backends with that name; without a name, of requests that got no backend. undefined while metrics are off. */
  totals(backend?: string): RequestTotals | undefined {
    return this.#unsubscribe === undefined ? undefined : this.counters.totals(backend);
  }

  /** The same with what others have counted, as it is at this moment. */
  with(others: readonly CounterReadings[]): Pick<CountersControl, 'totals'> {
    const whole = new MetricCounters(this.#known);
    for (const counts of [this.counters.read(), ...others]) whole.add(counts);
    return { totals: (backend) => (this.#unsubscribe === undefined ? undefined : whole.totals(backend)) };
  }

  /** Stops counting. */
  destroy(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}

function together(all: readonly ReturnType<CountedNames>[]): ReturnType<CountedNames> {
  return {
    backends: all.flatMap(({ backends }) => [...backends]),
    listeners: all.flatMap(({ listeners }) => [...listeners]),
    upstreams: all.flatMap(({ upstreams }) => [...upstreams]),
  };
}
