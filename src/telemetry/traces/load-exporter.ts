import type { SpanExporterName, Collector, SpanExporter } from './export/collector.ts';

/** Loads the packages of that exporter only, and returns a function that makes one. */
export async function loadExporter(
  name: SpanExporterName,
  collector: Collector,
): Promise<() => SpanExporter> {
  if (name === 'otlp') {
    const { createOtlpExporter } = await import('./export/otlp/otlp-exporter.ts');
    return () => createOtlpExporter(collector);
  }
  const { createJaegerExporter } = await import('./export/jaeger/jaeger-exporter.ts');
  return () => createJaegerExporter(collector);
}
