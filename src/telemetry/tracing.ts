import type { Logger } from '../plugin-api/logger.ts';
import type { Tracer } from '../plugin-api/tracing.ts';
import type { TelemetrySubscriber } from './channels.ts';
import { ExchangeSpans } from './exchange-spans.ts';
import type { FixedIds } from './exchange-spans.ts';
import type { SpanCounts } from './metrics-source.ts';
import { RequestTracer } from './request-tracer.ts';
import { SpanQueue } from './span-queue.ts';
import type { SpanQueueOptions } from './span-queue.ts';
import { TraceIds } from './trace-ids.ts';

/** The config's `tracing` section. */
export interface TracingSettings {
  readonly service_name: string;
  /** Where Jaeger takes Thrift over HTTP, as in `http://localhost:14268/api/traces`. */
  readonly endpoint: string;
  /** From 0 to 1: the share of the traces that begin here. */
  readonly sample_rate: number;
}

/** Tracing at work. */
export interface Tracing {
  /** Begins traces for the data path, and makes spans from the records that it publishes. */
  readonly subscriber: TelemetrySubscriber & { readonly tracer: Tracer };
  readonly spans: SpanCounts;
  /** Exports what waits. */
  flush(): Promise<void>;
  /** Exports what waits, for two seconds at most, and ends. Never rejects. */
  close(): Promise<void>;
}

/** `queue` is for tests. */
export interface TracingOptions {
  readonly logger: Logger;
  readonly queue?: Partial<Omit<SpanQueueOptions, 'connect' | 'changed'>>;
}

const SCOPE = 'balance';
const LONGEST_ATTRIBUTE = 2048;
/** A whole batch goes in one request: more than a batch has spans. */
const SENDER_BATCH_SIZE = 10_000;
const EXPORTER_FLUSH_TIMEOUT_MS = 50;
/**
 * Keeps the SDK from registering an AsyncLocalStorage, whose hooks slow down each asynchronous call of the process.
 * It knows null for "none" as with the propagator, but its types don't.
 */
const NO_CONTEXT_MANAGER: object = { contextManager: null };

/**
 * Starts tracing. OpenTelemetry is loaded here and nowhere else: it takes 200 ms and 30 MB, which those who do not
 * trace need not pay.
 *
 * Several may run side by side, as while a reload replaces one: the SDK's global registrations are taken back at once.
 */
export async function createTracing(settings: TracingSettings, options: TracingOptions): Promise<Tracing> {
  const [api, { NodeSDK, tracing }, { JaegerExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-jaeger'),
  ]);
  const { logger } = options;
  const { endpoint } = settings;
  // The exporter hands the batch size on to Jaeger's sender; its types don't know that.
  const exporterSettings = {
    endpoint,
    maxSpanBatchSize: SENDER_BATCH_SIZE,
    flushTimeout: EXPORTER_FLUSH_TIMEOUT_MS,
  };
  const queue = new SpanQueue({
    ...options.queue,
    connect: () => new JaegerExporter(exporterSettings),
    changed: (error) => {
      if (error === undefined) logger.info('trace collector takes spans again', { endpoint });
      else logger.warn('trace collector does not take spans', { endpoint, error });
    },
  });
  const ids: FixedIds = { traceId: '', spanId: '' };
  const random = new TraceIds();
  const sdk = new NodeSDK({
    serviceName: settings.service_name,
    sampler: new tracing.AlwaysOnSampler(),
    idGenerator: {
      generateTraceId: () => (ids.traceId === '' ? random.traceId() : ids.traceId),
      generateSpanId: () => (ids.spanId === '' ? random.spanId() : ids.spanId),
    },
    spanProcessors: [queue],
    spanLimits: { attributeValueLengthLimit: LONGEST_ATTRIBUTE },
    // All that the SDK would add by itself: metrics and logs pushed to localhost, and patched modules.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    autoDetectResources: false,
    ...NO_CONTEXT_MANAGER,
    textMapPropagator: null,
  });
  sdk.start();
  const spans = api.trace.getTracer(SCOPE);
  api.trace.disable();
  const tracer = new RequestTracer(settings.sample_rate);

  return {
    subscriber: new ExchangeSpans({ api, tracer, spans, ids, queue }),
    get spans() {
      return queue.counts;
    },
    flush: () => queue.forceFlush(),
    close: () => sdk.shutdown().catch(() => undefined),
  };
}
