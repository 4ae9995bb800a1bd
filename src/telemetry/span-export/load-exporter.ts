import type { SpanExporter } from './span-queue.ts';

/** What a collector understands: Jaeger's Thrift over HTTP, or OTLP as protobuf over HTTP. */
export type SpanExporterName = 'jaeger' | 'otlp';

/** Where a collector on the same machine takes spans. */
export const DEFAULT_ENDPOINTS: Readonly<Record<SpanExporterName, string>> = {
  jaeger: 'http://localhost:14268/api/traces',
  otlp: 'http://localhost:4318/v1/traces',
};

/** Loads the exporter of that name and nothing of the others; returns what makes one. `headers` are for OTLP alone. */
export async function loadExporter(
  name: SpanExporterName,
  endpoint: string,
  headers: Readonly<Record<string, string>>,
): Promise<() => SpanExporter> {
  if (name === 'otlp') {
    const { createOtlpExporter } = await import('./otlp-exporter.ts');
    return () => createOtlpExporter(endpoint, headers);
  }
  const { createJaegerExporter } = await import('./jaeger-exporter.ts');
  return () => createJaegerExporter(endpoint);
}
