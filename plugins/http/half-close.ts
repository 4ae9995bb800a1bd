import type { HttpParts } from './http-instance.ts';
import { REQUEST } from './llhttp.ts';
import { END, HEAD, type HeadLimits, MessageReader } from './message-reader.ts';
import type { BodySink } from './chunk-decoder.ts';

const CR = 0x0d;
const LF = 0x0a;

const NOWHERE: BodySink = {
  bodyPiece: () => {
    // Only where the body ends is of interest.
  },
};

/**
 * Whether the requests that a client sent ahead end with a complete one that says that it is the last, by `Connection: close`
 * or by being HTTP/1.0. When the client ends its side behind such a request, that tells nothing new: it may still wait for
 * the responses (RFC 9112 9.6).
 */
export function saysItIsLast(ahead: Buffer, parts: HttpParts, limits: HeadLimits): boolean {
  const reader = new MessageReader(parts.supply, parts.scratch, REQUEST, limits);
  let at = 0;
  let isLast = false;
  while (at >= 0 && !isLast) {
    while (ahead[at] === CR || ahead[at] === LF) at += 1;
    if (at >= ahead.length || reader.feed(ahead, at, ahead.length) !== HEAD) break;
    const { head } = reader;
    isLast = head?.wantsKeepAlive === false;
    at = endOfBody(ahead, reader);
  }
  reader.finish();
  return isLast && at >= 0;
}

/** Where the message ends whose head was just read; -1 when its end is not there. */
function endOfBody(ahead: Buffer, reader: MessageReader): number {
  const { head, position } = reader;
  if (head?.chunked === true) {
    reader.expectChunks();
    return reader.feed(ahead, position, ahead.length, NOWHERE) === END ? reader.position : -1;
  }
  reader.finish();
  const end = position + Math.max(0, head?.contentLength ?? 0);
  return end <= ahead.length ? end : -1;
}
