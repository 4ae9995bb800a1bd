import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogFields, Logger } from '../../../../src/plugin-api/logger.ts';
import type { ExchangeRecord } from '../../../../src/plugin-api/telemetry.ts';
import type { TraceContext, TunnelTrace } from '../../../../src/plugin-api/tracing.ts';
import { createTracing } from '../../../../src/telemetry/traces/tracing.ts';
import type { Tracing, TracingOptions, TracingSettings } from '../../../../src/telemetry/traces/tracing.ts';
import { JaegerCollector } from '../../../support/collectors/jaeger-collector.ts';
import { OtlpCollector } from '../../../support/collectors/otlp-collector.ts';
import type { CollectedSpan, TraceCollector } from '../../../support/collectors/trace-collector.ts';
import { backendNamed, exchangeRecord, tunnelRecord } from '../records.ts';
import { nodeLookup } from '../../../../src/net/dns/node-lookup.ts';
import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { fixedNames } from '../../../support/addresses/fixed-names.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const NO_PARENT = '0'.repeat(16);
/** A request that names no trace. */
const NEW = { soleValueOf: (): undefined => undefined };
const SETTINGS = {
  service_name: 'balance',
  exporter: 'jaeger',
  sample_rate: 1,
  propagation: ['w3c'],
} as const;

function calledBy(traceparent: string): { soleValueOf(name: string): string | undefined } {
  return { soleValueOf: (name) => (name === 'traceparent' ? traceparent : undefined) };
}

class RememberingLogger implements Logger {
  readonly debugEnabled = false;
  readonly lines: string[] = [];
  debug(): void {}
  info(message: string): void {
    this.lines.push(`INFO ${message}`);
  }
  warn(message: string, fields: LogFields = {}): void {
    this.lines.push(`WARN ${message} ${String(fields['error'])}`);
  }
  error(): void {}
  child(): Logger {
    return this;
  }
}

const INSTANCE = '5f0c3f0e-3a0f-4d8e-9d0a-000000000001';

let collector: TraceCollector;
let logger: RememberingLogger;
let opened: Tracing[];

beforeEach(async () => {
  collector = new JaegerCollector();
  logger = new RememberingLogger();
  opened = [];
  await collector.listen();
});

afterEach(async () => {
  await Promise.all(opened.map((tracing) => tracing.close()));
  await collector.close();
});

async function trace(
  settings: Partial<TracingSettings> = {},
  queue: TracingOptions['queue'] = {},
): Promise<Tracing> {
  const tracing = await createTracing(
    { ...SETTINGS, endpoint: collector.endpoint, ...settings },
    { logger, instanceId: INSTANCE, queue },
  );
  opened.push(tracing);
  return tracing;
}

function publish(tracing: Tracing, context: TraceContext, changes: Partial<ExchangeRecord> = {}): void {
  tracing.subscriber.exchange(
    exchangeRecord({ traceId: context.traceId, spanId: context.spanId, trace: context, ...changes }),
  );
}

function fillPhases(context: TraceContext): void {
  Object.assign(context.phases ?? {}, {
    selectStartMs: 0.25,
    selectEndMs: 1.5,
    backendStartMs: 2,
    responseHeadMs: 100,
    headSentMs: 100.125,
    backendEndMs: 149,
    upstreamPath: '/internal/users',
  });
}

const spanNamed = (name: string): CollectedSpan => {
  const found = collector.spans.filter((span) => span.name === name);
  expect(
    found,
    `spans named ${name} among ${collector.spans.map((span) => span.name).join(', ')}`,
  ).toHaveLength(1);
  return found[0]!;
};

