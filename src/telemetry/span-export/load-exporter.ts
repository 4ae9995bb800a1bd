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

/** Encoding takes 2 µs a span. */
const BATCH_SIZE = 1024;

/** Loads the exporter of that name and nothing of the others. `headers` are for OTLP alone. */
export async function loadExporter(
  name: SpanExporterName,
  endpoint: string,
  headers: Readonly<Record<string, string>>,
): Promise<LoadedExporter> {
  if (name === 'otlp') {
    const { createOtlpExporter } = await import('./otlp-exporter.ts');
    return { connect: () => createOtlpExporter(endpoint, headers), batchSize: BATCH_SIZE };
  }
  const { createJaegerExporter } = await import('./jaeger-exporter.ts');
  return { connect: () => createJaegerExporter(endpoint), batchSize: BATCH_SIZE };
}
