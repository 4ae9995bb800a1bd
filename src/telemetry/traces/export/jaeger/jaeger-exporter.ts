import type { LookupFunction } from 'node:net';

import { JaegerExporter } from '@opentelemetry/exporter-jaeger';
import type { RecordedSpan } from '../../spans/recorded-span.ts';
import { JaegerEncoder } from './jaeger-encoder.ts';
import type { Collector, SpanExporter } from '../collector.ts';

/** The private members of the exporter that are used here. The package gets no more changes, so they will stay as they are. */
interface Insides {
  /** Makes Thrift objects of the spans, gives them to the sender and flushes the sender. */
  _sendSpans: (spans: RecordedSpan[], done: Done) => Promise<void>;
  /** Makes the sender. It reads the service from the tags of the first span. */
  _getSender: (first: { tags: never[] }) => HttpSender;
  /** Sends the sender's batch. Rejects when that fails. */
  _flush: () => Promise<void>;
}
/** The library's sender: encodes a batch and sends it over HTTP. */
interface HttpSender {
  /** The options of each HTTP request. */
  _httpOptions: { lookup?: LookupFunction | undefined };
  _batch: { spans: RecordedSpan[] };
  _jaegerThrift: { Batch: { rw: { toBuffer(batch: { spans: RecordedSpan[] }): { value: Buffer } } } };
}
type Done = (result: { code: number; error?: Error }) => void;

const FLUSH_TIMEOUT_MS = 50;
/** The value of `ExportResultCode.SUCCESS`. */
const SUCCESS = 0;

/**
 * Makes the exporter of `@opentelemetry/exporter-jaeger` with our own encoder. HTTP, credentials, errors and the shutdown are the
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
