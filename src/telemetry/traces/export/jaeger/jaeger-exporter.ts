import type { LookupFunction } from 'node:net';

import { JaegerExporter } from '@opentelemetry/exporter-jaeger';
import type { RecordedSpan } from '../../recorded-span.ts';
import { JaegerEncoder } from './jaeger-encoder.ts';
import type { Collector } from '../load-exporter.ts';
import type { SpanExporter } from '../span-queue.ts';

/** The exporter's insides that are used here. Its types hide them; the package is at its end, so that they stay. */
interface Insides {
  /** Makes Thrift objects of the spans, hands them to the sender and flushes that. */
  _sendSpans: (spans: RecordedSpan[], done: Done) => Promise<void>;
  /** Makes the sender for what the first span's tags say of the service. */
  _getSender: (first: { tags: never[] }) => HttpSender;
  /** Has the sender send what it gathered. Rejects when that fails. */
  _flush: () => Promise<void>;
}
/** Encodes and sends over HTTP. */
interface HttpSender {
  /** Of each request. */
  _httpOptions: { lookup?: LookupFunction | undefined };
  _batch: { spans: RecordedSpan[] };
  _jaegerThrift: { Batch: { rw: { toBuffer(batch: { spans: RecordedSpan[] }): { value: Buffer } } } };
}
type Done = (result: { code: number; error?: Error }) => void;

const FLUSH_TIMEOUT_MS = 50;
/** Of `ExportResultCode`. */
const SUCCESS = 0;

/**
 * The exporter of `@opentelemetry/exporter-jaeger`, with an encoder of our own. HTTP, credentials, errors and the end are the
 * library's.
 */
export function createJaegerExporter({ endpoint, lookup }: Collector): SpanExporter {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- for collectors that know nothing newer
  const exporter = new JaegerExporter({ endpoint, flushTimeout: FLUSH_TIMEOUT_MS });
  const insides = exporter as unknown as Insides;
  const encoder = new JaegerEncoder();
  const sender = insides._getSender({ tags: [] });
  sender._httpOptions.lookup = lookup;
  sender._jaegerThrift = { Batch: { rw: { toBuffer: ({ spans }) => ({ value: encoder.encode(spans) }) } } };
  insides._sendSpans = async (spans, done) => {
    sender._batch.spans = spans;
    await insides._flush();
    done({ code: SUCCESS });
  };
  return exporter;
}
