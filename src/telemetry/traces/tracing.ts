import type { LookupFunction } from 'node:net';
import type { Logger } from '../../plugin-api/logger.ts';
import type { TelemetrySubscriber } from '../telemetry.ts';
import type { SpanCounts } from '../../readings/counts/telemetry.ts';
import type { SpanOrigin } from './spans/recorded-span.ts';
import { RequestTracer } from './context/request-tracer.ts';
import {
  DEFAULT_ENDPOINTS,
  type SpanExporterName,
  type Collector,
  type SpanExporter,
} from './export/collector.ts';
import { SpanQueue, type SpanQueueOptions, SpanStats } from './export/span-queue.ts';
import type { TraceFormatName } from './context/trace-formats.ts';

/** The keys of the config's `tracing` section. */
export interface TracingSettings {
  /** Default: the name in the environment (`OTEL_SERVICE_NAME`), or else `balance`. */
  readonly service_name?: string;
  readonly exporter: SpanExporterName;
  /** URL of the collector. Default: the exporter's entry in {@link DEFAULT_ENDPOINTS}. */
  readonly endpoint?: string;
  /** Header fields of each export over OTLP, such as the key of a hosted collector. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Share of the traces that begin here and are sampled, from 0 to 1. */
  readonly sample_rate: number;
  readonly propagation: readonly TraceFormatName[];
}

/** Tracing that runs. */
export interface Tracing {
  /** Begins the traces of the data path, and makes spans from the records that the data path publishes. */
  readonly subscriber: TelemetrySubscriber & { readonly tracer: RequestTracer };
  readonly spans: SpanCounts;
  /** Exports the spans that wait. */
  flush(): Promise<void>;
  /** Exports the spans that wait, for two seconds at most, and ends. Never rejects. */
  close(): Promise<void>;
}

/** What tracing needs of the proxy. */
export interface TracingOptions {
  readonly logger: Logger;
  /** Tells the processes of one service apart: the same in all threads of a process, also after an edit. */
  readonly instanceId: string;
  /** Resolves the collector's host name. Default: Node's own look-up, in its thread pool. */
  readonly lookup?: LookupFunction | undefined;
  /** Counts exported and lost spans. Default: a new one. */
  readonly stats?: SpanStats;
  /** Limits of the queue, which tests change. */
  readonly queue?: Partial<Omit<SpanQueueOptions, 'connect' | 'changed' | 'stats'>>;
}

const SCOPE = 'balance';
/**
 * Without this the SDK registers an AsyncLocalStorage, whose hooks slow down each asynchronous call of the process. The SDK accepts null for
 * "none", but its types don't allow it.
 */
const NO_CONTEXT_MANAGER: object = { contextManager: null };

/**
 * Starts tracing. OpenTelemetry is loaded here, when it is needed: it takes 200 ms and 30 MB.
 *
 * While a reload replaces tracing, two may run side by side. That is why the SDK's global registrations are undone at once.
 */
export async function createTracing(settings: TracingSettings, options: TracingOptions): Promise<Tracing> {
  const endpoint = settings.endpoint ?? DEFAULT_ENDPOINTS[settings.exporter];
  const [api, { NodeSDK, tracing }, { serviceResource }, { ExchangeSpans }, connect] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-node'),
    import('./spans/service-resource.ts'),
    import('./spans/exchange-spans.ts'),
    loadExporter(settings.exporter, { endpoint, headers: settings.headers ?? {}, lookup: options.lookup }),
  ]);
  const { logger, instanceId, stats = new SpanStats() } = options;
  const queue = new SpanQueue({
    ...options.queue,
    stats,
    connect,
    changed: (error) => {
      if (error === undefined) logger.info('trace collector takes spans again', { endpoint });
      else logger.warn('trace collector does not take spans', { endpoint, error });
    },
  });
  const sdk = new NodeSDK({
    resource: serviceResource({ serviceName: settings.service_name, instanceId }, logger),
    sampler: new tracing.AlwaysOnSampler(),
    spanProcessors: [queue],
    // These turn off what the SDK adds by default: metrics and logs pushed to localhost, and patched modules.
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
    spans: stats,
    flush: () => queue.forceFlush(),
    close: () => sdk.shutdown().catch(() => undefined),
  };
}

/** The origin that the SDK gives to its spans; undefined where OTEL_SDK_DISABLED turns the SDK off. */
function originOf(span: object): SpanOrigin | undefined {
  if (!isMade(span)) return undefined;
  const { resource, instrumentationScope } = span;
  return { resource, instrumentationScope };
}

function isMade(span: object): span is SpanOrigin {
  return 'resource' in span && 'instrumentationScope' in span;
}

/** Loads the packages of that exporter only, and returns a function that makes one. */
async function loadExporter(name: SpanExporterName, collector: Collector): Promise<() => SpanExporter> {
  if (name === 'otlp') {
    const { createOtlpExporter } = await import('./export/otlp/otlp-exporter.ts');
    return () => createOtlpExporter(collector);
  }
  const { createJaegerExporter } = await import('./export/jaeger/jaeger-exporter.ts');
  return () => createJaegerExporter(collector);
}
