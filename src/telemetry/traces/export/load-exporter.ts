import type { LookupFunction } from 'node:net';

import type { SpanExporter } from './span-queue.ts';

/** What a collector understands: Jaeger's Thrift over HTTP, or OTLP as protobuf over HTTP. */
export type SpanExporterName = 'jaeger' | 'otlp';

/** Where a collector on the same machine takes spans. */
export const DEFAULT_ENDPOINTS: Readonly<Record<SpanExporterName, string>> = {
  jaeger: 'http://localhost:14268/api/traces',
  otlp: 'http://localhost:4318/v1/traces',
};

/** Where a collector is, and what it wants. */
export interface Collector {
  readonly endpoint: string;
  /** For OTLP alone. */
  readonly headers: Readonly<Record<string, string>>;
  /** How its host name is looked up. Default: as the runtime does, in its thread pool. */
  readonly lookup: LookupFunction | undefined;
}

/** Loads the exporter of that name and nothing of the others; returns what makes one. */
export async function loadExporter(
  name: SpanExporterName,
  collector: Collector,
): Promise<() => SpanExporter> {
  if (name === 'otlp') {
    const { createOtlpExporter } = await import('./otlp/otlp-exporter.ts');
    return () => createOtlpExporter(collector);
  }
  const { createJaegerExporter } = await import('./jaeger/jaeger-exporter.ts');
  return () => createJaegerExporter(collector);
}