describe.each(['jaeger', 'otlp'] as const)('a sampled exchange, over %s,', (exporter) => {
  beforeEach(async () => {
    if (exporter === 'jaeger') return;
    await collector.close();
    collector = new OtlpCollector();
    await collector.listen();
  });

  it('gets to a collector whose name the proxy looks up itself', async () => {
    const endpoint = collector.endpoint.replace(/\/\/[^:/]+/, '//collector.test');
    const lookup = nodeLookup(fixedNames({ 'collector.test': ['127.0.0.1'] }));
    const tracing = await createTracing(
      { ...SETTINGS, exporter, endpoint },
      { logger, instanceId: INSTANCE, lookup },
    );
    opened.push(tracing);
    publish(tracing, tracing.subscriber.tracer.begin(calledBy(`00-${TRACE}-${CALLER}-01`)));
    await tracing.flush();
    expect(collector.spans.length).toBeGreaterThan(0);
  });

  it('becomes four spans with the right parents, ids, times and attributes', async () => {
    const tracing = await trace({ exporter, service_name: 'edge' });
    const context = tracing.subscriber.tracer.begin(calledBy(`00-${TRACE}-${CALLER}-01`));
    fillPhases(context);
    publish(tracing, context);
    await tracing.flush();

    expect(collector.spans).toHaveLength(4);
    const startUs = Date.UTC(2025, 10, 17, 15, 0, 0) * 1000;
    const root = spanNamed('GET /api/users');
    expect(root).toMatchObject({
      service: 'edge',
      traceId: TRACE,
      spanId: context.spanId,
      parentSpanId: CALLER,
      startUs,
      durationUs: 150_000,
    });
    expect(root.tags).toMatchObject({
      'span.kind': 'server',
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'url.path': '/api/users',
      'client.address': '192.168.1.100',
      'balance.route': 'api',
      backend: 'backend-1',
    });
    expect(root.tags['error']).toBeUndefined();

    const select = spanNamed('proxy: select_backend');
    expect(select).toMatchObject({
      traceId: TRACE,
      parentSpanId: root.spanId,
      startUs: startUs + 250,
      durationUs: 1250,
    });
    expect(select.tags).toMatchObject({ 'balance.algorithm': 'round-robin', backend: 'backend-1' });

    const backend = spanNamed('backend: GET http://backend-1:8080/internal/users');
    expect(backend).toMatchObject({
      traceId: TRACE,
      parentSpanId: root.spanId,
      startUs: startUs + 2000,
      durationUs: 147_000,
    });
    expect(context.lines).toBe(`\r\ntraceparent: 00-${TRACE}-${backend.spanId}-01`);
    expect(backend.tags).toMatchObject({
      'span.kind': 'client',
      backend: 'backend-1',
      'http.method': 'GET',
      'http.url': 'http://backend-1:8080/internal/users',
      'http.status_code': 200,
      'http.request.method': 'GET',
      'url.full': 'http://backend-1:8080/internal/users',
      'http.response.status_code': 200,
    });

    const transform = spanNamed('proxy: transform_response');
    expect(transform).toMatchObject({
      parentSpanId: root.spanId,
      startUs: startUs + 100_000,
      durationUs: 125,
    });
    expect(tracing.spans).toEqual({ exported: 4, dropped: 0 });
  });

  it('is a root where no trace came in', async () => {
    const tracing = await trace({ exporter });
    const first = tracing.subscriber.tracer.begin(NEW);
    const second = tracing.subscriber.tracer.begin(NEW);
    publish(tracing, first);
    publish(tracing, second, { path: '/other' });
    await tracing.flush();
    expect(spanNamed('GET /api/users')).toMatchObject({
      traceId: first.traceId,
      spanId: first.spanId,
      parentSpanId: NO_PARENT,
    });
    expect(spanNamed('GET /other')).toMatchObject({ traceId: second.traceId, parentSpanId: NO_PARENT });
  });

  it('shows what a backend did wrong', async () => {
    const tracing = await trace({ exporter });
    const context = tracing.subscriber.tracer.begin(NEW);
    Object.assign(context.phases ?? {}, {
      selectStartMs: 0,
      selectEndMs: 1,
      backendStartMs: 1,
      backendEndMs: 50,
    });
    publish(tracing, context, { status: 502, error: 'backend_reset' });
    await tracing.flush();
    for (const name of ['GET /api/users', 'backend: GET http://backend-1:8080/api/users']) {
      const span = spanNamed(name);
      expect(span.tags).toMatchObject({
        error: true,
        'error.type': 'backend_reset',
        'otel.status_code': 'ERROR',
      });
      expect(span.events).toEqual([
        expect.objectContaining({ event: 'exception', 'exception.type': 'backend_reset' }),
      ]);
    }
    expect(spanNamed('proxy: select_backend').tags['error']).toBeUndefined();
    expect(collector.spans.map((span) => span.name)).not.toContain('proxy: transform_response');
  });

  it('shows that no backend could be selected', async () => {
    const tracing = await trace({ exporter });
    const context = tracing.subscriber.tracer.begin(NEW);
    Object.assign(context.phases ?? {}, { selectStartMs: 0, selectEndMs: 1 });
    publish(tracing, context, { status: 503, error: 'no_backend', backend: undefined });
    await tracing.flush();
    expect(collector.spans).toHaveLength(2);
    expect(spanNamed('proxy: select_backend').tags).toMatchObject({
      error: true,
      'error.type': 'no_backend',
    });
  });

  it("does not take the client's fault for an error of the server", async () => {
    const tracing = await trace({ exporter });
    publish(tracing, tracing.subscriber.tracer.begin(NEW), { status: 0, error: 'client_abort' });
    await tracing.flush();
    const { tags } = spanNamed('GET /api/users');
    expect(tags['error']).toBeUndefined();
    expect(tags['error.type']).toBe('client_abort');
  });

  it('keeps long values of a client short', async () => {
    const tracing = await trace({ exporter });
    publish(tracing, tracing.subscriber.tracer.begin(NEW), {
      path: `/${'p'.repeat(30_000)}`,
      userAgent: 'u'.repeat(30_000),
    });
    await tracing.flush();
    const [span] = collector.spans;
    expect(span?.name.length).toBeLessThan(300);
    expect(String(span?.tags['user_agent.original']).length).toBeLessThan(3000);
  });

  it('shows an error that only the status tells of', async () => {
    const tracing = await trace({ exporter });
    const context = tracing.subscriber.tracer.begin(NEW);
    fillPhases(context);
    publish(tracing, context, { status: 503 });
    await tracing.flush();
    for (const name of ['GET /api/users', 'backend: GET http://backend-1:8080/internal/users']) {
      expect(spanNamed(name).tags).toMatchObject({ error: true, 'error.type': '503' });
    }
  });

  it('has no exception for a status of a backend, which is no more than an answer', async () => {
    const tracing = await trace({ exporter });
    const context = tracing.subscriber.tracer.begin(NEW);
    fillPhases(context);
    publish(tracing, context, { status: 404 });
    await tracing.flush();
    const asked = spanNamed('backend: GET http://backend-1:8080/internal/users');
    expect(asked.tags).toMatchObject({ error: true, 'error.type': '404', 'otel.status_code': 'ERROR' });
    expect(asked.tags['otel.status_description']).toBeUndefined();
    expect(asked.events).toEqual([]);
    expect(spanNamed('GET /api/users').tags['error']).toBeUndefined();
  });

  it.each([
    ['example.com', 'example.com', undefined],
    ['example.com:8080', 'example.com', 8080],
    ['192.0.2.7:80', '192.0.2.7', 80],
    ['[2001:db8::1]:443', '2001:db8::1', 443],
    ['[2001:db8::1]', '2001:db8::1', undefined],
    ['unix:/run/app.sock', '/run/app.sock', undefined],
    ['', undefined, undefined],
  ])('tells host and port of %j apart', async (host, address, port) => {
    const tracing = await trace({ exporter });
    publish(tracing, tracing.subscriber.tracer.begin(NEW), { host });
    await tracing.flush();
    const { tags } = spanNamed('GET /api/users');
    expect([tags['server.address'], tags['server.port']]).toEqual([address, port]);
  });

  it('whose head could not be read has a span all the same', async () => {
    const tracing = await trace({ exporter });
    const changes = {
      method: '',
      path: '',
      protocol: '',
      status: 400,
      error: 'bad_request',
      backend: undefined,
    } as const;
    publish(tracing, tracing.subscriber.tracer.begin(NEW), changes);
    await tracing.flush();
    const { tags } = spanNamed('HTTP');
    expect(tags).toMatchObject({ 'http.request.method': '_OTHER', 'http.status_code': 400 });
    expect(tags['network.protocol.version']).toBeUndefined();
    expect(tags['error']).toBeUndefined();
  });

  it('is told in the letters in which it came', async () => {
    const tracing = await trace({ exporter });
    publish(tracing, tracing.subscriber.tracer.begin(NEW), { path: '/grüße/😀', userAgent: 'ü'.repeat(100) });
    await tracing.flush();
    expect(spanNamed('GET /grüße/😀').tags).toMatchObject({
      'url.path': '/grüße/😀',
      'user_agent.original': 'ü'.repeat(100),
    });
  });

  it('has a span for each try that came to nothing', async () => {
    const tracing = await trace({ exporter });
    const context = tracing.subscriber.tracer.begin(NEW);
    fillPhases(context);
    const failedTries = [
      {
        backend: backendNamed('backend-3', 2),
        startMs: 0.25,
        endMs: 0.5,
        error: 'connect_failed',
        status: 0,
        retried: false,
      },
      {
        backend: backendNamed('backend-2', 1),
        startMs: 0.5,
        endMs: 1.5,
        error: 'backend_reset',
        status: 0,
        retried: true,
        spanId: CALLER,
      },
    ] as const;
    publish(tracing, context, { failedTries });
    await tracing.flush();
    expect(collector.spans).toHaveLength(6);
    const root = spanNamed('GET /api/users');
    const refused = spanNamed('backend: GET http://backend-3:8080/internal/users');
    expect(refused).toMatchObject({
      parentSpanId: root.spanId,
      startUs: root.startUs + 250,
      durationUs: 250,
    });
    expect(refused.tags).toMatchObject({ error: true, 'error.type': 'connect_failed', backend: 'backend-3' });
    const reset = spanNamed('backend: GET http://backend-2:8080/internal/users');
    expect(reset.spanId).toBe(CALLER);
    expect(reset).toMatchObject({ parentSpanId: root.spanId, startUs: root.startUs + 500, durationUs: 1000 });
    expect(reset.tags).toMatchObject({ 'error.type': 'backend_reset', 'span.kind': 'client' });
    const answered = spanNamed('backend: GET http://backend-1:8080/internal/users');
    expect(answered.tags).toMatchObject({ 'http.request.resend_count': 2, 'http.status_code': 200 });
    expect(root.tags['error']).toBeUndefined();
  });

  it('has a span for the tunnel that it became', async () => {
    const tracing = await trace({ exporter });
    const context = tracing.subscriber.tracer.begin(calledBy(`00-${TRACE}-${CALLER}-01`));
    publish(tracing, context, { status: 101 });
    const place = tracing.subscriber.tracer.beginTunnel(context);
    const { traceId, spanId } = place;
    tracing.subscriber.tunnel(
      tunnelRecord({ protocol: 'websocket', trace: place, traceId, spanId, requestId: 'r-1' }),
    );
    await tracing.flush();
    const tunnel = spanNamed('tunnel: websocket db-1:8080');
    expect(tunnel).toMatchObject({ traceId: TRACE, parentSpanId: context.spanId, durationUs: 61_000_000 });
    expect(tunnel.spanId).toBe(spanId);
    expect(tunnel.tags).toMatchObject({
      'balance.bytes_received': 10,
      'balance.bytes_sent': 20,
      'balance.ended_by': 'client',
      'balance.request_id': 'r-1',
      'server.address': 'db-1',
      'server.port': 8080,
    });
  });
});

