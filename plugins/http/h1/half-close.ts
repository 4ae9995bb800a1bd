import type { BodySink } from './parse/chunk-decoder.ts';
import { afterLineBreaks } from './line-breaks.ts';
import { REQUEST } from './llhttp/llhttp.ts';
import { END, HEAD, MessageReader } from './parse/message-reader.ts';
import type { SharedParsers } from './shared-parsers.ts';
import type { ServerSettings } from './server-settings.ts';

const NOWHERE: BodySink = {
  bodyPiece: () => {
    // The bytes of the body are not needed: only where it ends.
  },
};

/**
 * Whether a client that ended its side, before all of its requests were answered, counts as gone. A client that left and one that only
 * stopped sending look alike.
 *
 * @param isLast whether the request that is being answered says that it is the last one, and its bytes can be trusted
 * @param ahead what the client sent after that request
 */
export function countsAsGone(
  isLast: boolean,
  ahead: Buffer | undefined,
  settings: ServerSettings,
  parts: SharedParsers,
): boolean {
  const { half_close: policy } = settings.options;
  if (policy !== 'auto') return policy === 'abort';
  if (isLast) return false;
  return ahead === undefined || !saysItIsLast(ahead, settings, parts);
}

/**
 * Whether the requests that a client sent ahead end with a complete request that says that it is the last one, by `Connection: close` or
 * by being HTTP/1.0. A client that ends its side after such a request may still wait for the responses (RFC 9112 9.6).
 */
function saysItIsLast(ahead: Buffer, { requestLimits }: ServerSettings, parts: SharedParsers): boolean {
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

/** The index at which the message ends whose head was just read; -1 when its end has not arrived. */
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
