import { ChunkedText } from './chunked-text.ts';

/** So much of a body is looked at. */
const MAX_BODY_BYTES = 65_536;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;

/** What is known of a body: it has the text (`found`), or will not have it for this reason. */
export type BodyResult = string;

const ABSENT = 'its body does not have the text of health_check.expected_body';
const MALFORMED = 'its body is not framed as HTTP/1.1 demands';

/** How the end of a body is found: after so many bytes, after its last chunk, or with the end of the connection. */
type Framing = number | ChunkedText | 'until-close' | 'malformed';

/**
 * Searches the body of an answer for a text, piece by piece, until it is found, the body has ended, or enough of it was read.
 *
 * Source: RFC 9112, section 6.3.
 */
export class BodySearch {
  /** As Latin-1: one character is one byte. */
  readonly #expected: string;
  readonly #framing: Framing;
  #body = '';

  /**
   * @param head the head of the answer, from its status line to the empty line
   * @param hasBody false where the request or the status means that there is none
   */
  constructor(expected: string, head: string, hasBody: boolean) {
    this.#expected = Buffer.from(expected).toString('latin1');
    this.#framing = hasBody ? framingOf(head) : 0;
  }

  /** Reads a piece, as Latin-1. Returns `found`, the reason why the text is not there, or undefined while more must come. */
  read(text: string): BodyResult | undefined {
    const framing = this.#framing;
    if (framing === 'malformed') return MALFORMED;
    const isChunked = framing instanceof ChunkedText;
    const data = isChunked ? framing.read(text) : text;
    const limit = typeof framing === 'number' ? Math.min(framing, MAX_BODY_BYTES) : MAX_BODY_BYTES;
    const searchFrom = Math.max(0, this.#body.length - this.#expected.length + 1);
    this.#body += data.slice(0, limit - this.#body.length);
    if (this.#body.includes(this.#expected, searchFrom)) return 'found';
    if (isChunked && framing.state === 'malformed') return MALFORMED;
    if (this.#body.length >= MAX_BODY_BYTES)
      return `the first ${MAX_BODY_BYTES} bytes of its body do not have the text of health_check.expected_body`;
    const isOver = isChunked ? framing.state === 'over' : this.#body.length === framing;
    return isOver ? ABSENT : undefined;
  }

  /** The connection has ended. */
  end(): BodyResult {
    return this.#framing === 'until-close' ? ABSENT : 'the connection was closed before the end of its body';
  }
}

function framingOf(head: string): Framing {
  const lengths = new Set<string>();
  const codings: string[] = [];
  for (const line of head.split('\n').slice(1)) {
    const [, name = '', value = ''] = FIELD.exec(line.replace(/\r$/, '')) ?? [];
    if (name.toLowerCase() === 'content-length')
      for (const part of value.split(',')) lengths.add(part.trim());
    else if (name.toLowerCase() === 'transfer-encoding') codings.push(...value.toLowerCase().split(','));
  }
  if (codings.length > 0) {
    if (lengths.size > 0) return 'malformed';
    return codings.at(-1)?.trim() === 'chunked' ? new ChunkedText() : 'until-close';
  }
  if (lengths.size === 0) return 'until-close';
  const [length = ''] = lengths;
  return lengths.size === 1 && /^\d{1,15}$/.test(length) ? Number(length) : 'malformed';
}
