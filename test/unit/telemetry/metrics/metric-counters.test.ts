import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MetricCounters } from '../../../../src/telemetry/metrics/metric-counters.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { backendNamed, exchangeRecord } from '../records.ts';
import { eventfulLab, randomEvents } from './metric-events.ts';
import { backendReading, BUCKETS_S, listenerReading, MetricsLab } from './metrics-lab.ts';

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);
const OTHER_BUCKETS_S = [0.03125, 0.25, 30];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.UTC(2025, 10, 17) });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Counters of another thread. */
function otherCounters(): MetricCounters {
  const counters = new MetricCounters(() => ({ backends: [], listeners: [], upstreams: [] }));
  counters.setBuckets(BUCKETS_S);
  return counters;
}

/** The lines of the page, in any order: the order of some labels is that in which they came. */
async function linesOf(lab: MetricsLab): Promise<string[]> {
  return (await lab.render('openmetrics')).toString().split('\n').sort();
}

describe('counters that are added', () => {
  it.each(SEEDS)('show the same as one that counted both, seed %i', async (seed) => {
    const random = new SeededRandom(seed);
    const [one, sum] = [eventfulLab(), eventfulLab()];
    const parts = [otherCounters(), otherCounters(), otherCounters()];
    for (const event of randomEvents(random, 300)) {
      vi.advanceTimersByTime(1);
      event(one.counters);
      event(random.pick(parts));
    }
    for (const part of parts) sum.counters.add(structuredClone(part.read()));
    expect(await linesOf(sum)).toEqual(await linesOf(one));
    expect(sum.counters.totals('a')).toEqual(one.counters.totals('a'));
  });

  it('go into the buckets of those that they are added to', async () => {
    const random = new SeededRandom(7);
    const one = eventfulLab();
    const other = otherCounters();
    for (const event of randomEvents(random, 300)) {
      event(one.counters);
      event(other);
    }
    const sum = eventfulLab();
    sum.counters.setBuckets(OTHER_BUCKETS_S);
    sum.counters.add(other.read());
    one.counters.setBuckets(OTHER_BUCKETS_S);
    const bare = async (lab: MetricsLab): Promise<string> => (await lab.render()).toString();
    expect(await bare(sum)).toBe(await bare(one));
  });

  it('keep the latest exemplar of each bucket', async () => {
    const parts = [otherCounters(), otherCounters()];
    const traced = (counters: MetricCounters | undefined, traceId: string): void => {
      vi.advanceTimersByTime(1);
      const trace = { sampled: true, traceId, spanId: 'b7ad6b7169203331' };
      counters?.exchange({ ...exchangeRecord({ backend: undefined }), trace: trace as never });
    };
    traced(parts[0], 'first');
    traced(parts[1], 'second');
    traced(parts[0], 'third');
    const sum = new MetricsLab();
    for (const part of parts) sum.counters.add(part.read());
    const text = (await sum.render('openmetrics')).toString();
    expect(text.match(/trace_id="(\w+)"/g)).toEqual(['trace_id="third"']);
  });

  it('stay as they are when they are read, and what was read stays as it is when they count on', () => {
    const counters = otherCounters();
    const count = (): void => counters.exchange(exchangeRecord({ backend: undefined }));
    count();
    const before = counters.read();
    expect(counters.read()).toEqual(before);
    count();
    const sum = otherCounters();
    sum.add(before);
    expect(sum.totals()).toMatchObject({ total: 1 });
    expect(counters.totals()).toMatchObject({ total: 2 });
  });

  it('give no more series to invented names than one of them may have', async () => {
    const sum = new MetricsLab({ routes: () => new Map([['web', undefined]]) });
    sum.listeners.push(listenerReading('web'));
    for (const part of ['x', 'y']) {
      const counters = otherCounters();
      for (let index = 0; index < 900; index++) {
        const rule = `${part}${String(index)}`;
        const refusal = { side: 'request', rule, field: '', excerpt: '' } as const;
        counters.exchange(exchangeRecord({ listener: 'web', route: rule, refusal }));
      }
      sum.counters.add(counters.read());
    }
    const total = (series: Record<string, number>): number =>
      Object.values(series).reduce((all, count) => all + count, 0);
    const routes = await sum.counted('balance_route_requests_total');
    expect(Object.keys(routes)).toHaveLength(1_001);
    expect(total(routes)).toBe(1_800);
    const rules = await sum.counted('balance_refused_messages_total');
    expect(Object.keys(rules)).toHaveLength(65);
    expect(total(rules)).toBe(1_800);
  });

  it('refuse readings that end too early, instead of counting something else', () => {
    const { numbers, texts, bounds } = otherCounters().read();
    expect(() => otherCounters().add({ numbers: numbers.slice(0, -1), texts, bounds })).toThrow(RangeError);
  });
});

it('shows the counts of one moment, however long the page takes', async () => {
  vi.useRealTimers();
  const lab = new MetricsLab();
  const backends = Array.from({ length: 500 }, (_, index) => backendNamed(`b${String(index)}`, index));
  lab.backends.push(...backends.map((backend) => backendReading(backend)));
  let passes = 0;
  const count = (): void => {
    passes += 1;
    for (const backend of backends) lab.counters.exchange(exchangeRecord({ backend }));
  };
  count();
  const page = { isWritten: false };
  const written = lab.values().finally(() => (page.isWritten = true));
  while (!page.isWritten) {
    await new Promise((resolve) => setImmediate(resolve));
    count();
  }
  const values = await written;
  const requests = values.get('balance_requests_total{backend="b499",method="GET",status="200"}');
  expect(values.get('balance_request_duration_seconds_count{backend="b499",method="GET"}')).toBe(requests);
  expect(passes).toBeGreaterThan(2);
});
