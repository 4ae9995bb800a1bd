import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../src/plugin-api/upstream.ts';
import { DURATION_BUCKETS_S } from '../../../src/telemetry/duration-histogram.ts';
import type { BackendGauges, MetricsSource } from '../../../src/telemetry/metrics-source.ts';
import { Metrics } from '../../../src/telemetry/metrics.ts';
import { parseExposition } from './exposition.ts';
import { backendNamed, exchangeRecord, tunnelRecord } from './records.ts';

function gauges(backend: Backend, changes: Partial<BackendGauges> = {}): BackendGauges {
  return {
    backend,
    healthy: true,
    connectionsActive: 0,
    requestsInFlight: 0,
    poolActive: 0,
    poolIdle: 0,
    poolCreated: 0,
    poolReused: 0,
    ...changes,
  };
}

function setUp(
  listed: BackendGauges[] = [],
  more: Partial<MetricsSource> = {},
): { metrics: Metrics; listed: BackendGauges[]; values: () => Promise<Map<string, number>> } {
  const source: MetricsSource = {
    backends: () => listed,
    reloads: () => ({ succeeded: 2, failed: 1, lastSucceeded: false, generation: 3 }),
    droppedLogLines: () => 7,
    ...more,
  };
  const metrics = new Metrics({ source, process: false });
  return { metrics, listed, values: async () => parseExposition(await metrics.render()).values };
}

