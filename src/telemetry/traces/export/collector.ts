import type { LookupFunction } from 'node:net';

import type { RecordedSpan } from '../spans/recorded-span.ts';

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

/** What the queue needs of an exporter. The SDK's exporters have it. */
export interface SpanExporter {
  export(spans: RecordedSpan[], done: (result: { code: number; error?: Error }) => void): void;
  shutdown(): Promise<void>;
}
