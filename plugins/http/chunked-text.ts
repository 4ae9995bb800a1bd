import type { Head } from './head.ts';
import type { BodySink } from './message-reader.ts';

/** Writes the pieces of a decoded body as chunks again; a sink for a parser, which must not be disturbed while it parses. */
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

/** The end of a chunked body, with the trailers that came with it. */
export function lastChunk(trailers: Head | undefined): string {
  let text = '0\r\n';
  if (trailers !== undefined) {
    for (let field = 0; field < trailers.fields; field++) text += `${trailers.lineText(field)}\r\n`;
  }
  return `${text}\r\n`;
}
