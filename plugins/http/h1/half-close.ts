import type { BodySink } from './parse/chunk-decoder.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import { afterLineBreaks } from './line-breaks.ts';
import { REQUEST } from './parse/llhttp.ts';
import { END, HEAD, MessageReader } from './parse/message-reader.ts';

const NOWHERE: BodySink = {
  bodyPiece: () => {
    // Only the end of the body matters.
  },
};

/**
 * The client ended its side before all of its requests were answered. A client that left and one that only stopped sending look
 * alike: says whether this one is taken for gone.
 *
 * @param exchange of the request that is being answered
 * @param ahead what the client sent behind that request
 * @param live decides while no exchange runs
 */
export function countsAsGone(
  exchange: Exchange | undefined,
  ahead: Buffer | undefined,
  live: HttpInstance,
): boolean {
  // The rest of the body will not come.
  if (exchange?.wantsBody === true) return true;
  const instance = exchange?.instance ?? live;
  const { half_close: policy } = instance.options;
  if (policy !== 'auto') return policy === 'abort';
  if (exchange?.isLast === true) return false;
  return ahead === undefined || !saysItIsLast(ahead, instance);
}

/**
 * Whether the requests that a client sent ahead end with a complete one that says that it is the last, by `Connection: close`
 * or by being HTTP/1.0. When the client ends its side behind such a request, that says nothing new: the client may still wait
 * for the responses (RFC 9112 9.6).
 */
function saysItIsLast(ahead: Buffer, { parts, requestLimits }: HttpInstance): boolean {
  const reader = new MessageReader(parts.supply, parts.recorder, REQUEST, requestLimits);
  let at = 0;
  let isLast = false;
  while (at >= 0 && !isLast) {
    at = afterLineBreaks(ahead, at, ahead.length);
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
