import { randomFillSync } from 'node:crypto';

/** The content of a valid `traceparent`. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

const VERSION_00_LENGTH = 55;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;
const ZERO_TRACE_ID = '0'.repeat(32);
const ZERO_SPAN_ID = '0'.repeat(16);

/**
 * Parses a `traceparent` field as W3C Trace Context, section 3.2 says; undefined when it must be ignored. Later versions may append fields;
 * the part before them is read as version 00.
 */
export function parseTraceparent(text: string): TraceParent | undefined {
  const match = TRACEPARENT.exec(text);
  if (match === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = ''] = match;
  if (version === 'ff' || traceId === ZERO_TRACE_ID || spanId === ZERO_SPAN_ID) return undefined;
  if (text.length > VERSION_00_LENGTH && (version === '00' || text[VERSION_00_LENGTH] !== '-'))
    return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

const POOL_SIZE_BYTES = 8192;

/** Makes random ids in hexadecimal. The random bytes are fetched in blocks, because each call costs a microsecond. */
export class TraceIds {
  readonly #pool = Buffer.allocUnsafe(POOL_SIZE_BYTES);
  #used = POOL_SIZE_BYTES;

  /** A trace id of 32 digits. */
  traceId(): string {
    return this.#take(16);
  }

  /** A span id of 16 digits. */
  spanId(): string {
    return this.#take(8);
  }

  #take(sizeBytes: number): string {
    if (this.#used + sizeBytes > POOL_SIZE_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += sizeBytes;
    const id = this.#pool.toString('hex', start, this.#used);
    // An id of zeros means "no id". It comes up once in 2^64 draws at most, but one comparison prevents a wrong trace.
    return id === ZERO_SPAN_ID || id === ZERO_TRACE_ID ? this.#take(sizeBytes) : id;
  }
}
