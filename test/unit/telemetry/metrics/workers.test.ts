import { describe, expect, it } from 'vitest';

import { MetricCounters } from '../../../../src/telemetry/metrics/metric-counters.ts';
import { ProcessMetrics } from '../../../../src/telemetry/metrics/process/process-metrics.ts';
import { ThreadMetrics } from '../../../../src/telemetry/metrics/process/thread-metrics.ts';
import { writeExposition } from '../../../../src/telemetry/metrics/exposition/exposition.ts';
import { backendNamed, exchangeRecord, handshakeRecord } from '../records.ts';
import { parseExposition } from './exposition/exposition.ts';
import { backendReading, BUCKETS_S, listenerReading, MetricsLab, workerReading } from './metrics-lab.ts';

const BACKEND = backendNamed('a');

/** The counters of a worker that has served so many requests. */
function counted(requests: number): MetricCounters {
  const counters = new MetricCounters(() => ({ backends: ['a'], listeners: ['web'], upstreams: ['api'] }));
  counters.setBuckets(BUCKETS_S);
  for (let count = 0; count < requests; count++) {
    counters.exchange(exchangeRecord({ backend: BACKEND, listener: 'web', upstream: 'api', durationMs: 20 }));
    counters.handshake(handshakeRecord({ side: 'client', owner: 'web' }));
  }
  return counters;
}

describe('a page of metrics over several workers', () => {
  it('adds up what they have counted, and what the supervisor has', async () => {
    const workers = [counted(3), counted(5)];
    const lab = new MetricsLab({
      queues: () => [{ upstream: 'api', waiting: 0 }],
      upstreams: () => [
        {
          upstream: 'api',
          servesRequests: true,
          members: [{ backend: 'a', weight: 1, effectiveWeight: 1, state: 'up' }],
        },
      ],
      counts: () => ({ counters: workers.map((each) => each.read()), telemetry: [], runtimes: [] }),
    });
    lab.backends.push(backendReading(BACKEND));
    lab.listeners.push(listenerReading('web'));
    lab.counters.healthCheck({ upstream: 'api', backend: 'a', passed: true, durationMs: 1 });
    const { values } = await lab.read();
    expect(values.get('balance_requests_total{backend="a",method="GET",status="200"}')).toBe(8);
    expect(values.get('balance_request_duration_seconds_count{backend="a",method="GET"}')).toBe(8);
    expect(values.get('balance_tls_handshakes_total{status="ok"}')).toBe(8);
    expect(values.get('balance_health_checks_total{backend="a",result="pass",upstream="api"}')).toBe(1);
  });

  it('goes on from what a worker had counted that ended', async () => {
    let workers = [counted(3), counted(5)];
    const lab = new MetricsLab({
      counts: () => ({ counters: workers.map((each) => each.read()), telemetry: [], runtimes: [] }),
    });
    lab.backends.push(backendReading(BACKEND));
    const total = async (): Promise<number | undefined> =>
      (await lab.read()).values.get('balance_requests_total{backend="a",method="GET",status="200"}');
    expect(await total()).toBe(8);
    const [ended] = workers;
    lab.counters.add(ended!.read());
    workers = workers.slice(1);
    expect(await total()).toBe(8);
    workers.push(counted(2));
    expect(await total()).toBe(10);
  });

  it('shows each worker, and that one does not answer', async () => {
    const lab = new MetricsLab({
      workers: () => [
        workerReading(1, { restarts: [{ reason: 'out_of_memory', count: 2 }] }),
        workerReading(2, { state: 'hung' }),
        workerReading(3),
      ],
      unanswered: () => [3],
    });
    const { values } = await lab.read();
    const of = (name: string): number[] => [1, 2, 3].map((id) => values.get(`${name}{worker="${id}"}`)!);
    expect(values.get('balance_workers')).toBe(3);
    expect(of('balance_worker_up')).toEqual([1, 0, 0]);
    expect(of('balance_worker_connections')).toEqual([10, 20, 30]);
    expect(of('balance_worker_event_loop_utilization_ratio')).toEqual([0.1, 0.2, 0.3]);
    const restarts = [...values].filter(([key]) => key.startsWith('balance_worker_restarts_total'));
    expect(restarts).toHaveLength(15);
    expect(restarts.filter(([, value]) => value > 0)).toEqual([
      ['balance_worker_restarts_total{reason="out_of_memory",worker="1"}', 2],
    ]);
  });

  it('shows that workers end again and again, and where they rest', async () => {
    const lab = new MetricsLab({
      workers: () => [workerReading(1), workerReading(2)],
      workersCrash: () => true,
    });
    lab.listeners.push(listenerReading('web', { rests: 3 }), listenerReading('web', { rests: 4 }));
    const { values } = await lab.read();
    expect(values.get('balance_workers_crashing')).toBe(1);
    expect(values.get('balance_listener_accept_rests_total{listener="web"}')).toBe(7);
  });

  it('has no series by worker where one thread does all', async () => {
    const lab = new MetricsLab();
    lab.listeners.push(listenerReading('web'));
    const { values } = await lab.read();
    expect([...values.keys()].filter((key) => /worker=|accept_rests/.test(key))).toEqual([]);
    expect(values.get('balance_workers')).toBe(1);
    expect(values.get('balance_workers_crashing')).toBe(0);
  });
});

describe('the metrics of Node.js over several workers', () => {
  it('are those of each thread, with its label; those of the process have none', async () => {
    const main = new ProcessMetrics();
    const thread = new ThreadMetrics();
    const runtimes = [1, 2].map((worker) => ({ worker, runtime: thread.read() }));
    const text = (await writeExposition(await main.read(runtimes), 'prometheus')).toString();
    const alone = (await writeExposition(await main.read(), 'prometheus')).toString();
    main.destroy();
    thread.destroy();
    const { values, types } = parseExposition(text);
    expect([...types.keys()].sort()).toEqual([...parseExposition(alone).types.keys()].sort());
    for (const worker of ['main', '1', '2']) {
      const of = (name: string, more = ''): number | undefined =>
        values.get(`${name}{${more}worker="${worker}"}`);
      expect(of('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6);
      expect(of('nodejs_heap_space_size_used_bytes', 'space="old",')).toBeGreaterThan(0);
      expect(of('nodejs_eventloop_time_seconds_total', 'state="active",')).toBeGreaterThan(0);
      expect(of('nodejs_eventloop_utilization_ratio')).toBeDefined();
      expect(of('nodejs_gc_duration_seconds_count', 'kind="major",')).toBeDefined();
    }
    expect(values.get('nodejs_eventloop_lag_seconds{worker="main"}')).toBeDefined();
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(1e7);
    const labelled = [...values.keys()].filter(
      (key) => key.startsWith('nodejs_') && !key.includes('worker='),
    );
    expect(labelled.map((key) => key.replace(/\{.*/, ''))).toEqual(['nodejs_version_info']);
  });
});
