/** A head, taken apart by the letter of RFC 9112. */
export interface StrictHead {
  readonly startLine: string;
  /** Names as they came, values without surrounding white space. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

export interface StrictEvents {
  head(head: StrictHead): void;
  body(text: string): void;
  end(trailers: readonly string[]): void;
  /** The bytes break the grammar. No further call follows. */
  malformed(why: string): void;
}

const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\/[^\x00-\x20\x7f]*|\*) HTTP\/1\.1$/;
const STATUS_LINE = /^HTTP\/1\.1 ([1-9]\d\d) [\t\x20-\x7e\x80-\xff]*$/;
const CHUNK_SIZE = /^[0-9A-Fa-f]{1,8}$/;
const MOST_HEAD_BYTES = 400_000;

type State = 'head' | 'fixed' | 'size' | 'data' | 'dataEnd' | 'trailers' | 'untilClose' | 'raw' | 'malformed';

/**
 * Reads messages and tolerates nothing: what the proxy writes must leave no room for a second reading. On purpose it shares no
 * code with the proxy. Text is latin1.
 */
export class StrictReader {
  readonly #kind: 'request' | 'response';
  readonly #events: StrictEvents;
  #state: State = 'head';
  #rest = '';
  #left = 0;
  #trailers: string[] = [];
  /** For responses: whether the next final one answers a HEAD request. */
  answersHead = false;

  constructor(kind: 'request' | 'response', events: StrictEvents) {
    this.#kind = kind;
    this.#events = events;
  }

  /** Whether the end of the connection ends a message here, or falls between two. */
  get mayEnd(): boolean {
    return (
      (this.#state === 'head' && this.#rest === '') || this.#state === 'untilClose' || this.#state === 'raw'
    );
  }

  /** Whether only the end of the connection ends the message. */
  get untilClose(): boolean {
    return this.#state === 'untilClose';
  }

  /** From here on no messages come: returns what was not read yet. */
  becomeRaw(): string {
    this.#state = 'raw';
    const rest = this.#rest;
    this.#rest = '';
    return rest;
  }

  feed(text: string): void {
    if (this.#state === 'malformed') return;
    this.#rest = this.#rest === '' ? text : this.#rest + text;
    while (this.#rest !== '' && this.#step());
  }

  /** False when more is needed. */
  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#readHead();
      case 'fixed':
        return this.#readBody('head');
      case 'data':
        return this.#readBody('dataEnd');
      case 'size':
        return this.#readSize();
      case 'dataEnd':
        return this.#readDataEnd();
      case 'trailers':
        return this.#readTrailer();
      case 'untilClose':
      case 'raw': {
        const text = this.#rest;
        this.#rest = '';
        this.#events.body(text);
        return false;
      }
      case 'malformed':
        return false;
    }
  }

  #misframed(why: string): 'malformed' {
    this.#fail(why);
    return 'malformed';
  }

  #fail(why: string): false {
    this.#state = 'malformed';
    this.#events.malformed(`${why}: ${JSON.stringify(this.#rest.slice(0, 400))}`);
    return false;
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return this.#rest.length > MOST_HEAD_BYTES ? this.#fail('a head without end') : false;
    const [startLine = '', ...lines] = this.#rest.slice(0, end).split('\r\n');
    const fields: [string, string][] = [];
    for (const line of lines) {
      const match = FIELD.exec(line);
      if (match === null) return this.#fail(`bad field line ${JSON.stringify(line.slice(0, 200))}`);
      fields.push([match[1]!, match[2]!.trimEnd()]);
    }
    const head: StrictHead = { startLine, fields };
    const next = this.#framing(head);
    if (next === 'malformed') return false;
    this.#rest = this.#rest.slice(end + 4);
    this.#state = next;
    this.#events.head(head);
    // The owner may have ended the reading of messages.
    if (next === 'head' && this.#state === 'head') this.#events.end([]);
    return true;
  }

  /** How the message goes on. */
  #framing(head: StrictHead): State {
    const lengths = valuesOf(head, 'content-length');
    const codings = valuesOf(head, 'transfer-encoding');
    const isRequest = this.#kind === 'request';
    if (lengths.length > 1) return this.#misframed('several Content-Length');
    if (codings.length > 1) return this.#misframed('several Transfer-Encoding');
    if (lengths.length === 1 && !/^(?:0|[1-9]\d{0,14})$/.test(lengths[0]!))
      return this.#misframed('bad Content-Length');
    if (codings.length === 1 && codings[0] !== 'chunked') return this.#misframed('bad Transfer-Encoding');
    if (codings.length > 0 && lengths.length > 0)
      return this.#misframed('Content-Length and Transfer-Encoding');
    let bodiless = isRequest;
    if (isRequest) {
      if (!REQUEST_LINE.test(head.startLine)) return this.#misframed('bad request line');
      if (valuesOf(head, 'host').length !== 1) return this.#misframed('not exactly one Host');
    } else {
      const status = Number(STATUS_LINE.exec(head.startLine)?.[1] ?? 0);
      if (status === 0) return this.#misframed('bad status line');
      const lengthless = status < 200 || status === 204;
      if (lengthless && lengths.length + codings.length > 0)
        return this.#misframed('framing fields where none may be');
      bodiless = lengthless || status === 304 || this.answersHead;
    }
    if (bodiless && !isRequest) return 'head';
    if (codings.length > 0) {
      this.#trailers = [];
      return 'size';
    }
    if (lengths.length > 0) {
      this.#left = Number(lengths[0]);
      return this.#left === 0 ? 'head' : 'fixed';
    }
    return isRequest ? 'head' : 'untilClose';
  }

  #readBody(next: State): boolean {
    const text = this.#rest.slice(0, this.#left);
    this.#rest = this.#rest.slice(text.length);
    this.#left -= text.length;
    this.#events.body(text);
    if (this.#left > 0) return false;
    this.#state = next;
    if (next === 'head') this.#events.end([]);
    return true;
  }

  #readSize(): boolean {
    const line = this.#takeLine();
    if (line === undefined) return this.#rest.length > 64 ? this.#fail('a chunk size without end') : false;
    if (!CHUNK_SIZE.test(line)) return this.#fail(`bad chunk size ${JSON.stringify(line.slice(0, 100))}`);
    this.#left = Number.parseInt(line, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'data';
    return true;
  }

  #readDataEnd(): boolean {
    if (this.#rest.length < 2) return false;
    if (!this.#rest.startsWith('\r\n')) return this.#fail('no line break after a chunk');
    this.#rest = this.#rest.slice(2);
    this.#state = 'size';
    return true;
  }

  #readTrailer(): boolean {
    const line = this.#takeLine();
    if (line === undefined)
      return this.#rest.length > MOST_HEAD_BYTES ? this.#fail('a trailer without end') : false;
    if (line === '') {
      this.#state = 'head';
      this.#events.end(this.#trailers);
      return true;
    }
    if (!FIELD.test(line)) return this.#fail(`bad trailer line ${JSON.stringify(line.slice(0, 200))}`);
    this.#trailers.push(line);
    return true;
  }

  #takeLine(): string | undefined {
    const end = this.#rest.indexOf('\r\n');
    if (end < 0) return undefined;
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 2);
    return line;
  }
}

/** The values of all fields of that name (lower case), in order. */
export function valuesOf(head: StrictHead, lowerName: string): string[] {
  const values: string[] = [];
  for (const [name, value] of head.fields) if (name.toLowerCase() === lowerName) values.push(value);
  return values;
}
