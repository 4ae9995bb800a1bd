import type { BodySink } from '../parse/chunk-decoder.ts';
import type { FieldLine } from '../parse/field-lines.ts';
import { foldedName, MANAGED_NAMES } from '../../message/field-names.ts';

/** Writes the pieces of a decoded body as chunks again; a sink for what reads them. */
export class ChunkedText implements BodySink {
  /** Chunks that were made and not yet taken. */
  text = '';
  /** Body bytes so far. */
  bytes = 0;
  /** False: the pieces follow each other without framing, for a receiver that does not know chunks. */
  framed = true;

  bodyPiece(bytes: Buffer, start: number, end: number): void {
    const piece = bytes.latin1Slice(start, end);
    this.bytes += end - start;
    this.text += this.framed ? `${(end - start).toString(16)}\r\n${piece}\r\n` : piece;
  }

  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}

/**
 * Fields that must not stand in trailers, because receivers that merge trailers into the head would obey them: fields that we
 * manage in heads, credentials, caching, and the meaning of the body (RFC 9110 6.5.1).
 */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...MANAGED_NAMES,
  ...`age authorization cache-control content-encoding content-range content-type cookie date expect expires if-match
  if-modified-since if-none-match if-range if-unmodified-since location pragma proxy-authenticate proxy-authorization range
  retry-after set-cookie vary warning www-authenticate`.split(/\s+/),
]);

/** The end of a chunked body, with those trailers that came with it and may be passed on under any spelling of their names. */
export function lastChunk(trailers: readonly FieldLine[]): string {
  let text = '0\r\n';
  for (const { name, rest } of trailers) {
    if (!NOT_IN_TRAILERS.has(foldedName(name))) text += `${name}:${rest}\r\n`;
  }
  return `${text}\r\n`;
}
