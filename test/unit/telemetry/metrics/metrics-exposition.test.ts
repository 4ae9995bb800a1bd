import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../../../src/errors.ts';
import type { TraceContext } from '../../../../src/plugin-api/tracing.ts';
import type { UpstreamReading } from '../../../../src/readings/upstreams/upstream.ts';
import { MetricsExposition } from '../../../../src/telemetry/metrics/metrics-exposition.ts';
import type { MetricsReadings } from '../../../../src/telemetry/metrics/snapshot/metrics-source.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { backendReading, BUCKETS_S, listenerReading, MetricsLab, sourceOf } from './metrics-lab.ts';
import { backendNamed, exchangeRecord, tunnelRecord } from '../records.ts';

function traced(traceId: string, sampled = true): TraceContext {
  return {
    sampled,
    traceId,
    spanId: 'b7ad6b7169203331',
    lines: '',
    fields: { w3c: true, b3: false, jaeger: false },
    continued: false,
    phases: undefined,
    trySpanId: 'b7ad6b7169203331',
    nextTry: () => {},
    resumeTry: () => {},
  };
}

describe('metrics of requests', () => {
  it('count by backend, method and status', async () => {
    const lab = new MetricsLab();
    const a = backendNamed('a', 0);
    lab.backends.push(backendReading(a));
    for (let n = 0; n < 3; n++) lab.counters.exchange(exchangeRecord({ backend: a }));
    lab.counters.exchange(exchangeRecord({ backend: a, method: 'POST', status: 201 }));
    lab.counters.exchange(exchangeRecord({ backend: undefined, status: 404, error: 'no_route' }));
    expect(await lab.counted('balance_requests_total')).toEqual({
      'balance_requests_total{backend="a",method="GET",status="200"}': 3,
      'balance_requests_total{backend="a",method="POST",status="201"}': 1,
      'balance_requests_total{backend="none",method="GET",status="404"}': 1,
    });
    expect(await lab.counted('balance_request_errors_total')).toEqual({
      'balance_request_errors_total{backend="none",error_type="no_route"}': 1,
    });
  });

  it('begin at zero for failures that are to be expected, so that a first burst of them shows', async () => {
    const backends = [backendReading(backendNamed('a')), backendReading(backendNamed('tcp', 1))];
    const lab = new MetricsLab({
      upstreams: () => [
        {
          upstream: 'web',
          servesRequests: true,
          members: [{ backend: 'a', weight: 1, effectiveWeight: 1, state: 'up' as const }],
        },
        {
          upstream: 'db',
          servesRequests: false,
          members: [{ backend: 'tcp', weight: 1, effectiveWeight: 1, state: 'up' as const }],
        },
      ],
      queues: () => [{ upstream: 'web', waiting: 0 }],
    });
    lab.backends.push(...backends);
    const failures = (backend: string, ...methods: string[]): string[] =>
      methods.flatMap((method) =>
        ['500', '502', '503', '504'].map(
          (status) => `balance_requests_total{backend="${backend}",method="${method}",status="${status}"}`,
        ),
      );
    const requests = async (backend: string): Promise<string[]> =>
      Object.keys(await lab.series(`requests_total{backend="${backend}"`)).sort();
    expect(await requests('a')).toEqual(failures('a', 'GET', 'POST'));
    expect(await requests('none')).toEqual(failures('none', 'GET', 'POST'));
    // What serves tunnels only.
    expect(await requests('tcp')).toEqual([]);
    for (const backend of ['a', 'tcp']) {
      const errors = await lab.series(`request_errors_total{backend="${backend}"`);
      expect(Object.keys(errors)).toHaveLength(6);
      expect(errors[`balance_request_errors_total{backend="${backend}",error_type="connect_failed"}`]).toBe(
        0,
      );
    }
    expect(Object.keys(await lab.series('request_errors_total{backend="none"'))).toHaveLength(
      ERROR_CODES.length,
    );
    // A method that comes later brings its failures along, and none is there twice.
    const exchange = exchangeRecord({ backend: backendNamed('a'), method: 'PUT', status: 502 });
    lab.counters.exchange({ ...exchange, error: 'connect_failed' });
    expect(await requests('a')).toEqual(failures('a', 'GET', 'POST', 'PUT'));
    expect((await lab.values()).get(failures('a', 'PUT')[1]!)).toBe(1);
    expect(Object.keys(await lab.series('request_errors_total{backend="a"'))).toHaveLength(6);
    backends.splice(0);
    lab.backends.length = 0;
    expect(await lab.series('errors_total{backend="a"')).toEqual({});
  });

  it('count how they ended by upstream, tunnels too, from zero', async () => {
    const queues = [{ upstream: 'web', waiting: 0 }];
    const lab = new MetricsLab({ queues: () => queues });
    const results = async (upstream: string): Promise<Record<string, number>> =>
      Object.fromEntries(
        Object.entries(await lab.series(`results_total{kind="`))
          .filter(([key]) => key.includes(`upstream="${upstream}"`))
          .map(([key, value]) => [key.replace(/.*kind="(\w+)",result="(\w+)".*/, '$1 $2'), value]),
      );
    const nothing = {
      'request ok': 0,
      'request client': 0,
      'request failed': 0,
      'tunnel ok': 0,
      'tunnel client': 0,
      'tunnel failed': 0,
    };
    expect(await results('web')).toEqual(nothing);
    expect(await results('none')).toEqual(nothing);
    const request = (status: number, error?: ErrorCode, upstream = 'web'): void =>
      lab.counters.exchange(exchangeRecord({ upstream, status, error }));
    const tunnel = (error?: ErrorCode): void =>
      lab.counters.tunnel(tunnelRecord({ upstream: 'web', error, connected: error !== 'connect_failed' }));
    for (const status of [200, 304, 404, 101]) request(status);
    for (const status of [500, 503]) request(status);
    // Broken off after its head, or without any answer.
    for (const error of ['backend_reset', 'backend_timeout', 'drain_timeout'] as const) request(200, error);
    request(0, 'backend_reset');
    request(499, 'client_abort');
    request(200, 'client_abort');
    request(200, 'reader_too_slow');
    request(413, 'body_too_large');
    // What no scanner may raise an alarm with.
    request(501, 'bad_request');
    request(508, 'loop');
    request(404, 'no_route', '');
    for (const error of [undefined, 'idle_timeout', 'drain_timeout'] as const) tunnel(error);
    tunnel('client_abort');
    for (const error of ['connect_failed', 'no_backend', 'backend_reset'] as const) tunnel(error);
    expect(await results('web')).toEqual({
      'request ok': 4,
      'request failed': 6,
      'request client': 6,
      'tunnel ok': 3,
      'tunnel client': 1,
      'tunnel failed': 3,
    });
    expect(await results('none')).toEqual({ ...nothing, 'request client': 1 });
    queues.length = 0;
    expect(await results('web')).toEqual({});
    queues.push({ upstream: 'web', waiting: 0 });
    expect(await results('web')).toEqual(nothing);
  });

  it('forget upstreams and listeners that protocols make up', async () => {
    const lab = new MetricsLab({ queues: () => [{ upstream: 'web', waiting: 0 }] });
    lab.listeners.push(listenerReading('web'));
    const refusal = { side: 'request', rule: 'host', field: 'Host', excerpt: '' } as const;
    for (let n = 0; n < 1000; n++) {
      const name = `made-up-${n}`;
      lab.counters.exchange(exchangeRecord({ upstream: name, listener: name, refusal }));
      lab.counters.exchange(exchangeRecord({ upstream: 'web' }));
      lab.counters.tunnel(tunnelRecord({ upstream: name, listener: name, backend: backendNamed(name) }));
    }
    expect(Object.keys(await lab.series('made-up'))).toEqual([]);
    expect(await lab.counted('results_total')).toEqual({
      'balance_upstream_results_total{kind="request",result="ok",upstream="web"}': 1000,
    });
  });

  it('give invented methods and statuses no series of their own', async () => {
    const lab = new MetricsLab();
    for (let n = 0; n < 1000; n++) {
      lab.counters.exchange(exchangeRecord({ backend: undefined, method: `M${n}`, status: 1000 + n }));
    }
    lab.counters.exchange(exchangeRecord({ backend: undefined, method: '', status: -1 }));
    expect(await lab.counted('balance_requests_total')).toEqual({
      'balance_requests_total{backend="none",method="other",status="0"}': 1001,
    });
  });

  it('have a label for each status that is known, and one for each class of those that backends invent', async () => {
    const lab = new MetricsLab();
    for (let status = 0; status < 1000; status++) {
      for (let n = 0; n <= status % 7; n++)
        lab.counters.exchange(exchangeRecord({ backend: undefined, status }));
    }
    const read = await lab.counted('balance_requests_total');
    const label = (status: string): string =>
      `balance_requests_total{backend="none",method="GET",status="${status}"}`;
    expect(read[label('0')]).toBe(1);
    expect(read[label('418')]).toBe((418 % 7) + 1);
    expect(read[label('499')]).toBe((499 % 7) + 1);
    expect(read[label('529')]).toBe((529 % 7) + 1);
    expect(read[label('477')]).toBeUndefined();
    expect(Object.keys(read).filter((key) => key.includes('xx"'))).toEqual(
      ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx', '6xx', '7xx', '8xx', '9xx'].map(label),
    );
    expect(Object.keys(read).length).toBeLessThan(110);
    expect(lab.counters.totals().byStatus['4xx']).toBe(
      Array.from({ length: 100 }, (_, rest) => ((400 + rest) % 7) + 1).reduce((sum, count) => sum + count),
    );
    expect(Object.values(read).reduce((sum, count) => sum + count)).toBe(
      Array.from({ length: 1000 }, (_, status) => (status % 7) + 1).reduce((sum, count) => sum + count),
    );
  });

  it('show durations as a cumulative histogram in seconds', async () => {
    const lab = new MetricsLab();
    for (const durationMs of [0.5, 1, 1.1, 150, 60_000, -1])
      lab.counters.exchange(exchangeRecord({ backend: undefined, durationMs }));
    const read = await lab.values();
    const name = 'balance_request_duration_seconds';
    const bucket = (le: string) => read.get(`${name}_bucket{backend="none",le="${le}",method="GET"}`);
    expect(['0.001', '0.0025', '0.1', '0.25', '1.0', '10.0', '+Inf'].map(bucket)).toEqual([
      3, 4, 4, 5, 5, 5, 6,
    ]);
    expect(read.get(`${name}_count{backend="none",method="GET"}`)).toBe(6);
    expect(read.get(`${name}_sum{backend="none",method="GET"}`)).toBeCloseTo(60.1526, 6);
  });

  it("count a plugin's own error codes as one", async () => {
    const lab = new MetricsLab();
    for (let n = 0; n < 1000; n++)
      lab.counters.exchange(exchangeRecord({ backend: undefined, error: `mine-${n}` as ErrorCode }));
    expect((await lab.values()).get('balance_request_errors_total{backend="none",error_type="other"}')).toBe(
      1000,
    );
    expect(Object.keys(await lab.series('mine-'))).toEqual([]);
  });

  it('go on with other buckets, where each duration counts in the first that surely holds it', async () => {
    const lab = new MetricsLab();
    const record = exchangeRecord({ backend: undefined });
    lab.counters.exchange(record);
    lab.counters.setBuckets([...BUCKETS_S]);
    const count = 'balance_request_duration_seconds_count{backend="none",method="GET"}';
    expect((await lab.values()).get(count)).toBe(1);
    lab.counters.setBuckets([0.2, 2]);
    lab.counters.exchange(record);
    expect(await lab.counted('balance_request')).toEqual({
      'balance_requests_total{backend="none",method="GET",status="200"}': 2,
      // The first one took 0.1 to 0.25 s, as far as is known.
      'balance_request_duration_seconds_bucket{backend="none",le="0.2",method="GET"}': 1,
      'balance_request_duration_seconds_bucket{backend="none",le="2.0",method="GET"}': 2,
      'balance_request_duration_seconds_bucket{backend="none",le="+Inf",method="GET"}': 2,
      'balance_request_duration_seconds_sum{backend="none",method="GET"}': 0.3,
      [count]: 2,
    });
  });

  it('have the last sampled trace of each bucket as its exemplar, in OpenMetrics', async () => {
    const lab = new MetricsLab();
    const [first, last, unsampled] = ['1', '2', '3'].map((digit) => digit.repeat(32));
    const add = (durationMs: number, trace: TraceContext): void =>
      lab.counters.exchange(exchangeRecord({ backend: undefined, durationMs, trace }));
    add(150, traced(first!));
    add(200, traced(last!));
    add(240, traced(unsampled!, false));
    add(20_000, traced(first!));
    const { exemplars } = await lab.read('openmetrics');
    expect([...exemplars.keys()]).toEqual(
      ['0.25', '+Inf'].map(
        (le) => `balance_request_duration_seconds_bucket{backend="none",le="${le}",method="GET"}`,
      ),
    );
    const [exemplar, tail] = [...exemplars.values()];
    expect(exemplar).toMatch(
      new RegExp(`^\\{trace_id="${last!}",span_id="b7ad6b7169203331"\\} 0\\.2 \\d{10}\\.\\d{3}$`),
    );
    expect(tail).toContain(`{trace_id="${first!}"`);
    expect((await lab.read('prometheus')).exemplars.size).toBe(0);
  });

  it('count two backends of one name into one series', async () => {
    const lab = new MetricsLab();
    for (const index of [0, 5]) {
      const backend = backendNamed('a', index);
      lab.backends.push(backendReading(backend));
      lab.counters.exchange(exchangeRecord({ backend }));
    }
    const total = 'balance_requests_total{backend="a",method="GET",status="200"}';
    expect((await lab.values()).get(total)).toBe(2);
  });

  it('count what a backend named none serves and what none serves together', async () => {
    const lab = new MetricsLab();
    const backend = backendNamed('none');
    lab.backends.push(backendReading(backend));
    lab.counters.exchange(exchangeRecord({ backend }));
    lab.counters.exchange(exchangeRecord({ backend: undefined }));
    const total = 'balance_requests_total{backend="none",method="GET",status="200"}';
    expect((await lab.values()).get(total)).toBe(2);
  });

  it('go on when a reload puts another object in place of a backend, even at its index', async () => {
    const lab = new MetricsLab();
    const before = backendNamed('a', 0);
    lab.backends.push(backendReading(before));
    lab.counters.exchange(exchangeRecord({ backend: before }));
    const after = backendNamed('a', 1);
    const other = backendNamed('b', 0);
    lab.backends.splice(0, 1, backendReading(after), backendReading(other));
    lab.counters.exchange(exchangeRecord({ backend: after }));
    lab.counters.exchange(exchangeRecord({ backend: other }));
    expect(await lab.counted('balance_requests_total')).toEqual({
      'balance_requests_total{backend="a",method="GET",status="200"}': 2,
      'balance_requests_total{backend="b",method="GET",status="200"}': 1,
    });
  });

  it('forget a removed backend, also when its last exchanges end later, and take it back from zero', async () => {
    const lab = new MetricsLab();
    const a = backendNamed('a', 0);
    lab.backends.push(backendReading(a));
    const total = 'balance_requests_total{backend="a",method="GET",status="200"}';
    lab.counters.exchange(exchangeRecord({ backend: a, error: 'backend_reset' }));
    expect((await lab.values()).get(total)).toBe(1);
    lab.backends.length = 0;
    expect(await lab.series('backend="a"')).toEqual({});
    lab.counters.exchange(exchangeRecord({ backend: a }));
    expect(await lab.series('backend="a"')).toEqual({});
    // One that ends while the scrape is written.
    const scrape = lab.render();
    lab.counters.exchange(exchangeRecord({ backend: a }));
    expect((await scrape).toString()).not.toContain('backend="a"');
    lab.backends.push(backendReading(a));
    await lab.values();
    lab.counters.exchange(exchangeRecord({ backend: a }));
    expect((await lab.values()).get(total)).toBeLessThanOrEqual(2);
  });

  it('forget removed backends without a scrape, too', async () => {
    let asked = 0;
    const lab = new MetricsLab({
      backends: () => {
        asked++;
        return [backendReading(backendNamed('last'))];
      },
    });
    for (let n = 0; n < 10_000; n++)
      lab.counters.exchange(exchangeRecord({ backend: backendNamed(`b${n}`, n % 3) }));
    expect(asked).toBeGreaterThan(100);
    lab.counters.exchange(exchangeRecord({ backend: backendNamed('last') }));
    expect(Object.keys(await lab.counted('balance_requests_total'))).toEqual([
      'balance_requests_total{backend="last",method="GET",status="200"}',
    ]);
  });

  it('stay right while requests go on during a scrape', async () => {
    const lab = new MetricsLab();
    const backends = Array.from({ length: 50 }, (_, index) => backendNamed(`b${index}`, index));
    lab.backends.push(...backends.map((backend) => backendReading(backend)));
    let sent = 0;
    const send = (): void => {
      for (const backend of backends)
        lab.counters.exchange(exchangeRecord({ backend, durationMs: sent % 100 }));
      sent++;
    };
    send();
    const scrapes = [lab.values(), lab.values()];
    for (let n = 0; n < 50; n++) {
      send();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const name = 'balance_request_duration_seconds';
    for (const scrape of [...scrapes, lab.values()]) {
      const read = await scrape;
      for (const backend of backends) {
        const labels = `backend="${backend.name}",method="GET"`;
        const count = read.get(`${name}_count{${labels}}`);
        expect(count).toBe(read.get(`${name}_bucket{backend="${backend.name}",le="+Inf",method="GET"}`));
        expect(count).toBeGreaterThanOrEqual(1);
      }
    }
    expect((await lab.values()).get(`${name}_count{backend="b7",method="GET"}`)).toBe(sent);
  });
});

describe('a scrape', () => {
  /** A source whose readings come when the test wants. */
  function slowSource() {
    const asked: { answer: () => void; fail: () => void }[] = [];
    const lab = new MetricsLab();
    const now = sourceOf(lab.source);
    const read = (): Promise<MetricsReadings> =>
      new Promise((resolve, reject) => {
        const readings = now.read();
        asked.push({
          answer: () => {
            resolve(readings);
          },
          fail: () => {
            reject(new Error('no answer'));
          },
        });
      });
    const exposition = new MetricsExposition({ counters: lab.counters, source: { ...now, read } });
    return { lab, asked, exposition };
  }

  it('in one format looks at the same moment as one in the other format that runs beside it', async () => {
    const { lab, asked, exposition } = slowSource();
    const a = backendNamed('a');
    lab.source.backends = () => [backendReading(a, { connectionsActive: 1 })];
    const both = Promise.all([exposition.render('prometheus'), exposition.render('openmetrics')]);
    await eventually(() => asked.length > 0, 'the readings are asked for');
    lab.source.backends = () => [backendReading(a, { connectionsActive: 9 })];
    asked[0]?.answer();
    for (const text of await both)
      expect(String(text)).toContain('balance_backend_connections_active{backend="a"} 1');
    expect(asked).toHaveLength(1);
  });

  it('fails alone when there are no readings, and the next one asks anew', async () => {
    const { asked, exposition } = slowSource();
    const failing = Promise.allSettled([exposition.render('prometheus'), exposition.render('openmetrics')]);
    await eventually(() => asked.length > 0, 'the readings are asked for');
    asked[0]?.fail();
    expect(await failing).toMatchObject([{ reason: { message: 'no answer' } }, { status: 'rejected' }]);
    const next = exposition.render();
    await eventually(() => asked.length > 1, 'the readings are asked for again');
    asked[1]?.answer();
    expect(String(await next)).toContain('balance_');
  });
});

/** An upstream with backends of these names. */
function upstreamOf(upstream: string, ...backends: readonly string[]): UpstreamReading {
  const member = { weight: 1, effectiveWeight: 1, state: 'up' } as const;
  return { upstream, servesRequests: true, members: backends.map((backend) => ({ backend, ...member })) };
}

describe('metrics of backends', () => {
  it('show their state at the scrape and add up those of one name', async () => {
    const lab = new MetricsLab();
    lab.backends.push(
      backendReading(backendNamed('a', 0), {
        connectionsActive: 5,
        requestsInFlight: 2,
        connectionsKept: 1,
        poolActive: 2,
        poolIdle: 3,
        poolMax: 10,
        poolWaiting: 1,
        poolCreated: 10,
        poolReused: 90,
        poolDiscarded: 4,
        poolTimeouts: 3,
        passedUnhealthy: 4,
        passedEjected: 3,
        passedCircuitOpen: 2,
        passedDraining: 1,
        passedMaintenance: 5,
        resends: 6,
        connectFailures: 8,
        bytesReceived: 1000,
        bytesSent: 500,
      }),
      backendReading(backendNamed('a', 1), { healthy: false, connectionsActive: 1, poolCreated: 1 }),
      backendReading(backendNamed('b', 2)),
    );
    const read = await lab.series('backend="a"');
    const shown = Object.fromEntries(
      Object.entries(read).filter(([key]) => !/_bucket|_errors_total/.test(key)),
    );
    expect(shown).toEqual({
      'balance_backend_passed_over_total{backend="a",reason="unhealthy"}': 4,
      'balance_backend_passed_over_total{backend="a",reason="ejected"}': 3,
      'balance_backend_passed_over_total{backend="a",reason="circuit_open"}': 2,
      'balance_backend_passed_over_total{backend="a",reason="draining"}': 1,
      'balance_backend_passed_over_total{backend="a",reason="maintenance"}': 5,
      'balance_backend_passed_over_total{backend="a",reason="max_requests"}': 0,
      'balance_backend_passed_over_total{backend="a",reason="max_connections"}': 0,
      'balance_backend_passed_over_total{backend="a",reason="pool_full"}': 0,
      'balance_backend_passed_over_total{backend="a",reason="failed"}': 0,
      'balance_backend_connections_active{backend="a"}': 6,
      'balance_backend_connections_kept{backend="a"}': 1,
      'balance_backend_health_status{backend="a"}': 0,
      'balance_backend_requests_in_flight{backend="a"}': 2,
      'balance_backend_connect_failures_total{backend="a"}': 8,
      'balance_backend_bytes_total{backend="a",direction="received"}': 1000,
      'balance_backend_bytes_total{backend="a",direction="sent"}': 500,
      'balance_request_resends_total{backend="a"}': 6,
      'balance_pool_connections_active{backend="a"}': 2,
      'balance_pool_connections_idle{backend="a"}': 3,
      'balance_pool_connections_max{backend="a"}': 10,
      'balance_pool_connections_created_total{backend="a"}': 11,
      'balance_pool_connections_reused_total{backend="a"}': 90,
      'balance_pool_connections_discarded_total{backend="a"}': 4,
      'balance_pool_waiting{backend="a"}': 1,
      'balance_pool_timeouts_total{backend="a"}': 3,
    });
    expect((await lab.values()).get('balance_backend_health_status{backend="b"}')).toBe(1);
    lab.backends.length = 0;
    expect(await lab.series('backend="a"')).toEqual({});
    expect(await lab.series('backend="b"')).toEqual({});
  });

  it('show the checks of a backend for each of its upstreams', async () => {
    const upstreams = [upstreamOf('web', 'a', 'b'), upstreamOf('api', 'a')];
    const lab = new MetricsLab({
      upstreams: () => upstreams,
      queues: () => upstreams.map(({ upstream }) => ({ upstream, waiting: 0 })),
    });
    lab.counters.healthCheck({ upstream: 'web', backend: 'a', passed: true, durationMs: 2 });
    lab.counters.healthCheck({ upstream: 'web', backend: 'a', passed: false, durationMs: 200 });
    lab.counters.healthCheck({ upstream: 'api', backend: 'a', passed: false, durationMs: 30 });
    lab.counters.healthCheck({ upstream: 'gone', backend: 'a', passed: false, durationMs: 30 });
    const shown = async (): Promise<Record<string, number>> =>
      Object.fromEntries(
        Object.entries(await lab.series('balance_health_check')).filter(
          ([key]) => !/_bucket|_count/.test(key),
        ),
      );
    expect(await shown()).toEqual({
      'balance_health_checks_total{backend="a",result="pass",upstream="web"}': 1,
      'balance_health_checks_total{backend="a",result="fail",upstream="web"}': 1,
      'balance_health_checks_total{backend="a",result="pass",upstream="api"}': 0,
      'balance_health_checks_total{backend="a",result="fail",upstream="api"}': 1,
      'balance_health_check_duration_seconds_sum{backend="a",upstream="web"}': 0.202,
      'balance_health_check_duration_seconds_sum{backend="a",upstream="api"}': 0.03,
    });
    upstreams.length = 0;
    expect(await shown()).toEqual({});
    upstreams.push(upstreamOf('web', 'a'));
    expect(await shown()).toEqual({});
  });

  it('never fall while a backend of the name is there', async () => {
    const lab = new MetricsLab();
    const created = 'balance_pool_connections_created_total{backend="a"}';
    lab.backends.push(backendReading(backendNamed('a', 0), { poolCreated: 10 }));
    expect((await lab.values()).get(created)).toBe(10);
    lab.backends.splice(0, 1, backendReading(backendNamed('a', 1), { poolCreated: 2 }));
    expect((await lab.values()).get(created)).toBe(12);
    expect((await lab.values()).get(created)).toBe(12);
    lab.backends.length = 0;
    await lab.values();
    lab.backends.push(backendReading(backendNamed('a', 2), { poolCreated: 1 }));
    expect((await lab.values()).get(created)).toBe(1);
  });
});

describe('metrics of states', () => {
  it('show the worst breaker of a backend, its ejections, and which upstreams panic', async () => {
    const member = { weight: 1, effectiveWeight: 1, isEjected: false } as const;
    const lab = new MetricsLab({
      upstreams: () => [
        {
          upstream: 'web',
          servesRequests: true,
          panics: true,
          members: [
            { ...member, backend: 'a', state: 'open', breaker: 'open' },
            { ...member, backend: 'b', state: 'ejected', isEjected: true },
          ],
        },
        {
          upstream: 'db',
          servesRequests: true,
          panics: false,
          members: [{ ...member, backend: 'a', state: 'up', breaker: 'recovering' }],
        },
        {
          upstream: 'raw',
          servesRequests: false,
          members: [{ backend: 'c', weight: 1, effectiveWeight: 1, state: 'unknown' }],
        },
      ],
    });
    lab.backends.push(
      backendReading(backendNamed('a', 0), { breakerOpens: 2, ejectedByErrorRate: 3 }),
      backendReading(backendNamed('b', 1)),
      backendReading(backendNamed('c', 2)),
    );
    const read = [...(await lab.values())].filter(([key]) => /breaker|eject|panic|_backend_state/.test(key));
    const shown = Object.fromEntries(read.filter(([key]) => !/passed_over|upstream_backends/.test(key)));
    expect(shown).toEqual({
      'balance_backend_state{backend="a",state="open",upstream="web"}': 1,
      'balance_backend_state{backend="a",state="up",upstream="db"}': 1,
      'balance_backend_state{backend="b",state="ejected",upstream="web"}': 1,
      'balance_backend_state{backend="c",state="unknown",upstream="raw"}': 1,
      'balance_circuit_breaker_state{backend="a"}': 2,
      'balance_circuit_breaker_open_total{backend="a"}': 2,
      'balance_backend_ejections_total{backend="a",reason="consecutive_failures"}': 0,
      'balance_backend_ejections_total{backend="a",reason="error_rate"}': 3,
      'balance_backend_ejections_total{backend="a",reason="success_rate"}': 0,
      'balance_backend_ejections_total{backend="a",reason="latency"}': 0,
      'balance_backend_ejections_total{backend="b",reason="consecutive_failures"}': 0,
      'balance_backend_ejections_total{backend="b",reason="error_rate"}': 0,
      'balance_backend_ejections_total{backend="b",reason="success_rate"}': 0,
      'balance_backend_ejections_total{backend="b",reason="latency"}': 0,
      'balance_upstream_ejected{upstream="web"}': 1,
      'balance_upstream_ejected{upstream="db"}': 0,
      'balance_upstream_panic{upstream="web"}': 1,
      'balance_upstream_panic{upstream="db"}': 0,
    });
  });
});

describe('metrics of upstreams', () => {
  it('say how many backends are up, and which they are', async () => {
    const upstreams: UpstreamReading[] = [
      {
        upstream: 'web',
        servesRequests: true,
        members: [
          { backend: 'a', weight: 3, effectiveWeight: 3, state: 'up' },
          { backend: 'b', weight: 1, effectiveWeight: 0.25, state: 'down' },
          { backend: 'c', weight: 0, effectiveWeight: 0, state: 'off' },
        ],
      },
      {
        upstream: 'db',
        servesRequests: false,
        members: [{ backend: 'a', weight: 1, effectiveWeight: 1, state: 'unknown' }],
      },
    ];
    const lab = new MetricsLab({ upstreams: () => upstreams });
    expect(await lab.series('balance_upstream_backend')).toMatchObject({
      'balance_upstream_backends{state="up",upstream="web"}': 1,
      'balance_upstream_backends{state="down",upstream="web"}': 1,
      'balance_upstream_backends{state="unknown",upstream="web"}': 0,
      'balance_upstream_backends{state="off",upstream="web"}': 1,
      'balance_upstream_backends{state="up",upstream="db"}': 0,
      'balance_upstream_backends{state="down",upstream="db"}': 0,
      'balance_upstream_backends{state="unknown",upstream="db"}': 1,
      'balance_upstream_backends{state="off",upstream="db"}': 0,
      'balance_upstream_backend_weight{backend="a",upstream="web"}': 3,
      'balance_upstream_backend_weight{backend="b",upstream="web"}': 1,
      'balance_upstream_backend_weight{backend="c",upstream="web"}': 0,
      'balance_upstream_backend_effective_weight{backend="a",upstream="web"}': 3,
      'balance_upstream_backend_effective_weight{backend="b",upstream="web"}': 0.25,
      'balance_upstream_backend_weight{backend="a",upstream="db"}': 1,
    });
    upstreams.length = 0;
    expect(await lab.series('balance_upstream_backend')).toEqual({});
  });
});

describe('metrics of listeners, tunnels and queues', () => {
  it('begin at zero for a listener that takes the name of another one, and fall for none', async () => {
    const lab = new MetricsLab();
    const [a, b] = [listenerReading('a', { accepted: 7 }), listenerReading('b', { accepted: 100 })];
    lab.listeners.push(a, b);
    const accepted = async (): Promise<Record<string, number>> => lab.series('connections_accepted_total');
    const shown = (values: Record<string, number>): Record<string, number> =>
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [
          `balance_listener_connections_accepted_total{listener="${name}"}`,
          value,
        ]),
      );
    expect(await accepted()).toEqual(shown({ a: 7, b: 100 }));
    // They swap their names, and each accepts one more.
    const swapped = (reading: typeof a, name: string): typeof a => ({
      ...reading,
      name,
      counts: { ...reading.counts, accepted: reading.counts.accepted + 1 },
    });
    lab.listeners.splice(0, 2, swapped(a, 'b'), swapped(b, 'a'));
    expect(await accepted()).toEqual(shown({ a: 8, b: 101 }));
    lab.listeners.splice(0, 2, swapped(swapped(a, ''), 'b'), swapped(swapped(b, ''), 'new'));
    expect(await accepted()).toEqual(shown({ b: 102, new: 1 }));
  });

  it('show connections and bytes by listener', async () => {
    const lab = new MetricsLab();
    lab.listeners.push(
      listenerReading('web', { accepted: 7, refused: 2, shed: 3, bytesReceived: 30, bytesSent: 40 }),
    );
    expect(await lab.series('listener="web"')).toEqual({
      'balance_listener_connections_active{listener="web"}': 0,
      'balance_listener_connections_accepted_total{listener="web"}': 7,
      'balance_listener_connections_refused_total{listener="web"}': 2,
      'balance_listener_connections_shed_total{listener="web"}': 3,
      'balance_listener_bytes_total{direction="received",listener="web"}': 30,
      'balance_listener_bytes_total{direction="sent",listener="web"}': 40,
    });
  });

  it('show how many handshakes a listener has under way, and how many it may have', async () => {
    const lab = new MetricsLab();
    const web = listenerReading('web');
    const gauges = { ...web.gauges, expectsTls: 1, hellosAwaited: 3, handshakesActive: 2, handshakesMax: 5 };
    lab.listeners.push({ ...web, gauges }, listenerReading('plain'));
    expect(await lab.series('balance_tls_handshakes_')).toMatchObject({
      'balance_tls_handshakes_active{listener="web",stage="client_hello"}': 3,
      'balance_tls_handshakes_active{listener="web",stage="handshake"}': 2,
      'balance_tls_handshakes_max{listener="web"}': 5,
    });
    expect(await lab.series('balance_tls_handshakes_active{listener="plain"')).toEqual({});
  });

  it('show tunnels by listener and backend, and how long they lasted', async () => {
    const counts = { active: 2, total: 9, bytesReceived: 100, bytesSent: 200 };
    const lab = new MetricsLab({
      tunnels: () => [
        { listener: 'db', backend: 'db-1', ...counts },
        { listener: 'db', backend: undefined, ...counts },
      ],
    });
    const backend = backendNamed('db-1');
    lab.listeners.push(listenerReading('db'));
    lab.backends.push(backendReading(backend));
    lab.counters.tunnel(tunnelRecord({ backend, durationMs: 61_000 }));
    lab.counters.tunnel(tunnelRecord({ backend: undefined, durationMs: 5 }));
    // One that was asked for, but the backend could not be connected to.
    lab.counters.tunnel(tunnelRecord({ backend, connected: false, durationMs: 5, error: 'connect_failed' }));
    expect(await lab.series('balance_tunnel')).toMatchObject({
      'balance_tunnels_active{backend="db-1",listener="db"}': 2,
      'balance_tunnels_total{backend="db-1",listener="db"}': 9,
      'balance_tunnels_total{backend="none",listener="db"}': 9,
      'balance_tunnel_bytes_total{backend="db-1",direction="received",listener="db"}': 100,
      'balance_tunnel_bytes_total{backend="db-1",direction="sent",listener="db"}': 200,
      'balance_tunnel_duration_seconds_bucket{backend="db-1",le="60.0",listener="db"}': 0,
      'balance_tunnel_duration_seconds_bucket{backend="db-1",le="600.0",listener="db"}': 1,
      'balance_tunnel_duration_seconds_count{backend="db-1",listener="db"}': 1,
    });
    lab.listeners.length = 0;
    expect(await lab.series('balance_tunnel_duration_seconds')).toEqual({});
  });

  it('count errors of tunnels, which are no requests', async () => {
    const lab = new MetricsLab();
    lab.counters.tunnel(tunnelRecord({ backend: undefined, error: 'no_backend' }));
    lab.counters.tunnel(tunnelRecord({ backend: undefined }));
    expect(await lab.counted('balance_request')).toEqual({
      'balance_request_errors_total{backend="none",error_type="no_backend"}': 1,
    });
  });

  it('show queues by upstream, also while nobody waits', async () => {
    const queues = [
      { upstream: 'web', waiting: 1 },
      { upstream: 'web', waiting: 2 },
      { upstream: 'quiet', waiting: 0 },
    ];
    const lab = new MetricsLab({ queues: () => queues });
    lab.counters.queue({ upstream: 'web', outcome: 'served', waitedMs: 50 });
    lab.counters.queue({ upstream: 'web', outcome: 'left', waitedMs: 50 });
    lab.counters.queue({ upstream: 'web', outcome: 'timeout', waitedMs: 500 });
    lab.counters.queue({ upstream: 'web', outcome: 'refused', waitedMs: 0 });
    const read = await lab.series('balance_queue');
    expect(read).toMatchObject({
      'balance_queue_waiting{upstream="web"}': 3,
      'balance_queue_refused_total{upstream="web"}': 1,
      'balance_queue_timeouts_total{upstream="web"}': 1,
      'balance_queue_wait_seconds_count{upstream="web"}': 3,
      'balance_queue_wait_seconds_sum{upstream="web"}': 0.6,
      'balance_queue_waiting{upstream="quiet"}': 0,
      'balance_queue_refused_total{upstream="quiet"}': 0,
    });
    queues.length = 0;
    expect(await lab.series('balance_queue')).toEqual({});
  });
});

