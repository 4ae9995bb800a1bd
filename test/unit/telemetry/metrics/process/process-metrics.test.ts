import { afterEach, describe, expect, it } from 'vitest';
import { writeExposition } from '../../../../../src/telemetry/metrics/exposition/exposition.ts';
import { EventLoopDelays } from '../../../../../src/telemetry/metrics/process/event-loop-delays.ts';
import { ProcessMetrics } from '../../../../../src/telemetry/metrics/process/process-metrics.ts';
import { eventually } from '../../../../support/time/eventually.ts';
import { parseExposition, type ReadExposition } from '../exposition/exposition.ts';

const running: ProcessMetrics[] = [];

afterEach(() => {
  for (const metrics of running.splice(0)) metrics.destroy();
});

function start(): { read: () => Promise<ReadExposition> } {
  const metrics = new ProcessMetrics();
  running.push(metrics);
  return {
    read: async () => parseExposition((await writeExposition(await metrics.read(), 'prometheus')).toString()),
  };
}

/** Holds the event loop. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** The longest delay of the event loop that was seen, in seconds. */
function delay({ values }: { readonly values: ReadonlyMap<string, number> }): number {
  return values.get('nodejs_eventloop_lag_max_seconds') ?? 0;
}

/** Blocks the event loop until its monitor has seen it. */
async function stalled(max: () => Promise<number>): Promise<void> {
  await eventually(async () => {
    // The monitor must have woken up before it can be late.
    await new Promise((resolve) => setTimeout(resolve, 200));
    block(300);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return (await max()) > 0.2;
  }, 'a stall is seen');
}

describe('the metrics of the process', () => {
  it('are those of prom-client, without those that cost most or have bad names', async () => {
    const { types, values } = await start().read();
    expect(values.get('process_cpu_seconds_total')).toBeGreaterThanOrEqual(0);
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1e7);
    expect(values.get('process_open_fds')).toBeGreaterThan(2);
    expect(values.get('process_start_time_seconds')).toBeGreaterThan(1.7e9);
    expect(values.get('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6);
    expect(types.get('nodejs_eventloop_lag_p99_seconds')).toBe('gauge');
    expect(types.has('nodejs_active_handles')).toBe(false);
    const badNames = [...types].filter(([name, type]) => name.endsWith('_total') !== (type === 'counter'));
    expect(badNames).toEqual([]);
  });

  it('count every garbage collection, also of those that come together', async () => {
    const { read } = start();
    const { PerformanceObserver } = await import('node:perf_hooks');
    let count = 0;
    let seconds = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        count++;
        seconds += duration / 1000;
      }
    });
    observer.observe({ entryTypes: ['gc'] });
    const garbage: object[][] = [];
    let made = 0;
    await eventually(() => {
      garbage[made++ % 7] = Array.from({ length: 50_000 }, (_, index) => ({ index }));
      return count > 2;
    }, 'several collections');
    await eventually(async () => {
      const { values } = await read();
      const sum = (part: string): number =>
        [...values].reduce(
          (all, [key, value]) => (key.startsWith(`nodejs_gc_duration_seconds_${part}`) ? all + value : all),
          0,
        );
      return sum('count') === count && Math.abs(sum('sum') - seconds) < 1e-6;
    }, 'all of them are counted');
    observer.disconnect();
  });

  it('show the delay of the event loop without the time that its monitor sleeps', async () => {
    const { read } = start();
    await stalled(async () => delay(await read()));
    // As often as it takes: on a busy machine there is always some delay.
    await eventually(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const min = (await read()).values.get('nodejs_eventloop_lag_min_seconds');
      return min !== undefined && min < 0.04;
    }, 'no delay is none');
  });

  it('show a delay to every scraper, whoever asked in between', async () => {
    const { read } = start();
    const max = async (): Promise<number> => delay(await read());
    await stalled(max);
    expect(await max()).toBeGreaterThan(0.2);
    const prometheus = await read();
    expect(prometheus.values.get('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.2);
    expect(prometheus.values.get('nodejs_eventloop_lag_mean_seconds')).toBeGreaterThan(0);
  });

  it('forget a delay when it is some time ago', async () => {
    const delays = new EventLoopDelays(50);
    const max = (): number => delays.read()?.max ?? -1;
    const looks = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 120));
    await eventually(async () => {
      await looks();
      block(300);
      await looks();
      return max() > 0.2;
    }, 'the stall is seen');
    await eventually(async () => {
      await looks();
      return max() < 0.2;
    }, 'it is forgotten');
    delays.destroy();
  });

  it('show how busy the event loop is', async () => {
    const { read } = start();
    const active = 'nodejs_eventloop_time_seconds_total{state="active"}';
    const before = (await read()).values.get(active) ?? 0;
    block(200);
    const { values } = await read();
    expect((values.get(active) ?? 0) - before).toBeGreaterThanOrEqual(0.2);
    expect(values.get('nodejs_eventloop_time_seconds_total{state="idle"}')).toBeGreaterThanOrEqual(0);
    const ratio = values.get('nodejs_eventloop_utilization_ratio') ?? -1;
    expect(ratio).toBeGreaterThan(0);
    expect(ratio).toBeLessThanOrEqual(1);
  });
});
