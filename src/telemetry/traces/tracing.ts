import type { LookupFunction } from 'node:net';

import type { Logger } from '../../plugin-api/logger.ts';
import type { TelemetrySubscriber } from '../channels.ts';
import type { SpanCounts } from '../metrics/metrics-source.ts';
import type { SpanOrigin } from './recorded-span.ts';
import { RequestTracer } from './request-tracer.ts';
import { DEFAULT_ENDPOINTS, loadExporter, type SpanExporterName } from './export/load-exporter.ts';
import { SpanQueue } from './export/span-queue.ts';
import type { SpanQueueOptions } from './export/span-queue.ts';
import { SpanTally } from './export/span-tally.ts';
import type { TraceFormatName } from './trace-formats.ts';

/** The config's `tracing` section. */
export interface TracingSettings {
  /** Default: what the environment says, else `balance`. */
  readonly service_name?: string;
  readonly exporter: SpanExporterName;
  /** Default: what {@link DEFAULT_ENDPOINTS} has for the exporter. */
  readonly endpoint?: string;
  /** Fields of each export over OTLP, such as the key of a hosted collector. */
  readonly headers?: Readonly<Record<string, string>>;
  /** From 0 to 1: the share of the traces that begin here. */
  readonly sample_rate: number;
  readonly propagation: readonly TraceFormatName[];
}

/** Tracing at work. */
export interface Tracing {
  /** Begins traces for the data path, and makes spans from the records that it publishes. */
  readonly subscriber: TelemetrySubscriber & { readonly tracer: RequestTracer };
  readonly spans: SpanCounts;
  /** Exports what waits. */
  flush(): Promise<void>;
  /** Exports what waits, for two seconds at most, and ends. Never rejects. */
  close(): Promise<void>;
}

/** `queue` is for tests. */
export interface TracingOptions {
  readonly logger: Logger;
  /** How the collector's host name is looked up. Default: as the runtime does, in its thread pool. */
  readonly lookup?: LookupFunction | undefined;
  /** Where it is counted what becomes of spans. Default: a tally of its own. */
  readonly tally?: SpanTally;
  readonly queue?: Partial<Omit<SpanQueueOptions, 'connect' | 'changed' | 'tally'>>;
}

const SCOPE = 'balance';
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
  const endpoint = settings.endpoint ?? DEFAULT_ENDPOINTS[settings.exporter];
  const [api, { NodeSDK, tracing }, { serviceResource }, { ExchangeSpans }, connect] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-node'),
    import('./service-resource.ts'),
    import('./exchange-spans.ts'),
    loadExporter(settings.exporter, { endpoint, headers: settings.headers ?? {}, lookup: options.lookup }),
  ]);
  const { logger, tally = new SpanTally() } = options;
  const queue = new SpanQueue({
    ...options.queue,
    tally,
    connect,
    changed: (error) => {
      if (error === undefined) logger.info('trace collector takes spans again', { endpoint });
      else logger.warn('trace collector does not take spans', { endpoint, error });
    },
  });
  const sdk = new NodeSDK({
    resource: serviceResource(settings.service_name, logger),
    sampler: new tracing.AlwaysOnSampler(),
    spanProcessors: [queue],
    // All that the SDK would add by itself: metrics and logs pushed to localhost, and patched modules.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    autoDetectResources: false,
    ...NO_CONTEXT_MANAGER,
    textMapPropagator: null,
  });
  sdk.start();
  const origin = originOf(api.trace.getTracer(SCOPE).startSpan(SCOPE));
  api.trace.disable();
  const tracer = new RequestTracer({ sampleRate: settings.sample_rate, formats: settings.propagation });

  return {
    subscriber: new ExchangeSpans({ tracer, origin, queue }),
    spans: tally,
    flush: () => queue.forceFlush(),
    close: () => sdk.shutdown().catch(() => undefined),
  };
}

/** What the SDK says of who makes its spans; undefined where OTEL_SDK_DISABLED keeps it from making any. */
function originOf(span: object): SpanOrigin | undefined {
  if (!isMade(span)) return undefined;
  const { resource, instrumentationScope } = span;
  return { resource, instrumentationScope };
}

function isMade(span: object): span is SpanOrigin {
  return 'resource' in span && 'instrumentationScope' in span;
}