describe('a TCP tunnel', () => {
  it('is a trace by itself, for the share that is sampled', async () => {
    const all = await trace();
    all.subscriber.tunnel(tunnelRecord());
    all.subscriber.tunnel(tunnelRecord({ error: 'backend_timeout', backend: undefined }));
    await all.flush();
    const orderly = spanNamed('tunnel: tcp db-1:8080');
    const failed = spanNamed('tunnel: tcp none');
    expect([orderly.parentSpanId, failed.parentSpanId]).toEqual([NO_PARENT, NO_PARENT]);
    expect(orderly.traceId).not.toBe(failed.traceId);
    expect(orderly.tags['error']).toBeUndefined();
    expect(failed.tags).toMatchObject({ error: true, 'error.type': 'backend_timeout' });
    const none = await trace({ sample_rate: 0 });
    none.subscriber.tunnel(tunnelRecord());
    await none.flush();
    expect(collector.spans).toHaveLength(2);
  });

  it('has the ids that it was given when it began', async () => {
    const tracing = await trace();
    const place = tracing.subscriber.tracer.beginTunnel();
    tracing.subscriber.tunnel(tunnelRecord({ trace: place }));
    await tracing.flush();
    const { traceId, spanId } = place;
    expect(collector.spans).toEqual([
      expect.objectContaining({ traceId, spanId, parentSpanId: NO_PARENT }) as CollectedSpan,
    ]);
  });

  it('of a request that is not sampled is not either', async () => {
    const tracing = await trace();
    const { tracer } = tracing.subscriber;
    const context = tracer.begin(calledBy(`00-${TRACE}-${CALLER}-00`));
    tracing.subscriber.tunnel(tunnelRecord({ protocol: 'websocket', trace: tracer.beginTunnel(context) }));
    await tracing.flush();
    expect(collector.requests).toBe(0);
  });

  it('is below its request where a plugin only names that', async () => {
    const tracing = await trace();
    const context = tracing.subscriber.tracer.begin(NEW);
    tracing.subscriber.tunnel(tunnelRecord({ protocol: 'chat', trace: context as unknown as TunnelTrace }));
    await tracing.flush();
    const tunnel = spanNamed('tunnel: chat db-1:8080');
    expect(tunnel).toMatchObject({ traceId: context.traceId, parentSpanId: context.spanId });
    expect(tunnel.spanId).not.toBe(context.spanId);
  });
});

