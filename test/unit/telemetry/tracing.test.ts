import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogFields, Logger } from '../../../src/plugin-api/logger.ts';
import type { ExchangeRecord } from '../../../src/plugin-api/telemetry.ts';
import type { TraceContext } from '../../../src/plugin-api/tracing.ts';
import { createTracing } from '../../../src/telemetry/tracing.ts';
import type { Tracing, TracingOptions, TracingSettings } from '../../../src/telemetry/tracing.ts';
import { JaegerCollector } from '../../support/jaeger-collector.ts';
import type { CollectedSpan } from '../../support/jaeger-collector.ts';
import { exchangeRecord } from './records.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const NO_PARENT = '0'.repeat(16);

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

let collector: JaegerCollector;
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
    { service_name: 'balance', endpoint: collector.endpoint, sample_rate: 1, ...settings },
    { logger, queue },
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

describe('a sampled exchange', () => {
  it('becomes four spans with the right parents, ids, times and attributes', async () => {
    const tracing = await trace({ service_name: 'edge' });
    const context = tracing.subscriber.tracer.begin(`00-${TRACE}-${CALLER}-01`);
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
    expect(context.traceparent).toBe(`00-${TRACE}-${backend.spanId}-01`);
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
    const tracing = await trace();
    const first = tracing.subscriber.tracer.begin(undefined);
    const second = tracing.subscriber.tracer.begin(undefined);
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
    const tracing = await trace();
    const context = tracing.subscriber.tracer.begin(undefined);
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
    const tracing = await trace();
    const context = tracing.subscriber.tracer.begin(undefined);
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
    const tracing = await trace();
    publish(tracing, tracing.subscriber.tracer.begin(undefined), { status: 0, error: 'client_abort' });
    await tracing.flush();
    const { tags } = spanNamed('GET /api/users');
    expect(tags['error']).toBeUndefined();
    expect(tags['error.type']).toBe('client_abort');
  });

  it('keeps long values of a client short', async () => {
    const tracing = await trace();
    publish(tracing, tracing.subscriber.tracer.begin(undefined), {
      path: `/${'p'.repeat(30_000)}`,
      userAgent: 'u'.repeat(30_000),
    });
    await tracing.flush();
    const [span] = collector.spans;
    expect(span?.name.length).toBeLessThan(300);
    expect(String(span?.tags['user_agent.original']).length).toBeLessThan(3000);
  });
});

describe('an exchange that is not sampled', () => {
  it('becomes no span', async () => {
    const tracing = await trace({ sample_rate: 0 });
    publish(tracing, tracing.subscriber.tracer.begin(undefined));
    tracing.subscriber.exchange(exchangeRecord());
    await tracing.flush();
    expect(collector.requests).toBe(0);
  });
});

describe('a collector', () => {
  it('that refuses connections costs counted spans and one log line', async () => {
    const tracing = await trace({ endpoint: 'http://127.0.0.1:1/api/traces' });
    for (let n = 0; n < 3; n++) {
      publish(tracing, tracing.subscriber.tracer.begin(undefined));
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
    publish(tracing, tracing.subscriber.tracer.begin(undefined));
    await tracing.flush();
    expect(tracing.spans).toEqual({ exported: 0, dropped: 1 });
    collector.status = 202;
    publish(tracing, tracing.subscriber.tracer.begin(undefined));
    await tracing.flush();
    expect(tracing.spans).toEqual({ exported: 1, dropped: 1 });
    expect(logger.lines.at(-1)).toBe('INFO trace collector takes spans again');
  });

  it('that hangs fails the export after a deadline, and is used again over a new connection', async () => {
    const tracing = await trace({}, { exportTimeoutMs: 100 });
    collector.status = 0;
    publish(tracing, tracing.subscriber.tracer.begin(undefined));
    await tracing.flush();
    expect(tracing.spans).toEqual({ exported: 0, dropped: 1 });
    expect(logger.lines[0]).toMatch(/did not answer within 100 ms/);
    collector.status = 202;
    publish(tracing, tracing.subscriber.tracer.begin(undefined));
    await tracing.flush();
    expect(tracing.spans.exported).toBe(1);
  });

  it('that is slow makes the queue drop, not grow', async () => {
    const tracing = await trace({}, { queueSize: 10, batchSize: 5, exportTimeoutMs: 200 });
    collector.status = 0;
    for (let n = 0; n < 100; n++) publish(tracing, tracing.subscriber.tracer.begin(undefined));
    expect(tracing.spans.dropped).toBe(85);
    await tracing.close();
    expect(tracing.spans).toEqual({ exported: 0, dropped: 100 });
  });
});

describe('closing', () => {
  it('exports what waits', async () => {
    const tracing = await trace();
    for (let n = 0; n < 200; n++) publish(tracing, tracing.subscriber.tracer.begin(undefined));
    await tracing.close();
    expect(tracing.spans).toEqual({ exported: 200, dropped: 0 });
    expect(collector.spans).toHaveLength(200);
    publish(tracing, tracing.subscriber.tracer.begin(undefined));
    expect(collector.spans).toHaveLength(200);
  });

  it('leaves another tracing alone, so that a reload may replace one by the other', async () => {
    const before = await trace({ service_name: 'before' });
    const after = await trace({ service_name: 'after' });
    publish(before, before.subscriber.tracer.begin(undefined));
    publish(after, after.subscriber.tracer.begin(undefined));
    await before.close();
    publish(after, after.subscriber.tracer.begin(undefined));
    await after.flush();
    expect(collector.spans.map((span) => span.service).sort()).toEqual(['after', 'after', 'before']);
  });
});