describe('metrics of the proxy', () => {
  it('show reloads, failures and what runs', async () => {
    const lab = new MetricsLab({
      reloads: () => ({
        counts: [
          { source: 'file', succeeded: 2, failed: 1 },
          { source: 'signal', succeeded: 0, failed: 0 },
        ],
        lastSucceeded: false,
        lastSuccessAtMs: 1_700_000_000_500,
        lastDurationMs: 12.5,
        lastSkewMs: undefined,
      }),
      generations: () => [
        { id: 7, isLive: true, active: 3 },
        { id: 5, isLive: false, active: 1 },
      ],
      spans: () => ({ exported: 100, dropped: 4 }),
      shortages: () => ({ connect: 6 }),
      droppedLogLines: () => 7,
      pluginFailures: () => [{ plugin: 'echo', count: 8 }],
      telemetryFailures: () => 9,
    });
    const all = Object.entries(await lab.values().then((values) => Object.fromEntries(values)));
    const { balance_uptime_seconds: uptime, ...read } = Object.fromEntries(
      all.filter(([key]) => !key.includes('"none"') && !key.startsWith('balance_tls_')),
    );
    expect(uptime).toBeGreaterThanOrEqual(5);
    expect(read).toEqual({
      'balance_config_reloads_total{result="success",source="file"}': 2,
      'balance_config_reloads_total{result="failure",source="file"}': 1,
      'balance_config_reloads_total{result="success",source="signal"}': 0,
      'balance_config_reloads_total{result="failure",source="signal"}': 0,
      balance_config_last_reload_success: 0,
      balance_config_last_reload_success_timestamp_seconds: 1_700_000_000.5,
      balance_config_last_reload_duration_seconds: 0.0125,
      balance_config_generation: 7,
      balance_config_draining_generations: 1,
      'balance_config_generation_connections{generation="7"}': 3,
      'balance_config_generation_connections{generation="5"}': 1,
      'balance_plugin_failures_total{plugin="echo"}': 8,
      balance_telemetry_failures_total: 9,
      balance_workers: 1,
      balance_workers_crashing: 0,
      'balance_upgrades_total{result="success"}': 2,
      'balance_upgrades_total{result="failure"}': 1,
      balance_trace_spans_exported_total: 100,
      balance_trace_spans_dropped_total: 4,
      'balance_resource_shortages_total{work="connect"}': 6,
      balance_log_lines_dropped_total: 7,
      [`balance_build_info{node_version="${process.version}",version="1.2.3"}`]: 1,
    });
  });

  it('show the newest of many generations one by one, and the others as one', async () => {
    const generations = Array.from({ length: 50 }, (_, index) => ({
      id: 100 - index,
      isLive: index === 0,
      active: 1,
    }));
    const lab = new MetricsLab({ generations: () => generations });
    const read = await lab.series('balance_config_generation_connections');
    expect(Object.keys(read)).toHaveLength(21);
    expect(read['balance_config_generation_connections{generation="older"}']).toBe(30);
    expect((await lab.values()).get('balance_config_draining_generations')).toBe(49);
  });
});
