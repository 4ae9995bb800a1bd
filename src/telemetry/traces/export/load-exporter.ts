import type { LookupFunction } from 'node:net';

import type { SpanExporter } from './span-queue.ts';

/** The protocol of a collector: Jaeger's Thrift over HTTP, or OTLP as protobuf over HTTP. */
export type SpanExporterName = 'jaeger' | 'otlp';

/** The URL of a collector on the same machine. */
export const DEFAULT_ENDPOINTS: Readonly<Record<SpanExporterName, string>> = {
  jaeger: 'http://localhost:14268/api/traces',
  otlp: 'http://localhost:4318/v1/traces',
};

/** A collector that takes spans. */
export interface Collector {
  readonly endpoint: string;
  /** Header fields of each request; only OTLP uses them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Resolves the collector's host name; undefined: Node's own look-up, in its thread pool. */
  readonly lookup: LookupFunction | undefined;
}

/** Loads the packages of that exporter only, and returns a function that makes one. */
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
