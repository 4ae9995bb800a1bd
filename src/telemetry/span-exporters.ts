import type { SpanExporter } from './span-queue.ts';

/** What a collector understands: Jaeger's Thrift over HTTP, or OTLP as protobuf over HTTP. */
export type SpanExporterName = 'jaeger' | 'otlp';

/** Where a collector on the same machine takes spans. */
export const DEFAULT_ENDPOINTS: Readonly<Record<SpanExporterName, string>> = {
  jaeger: 'http://localhost:14268/api/traces',
  otlp: 'http://localhost:4318/v1/traces',
};

export interface LoadedExporter {
  /** Makes an exporter, and another one when it hangs. */
  readonly connect: () => SpanExporter;
  /** Spans of one export: as many as are encoded within a few milliseconds, in which nothing else runs. */
  readonly batchSize: number;
}

/** A whole batch goes in one request: more than a batch has spans. */
const SENDER_BATCH_SIZE = 10_000;
const FLUSH_TIMEOUT_MS = 50;
/** Encoding takes 50 µs a span. */
const JAEGER_BATCH_SIZE = 64;
/** Encoding takes 2 µs a span. */
const OTLP_BATCH_SIZE = 1024;

/** Loads the exporter of that name and nothing of the others. `headers` are for OTLP alone. */
export async function loadExporter(
  name: SpanExporterName,
  endpoint: string,
  headers: Readonly<Record<string, string>>,
): Promise<LoadedExporter> {
  if (name === 'otlp') {
    const { createOtlpExporter } = await import('./otlp-exporter.ts');
    return { connect: () => createOtlpExporter(endpoint, headers), batchSize: OTLP_BATCH_SIZE };
  }
  const { JaegerExporter } = await import('@opentelemetry/exporter-jaeger');
  // The exporter hands the batch size on to Jaeger's sender; its types don't know that.
  const settings = { endpoint, maxSpanBatchSize: SENDER_BATCH_SIZE, flushTimeout: FLUSH_TIMEOUT_MS };
  return { connect: () => new JaegerExporter(settings), batchSize: JAEGER_BATCH_SIZE };
}
