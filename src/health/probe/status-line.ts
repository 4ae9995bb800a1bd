const VERSION = 'HTTP/1.';
const STATUS_LINE = /^HTTP\/1\.[0-9][ \t]+([1-5][0-9]{2})(?: [^\r\n]*)?\r?$/;
/** A line end and the empty line behind it; LF alone ends a line too. */
const HEAD_END = /\n\r?\n/;
const SWITCHING_PROTOCOLS = 101;

/** The final answer among those that a text begins with. */
export interface FinalHead {
  readonly status: number;
  /** Where its status line begins in the text. */
  readonly start: number;
}

/**
 * The final status of the answer that `text` begins with. Interim answers (100, 103 …) are passed over.
 * `incomplete`: more bytes are needed; `malformed`: this is no HTTP/1 answer, whatever follows.
 *
 * It accepts the same status lines as the traffic does: HTTP/1.2 to 1.9 (RFC 9110, section 2.5), LF alone as a line end (RFC 9112,
 * section 2.2), and several blanks after the version.
 *
 * Source: RFC 9112, section 4; RFC 9110, section 15.2.
 */
export function finalHead(text: string): FinalHead | 'incomplete' | 'malformed' {
  let start = 0;
  for (;;) {
    const lineEnd = text.indexOf('\n', start);
    if (lineEnd === -1) {
      const begun = text.slice(start, start + VERSION.length);
      return VERSION.startsWith(begun) ? 'incomplete' : 'malformed';
    }
    const status = Number(STATUS_LINE.exec(text.slice(start, lineEnd))?.[1]);
    if (Number.isNaN(status)) return 'malformed';
    if (status >= 200 || status === SWITCHING_PROTOCOLS) return { status, start };
    const headEnd = HEAD_END.exec(text.slice(lineEnd));
    if (headEnd === null) return 'incomplete';
    start = lineEnd + headEnd.index + headEnd[0].length;
  }
}