describe('Metrics', () => {
  it('counts requests by backend, method and status', async () => {
    const a = backendNamed('a', 0);
    const { metrics, values } = setUp([gauges(a)]);
    for (let n = 0; n < 3; n++) metrics.exchange(exchangeRecord({ backend: a }));
    metrics.exchange(exchangeRecord({ backend: a, method: 'POST', status: 201 }));
    metrics.exchange(exchangeRecord({ backend: undefined, status: 404, error: 'no_route' }));
    const read = await values();
    expect(read.get('balance_requests_total{backend="a",method="GET",status="200"}')).toBe(3);
    expect(read.get('balance_requests_total{backend="a",method="POST",status="201"}')).toBe(1);
    expect(read.get('balance_requests_total{backend="none",method="GET",status="404"}')).toBe(1);
    expect(read.get('balance_request_errors_total{backend="none",error_type="no_route"}')).toBe(1);
    expect([...read.keys()].filter((key) => key.startsWith('balance_requests_total'))).toHaveLength(3);
  });

  it('gives invented methods and statuses no series of their own', async () => {
    const { metrics, values } = setUp();
    for (let n = 0; n < 1000; n++) {
      metrics.exchange(exchangeRecord({ backend: undefined, method: `M${n}`, status: 1000 + n }));
    }
    const read = await values();
    expect(read.get('balance_requests_total{backend="none",method="OTHER",status="0"}')).toBe(1000);
    expect([...read.keys()].filter((key) => key.startsWith('balance_requests_total'))).toHaveLength(1);
    expect(read.get('balance_request_duration_seconds_count{backend="none",method="OTHER"}')).toBe(1000);
  });

  it('shows durations as a cumulative histogram in seconds', async () => {
    const a = backendNamed('a', 0);
    const { metrics, values } = setUp([gauges(a)]);
    for (const durationMs of [0.5, 1, 1.1, 150, 60_000, -1])
      metrics.exchange(exchangeRecord({ backend: a, durationMs }));
    const read = await values();
    const bucket = (le: string): number | undefined =>
      read.get(`balance_request_duration_seconds_bucket{backend="a",le="${le}",method="GET"}`);
    expect(bucket('0.001')).toBe(3);
    expect(bucket('0.0025')).toBe(4);
    expect(bucket('0.1')).toBe(4);
    expect(bucket('0.25')).toBe(5);
    expect(bucket('10')).toBe(5);
    expect(bucket('+Inf')).toBe(6);
    expect(read.get('balance_request_duration_seconds_count{backend="a",method="GET"}')).toBe(6);
    expect(read.get('balance_request_duration_seconds_sum{backend="a",method="GET"}')).toBeCloseTo(
      60.1526,
      6,
    );
    const steps = DURATION_BUCKETS_S.map((le) => bucket(String(le)) ?? -1);
    expect(steps).toEqual([...steps].sort((x, y) => x - y));
  });

  it('reads the state of backends at the scrape and adds up those of one name', async () => {
    const { listed, values } = setUp([
      gauges(backendNamed('a', 0), {
        connectionsActive: 5,
        requestsInFlight: 2,
        poolActive: 2,
        poolIdle: 3,
        poolCreated: 10,
        poolReused: 90,
      }),
      gauges(backendNamed('a', 1), { healthy: false, connectionsActive: 1, poolCreated: 1 }),
      gauges(backendNamed('b', 2)),
    ]);
    const read = await values();
    expect(Object.fromEntries([...read].filter(([key]) => key.includes('backend="a"')))).toEqual({
      'balance_backend_connections_active{backend="a"}': 6,
      'balance_backend_health_status{backend="a"}': 0,
      'balance_backend_requests_in_flight{backend="a"}': 2,
      'balance_pool_connections_active{backend="a"}': 2,
      'balance_pool_connections_idle{backend="a"}': 3,
      'balance_pool_connections_created_total{backend="a"}': 11,
      'balance_pool_connections_reused_total{backend="a"}': 90,
    });
    expect(read.get('balance_backend_health_status{backend="b"}')).toBe(1);
    listed.length = 0;
    expect([...(await values()).keys()].some((key) => key.includes('backend="'))).toBe(false);
  });

  it('counts two backends of one name into one series', async () => {
    const [first, second] = [backendNamed('a', 0), backendNamed('a', 5)];
    const { metrics, values } = setUp([gauges(first), gauges(second)]);
    metrics.exchange(exchangeRecord({ backend: first }));
    metrics.exchange(exchangeRecord({ backend: second }));
    expect((await values()).get('balance_requests_total{backend="a",method="GET",status="200"}')).toBe(2);
  });

  it('keeps counting when a reload puts another object in place of a backend, even at its index', async () => {
    const before = backendNamed('a', 0);
    const { metrics, listed, values } = setUp([gauges(before)]);
    metrics.exchange(exchangeRecord({ backend: before }));
    const after = backendNamed('a', 1);
    const other = backendNamed('b', 0);
    listed.splice(0, 1, gauges(after), gauges(other));
    metrics.exchange(exchangeRecord({ backend: after }));
    metrics.exchange(exchangeRecord({ backend: other }));
    const read = await values();
    expect(read.get('balance_requests_total{backend="a",method="GET",status="200"}')).toBe(2);
    expect(read.get('balance_requests_total{backend="b",method="GET",status="200"}')).toBe(1);
  });

  it('forgets a removed backend, also when its last exchanges end later, and takes it back from zero', async () => {
    const a = backendNamed('a', 0);
    const { metrics, listed, values } = setUp([gauges(a)]);
    const total = 'balance_requests_total{backend="a",method="GET",status="200"}';
    metrics.exchange(exchangeRecord({ backend: a, error: 'backend_reset' }));
    expect((await values()).get(total)).toBe(1);
    listed.length = 0;
    expect([...(await values()).keys()].some((key) => key.includes('backend="a"'))).toBe(false);
    metrics.exchange(exchangeRecord({ backend: a }));
    expect([...(await values()).keys()].some((key) => key.includes('backend="a"'))).toBe(false);
    listed.push(gauges(a));
    metrics.exchange(exchangeRecord({ backend: a }));
    expect((await values()).get(total)).toBe(1);
  });

  it('counts errors of tunnels', async () => {
    const { metrics, values } = setUp();
    metrics.tunnel(tunnelRecord({ backend: undefined, error: 'no_backend' }));
    metrics.tunnel(tunnelRecord({ backend: undefined }));
    const read = await values();
    expect(read.get('balance_request_errors_total{backend="none",error_type="no_backend"}')).toBe(1);
    expect([...read.keys()].filter((key) => key.startsWith('balance_requests_total'))).toEqual([]);
  });

  it('shows reloads and dropped log lines', async () => {
    const read = await setUp().values();
    expect(Object.fromEntries(read)).toEqual({
      'balance_config_reloads_total{result="success"}': 2,
      'balance_config_reloads_total{result="failure"}': 1,
      balance_config_last_reload_success: 0,
      balance_config_generation: 3,
      balance_log_lines_dropped_total: 7,
    });
  });

  it('shows tunnels and spans only where the source has them', async () => {
    const { values } = setUp([], {
      tunnels: () => ({ active: 2, total: 9 }),
      spans: () => ({ exported: 100, dropped: 4 }),
    });
    const read = await values();
    expect(read.get('balance_tunnels_active')).toBe(2);
    expect(read.get('balance_tunnels_total')).toBe(9);
    expect(read.get('balance_trace_spans_exported_total')).toBe(100);
    expect(read.get('balance_trace_spans_dropped_total')).toBe(4);
  });

  it('escapes label values', async () => {
    const odd = backendNamed('a"b\\c\nd', 0);
    const { metrics, values } = setUp([gauges(odd)]);
    metrics.exchange(exchangeRecord({ backend: odd }));
    expect([...(await values()).keys()]).toContain(
      'balance_requests_total{backend="a\\"b\\\\c\\nd",method="GET",status="200"}',
    );
  });

  it('gives each metric its type', async () => {
    const { types } = parseExposition(await setUp().metrics.render());
    expect(Object.fromEntries(types)).toEqual({
      balance_requests_total: 'counter',
      balance_request_duration_seconds: 'histogram',
      balance_request_errors_total: 'counter',
      balance_backend_connections_active: 'gauge',
      balance_backend_health_status: 'gauge',
      balance_backend_requests_in_flight: 'gauge',
      balance_pool_connections_active: 'gauge',
      balance_pool_connections_idle: 'gauge',
      balance_pool_connections_created_total: 'counter',
      balance_pool_connections_reused_total: 'counter',
      balance_config_reloads_total: 'counter',
      balance_config_last_reload_success: 'gauge',
      balance_config_generation: 'gauge',
      balance_log_lines_dropped_total: 'counter',
    });
  });

  it('stays right while requests go on during a scrape', async () => {
    const backends = Array.from({ length: 50 }, (_, index) => backendNamed(`b${index}`, index));
    const { metrics, values } = setUp(backends.map((backend) => gauges(backend)));
    let sent = 0;
    const send = (): void => {
      for (const backend of backends) metrics.exchange(exchangeRecord({ backend, durationMs: sent % 100 }));
      sent++;
    };
    send();
    const scrapes = [values(), values()];
    for (let n = 0; n < 50; n++) {
      send();
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const scrape of [...scrapes, values()]) {
      const read = await scrape;
      for (const { name } of backends) {
        const labels = `backend="${name}",method="GET"`;
        const count = read.get(`balance_request_duration_seconds_count{${labels}}`);
        expect(count).toBe(
          read.get(`balance_request_duration_seconds_bucket{backend="${name}",le="+Inf",method="GET"}`),
        );
        expect(count).toBeGreaterThanOrEqual(1);
      }
    }
    const last = await values();
    expect(last.get('balance_requests_total{backend="b7",method="GET",status="200"}')).toBe(sent);
    expect(last.get('balance_request_duration_seconds_count{backend="b7",method="GET"}')).toBe(sent);
  });

  it('adds the metrics of the process, without those that cost most', async () => {
    const source: MetricsSource = {
      backends: () => [],
      reloads: () => ({ succeeded: 0, failed: 0, lastSucceeded: true, generation: 1 }),
      droppedLogLines: () => 0,
    };
    const metrics = new Metrics({ source });
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    const { types, values } = parseExposition(await metrics.render());
    expect(values.get('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(types.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
    expect(types.has('nodejs_active_handles')).toBe(false);
  });
});