describe('a collector of OTLP', () => {
  it('gets the fields of the config, and costs counted spans when it refuses them', async () => {
    const otlp = new OtlpCollector();
    await otlp.listen();
    try {
      const tracing = await trace({
        exporter: 'otlp',
        endpoint: otlp.endpoint,
        headers: { Authorization: 'Bearer secret' },
      });
      publish(tracing, tracing.subscriber.tracer.begin(NEW));
      await tracing.flush();
      expect(otlp.headers).toMatchObject({
        authorization: 'Bearer secret',
        'content-type': 'application/x-protobuf',
      });
      otlp.status = 400;
      publish(tracing, tracing.subscriber.tracer.begin(NEW));
      await tracing.flush();
      expect(tracing.spans).toEqual({ exported: 1, dropped: 1 });
      expect(logger.lines.join()).not.toContain('secret');
    } finally {
      await otlp.close();
    }
  });
});

describe('an exchange that is not sampled', () => {
  it('becomes no span', async () => {
    const tracing = await trace({ sample_rate: 0 });
    publish(tracing, tracing.subscriber.tracer.begin(NEW));
    tracing.subscriber.exchange(exchangeRecord());
    await tracing.flush();
    expect(collector.requests).toBe(0);
  });
});

describe('who makes the spans', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  async function resourceOf(settings: Partial<TracingSettings> = {}): Promise<CollectedSpan> {
    const tracing = await trace(settings);
    publish(tracing, tracing.subscriber.tracer.begin(NEW));
    await tracing.flush();
    return collector.spans.at(-1)!;
  }

  it('is told with the id of the process', async () => {
    expect((await resourceOf()).tags).toMatchObject({ 'service.instance.id': INSTANCE });
  });

  it('has the attributes of the environment', async () => {
    vi.stubEnv(
      'OTEL_RESOURCE_ATTRIBUTES',
      'deployment.environment=prod,service.instance.id=pod-7,note=a%2Cb',
    );
    expect((await resourceOf()).tags).toMatchObject({
      'deployment.environment': 'prod',
      'service.instance.id': 'pod-7',
      note: 'a,b',
    });
    expect(logger.lines).toEqual([]);
  });

  it.each([
    [
      'the config',
      'config',
      { OTEL_SERVICE_NAME: 'variable', OTEL_RESOURCE_ATTRIBUTES: 'service.name=list' },
    ],
    [
      'OTEL_SERVICE_NAME',
      'variable',
      { OTEL_SERVICE_NAME: 'variable', OTEL_RESOURCE_ATTRIBUTES: 'service.name=list' },
    ],
    ['OTEL_RESOURCE_ATTRIBUTES', 'list', { OTEL_RESOURCE_ATTRIBUTES: 'service.name=list' }],
    ['nobody', 'balance', {}],
  ])('is called what %s says', async (_who, name, env: Record<string, string>) => {
    for (const [variable, value] of Object.entries(env)) vi.stubEnv(variable, value);
    const unnamed = { exporter: 'jaeger', sample_rate: 1, propagation: ['w3c'] } as const;
    const tracing = await createTracing(
      { ...unnamed, endpoint: collector.endpoint, ...(name === 'config' ? { service_name: name } : {}) },
      { logger, instanceId: INSTANCE },
    );
    opened.push(tracing);
    publish(tracing, tracing.subscriber.tracer.begin(NEW));
    await tracing.flush();
    expect(collector.spans.map(({ service }) => service)).toEqual([name]);
    expect(logger.lines).toEqual([]);
  });

  it.each(['nonsense', 'a=b=c', 'a=%'])(
    'has none of attributes that can not be read, and warns: %s',
    async (given) => {
      vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', given);
      vi.stubEnv('OTEL_SERVICE_NAME', 'edge');
      expect((await resourceOf()).tags['a']).toBeUndefined();
      expect(logger.lines).toEqual([expect.stringMatching(/^WARN OTEL_RESOURCE_ATTRIBUTES is ignored/)]);
    },
  );
});

describe('OTEL_SDK_DISABLED', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('keeps spans from being made, while traces go on', async () => {
    vi.stubEnv('OTEL_SDK_DISABLED', 'true');
    const tracing = await trace();
    const context = tracing.subscriber.tracer.begin(calledBy(`00-${TRACE}-${CALLER}-01`));
    publish(tracing, context);
    tracing.subscriber.tunnel(tunnelRecord());
    await tracing.flush();
    expect(context.traceId).toBe(TRACE);
    expect(collector.requests).toBe(0);
    expect(tracing.spans).toEqual({ exported: 0, dropped: 0 });
  });
});

describe('a collector', () => {
  it('that refuses connections costs counted spans and one log line', async () => {
    const tracing = await trace({ endpoint: `http://${await deadAddress()}/api/traces` });
    for (let n = 0; n < 3; n++) {
      publish(tracing, tracing.subscriber.tracer.begin(NEW));
      await tracing.flush();
    }
    expect(tracing.spans).toEqual({ exported: 0, dropped: 3 });
    expect(logger.lines).toEqual([
      expect.stringMatching(/^WARN trace collector does not take spans .*ECONNREFUSED/),
    ]);
  });

  it('that answers with an error loses the batch, and is used again when it works', async () => {
    const tracing = await trace();
    collector.status = 503;
    publish(tracing, tracing.subscriber.tracer.begin(NEW));
    await tracing.flush();
    expect(tracing.spans).toEqual({ exported: 0, dropped: 1 });
    collector.status = 202;
    publish(tracing, tracing.subscriber.tracer.begin(NEW));
    await tracing.flush();
    expect(tracing.spans).toEqual({ exported: 1, dropped: 1 });
    expect(logger.lines.at(-1)).toBe('INFO trace collector takes spans again');
  });

  it('that hangs fails the export after a deadline, and is used again over a new connection', async () => {
    const tracing = await trace({}, { exportTimeoutMs: 1_500 });
    collector.status = 0;
    publish(tracing, tracing.subscriber.tracer.begin(NEW));
    await tracing.flush();
    expect(tracing.spans).toEqual({ exported: 0, dropped: 1 });
    expect(logger.lines[0]).toMatch(/did not answer within 1500 ms/);
    collector.status = 202;
    publish(tracing, tracing.subscriber.tracer.begin(NEW));
    await tracing.flush();
    expect(tracing.spans.exported).toBe(1);
  });

  it('that is slow makes the queue drop, not grow', async () => {
    const tracing = await trace({}, { queueSize: 10, batchSize: 5, exportTimeoutMs: 200 });
    collector.status = 0;
    for (let n = 0; n < 100; n++) publish(tracing, tracing.subscriber.tracer.begin(NEW));
    expect(tracing.spans.dropped).toBe(85);
    await tracing.close();
    expect(tracing.spans).toEqual({ exported: 0, dropped: 100 });
  });
});

describe('closing', () => {
  it('exports what waits', async () => {
    const tracing = await trace();
    for (let n = 0; n < 200; n++) publish(tracing, tracing.subscriber.tracer.begin(NEW));
    await tracing.close();
    expect(tracing.spans).toEqual({ exported: 200, dropped: 0 });
    expect(collector.spans).toHaveLength(200);
    publish(tracing, tracing.subscriber.tracer.begin(NEW));
    expect(collector.spans).toHaveLength(200);
  });

  it('leaves another tracing alone, so that a reload may replace one by the other', async () => {
    const before = await trace({ service_name: 'before' });
    const after = await trace({ service_name: 'after' });
    publish(before, before.subscriber.tracer.begin(NEW));
    publish(after, after.subscriber.tracer.begin(NEW));
    await before.close();
    publish(after, after.subscriber.tracer.begin(NEW));
    await after.flush();
    expect(collector.spans.map((span) => span.service).sort()).toEqual(['after', 'after', 'before']);
  });
});
