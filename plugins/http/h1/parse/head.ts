import { bindsConnection } from '../../message/connection-identity.ts';
import {
  AUTHORIZATION,
  CONNECTION,
  CONTENT_LENGTH,
  DATE,
  equalsIgnoringCase,
  HOST,
  identify,
  KEEP_ALIVE,
  LOOK_ALIKE,
  PROXY_AUTHORIZATION,
  PROXY_CONNECTION,
  TE,
  TRAILER,
  TRANSFER_ENCODING,
  UPGRADE,
} from '../../message/field-names.ts';

const LETTER_N = 0x6e;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const UNDERSCORE = 0x5f;
const DELETE = 0x7f;
const CHUNKED_CODING = Buffer.from('chunked');
const HTTP = [...Buffer.from('HTTP/')];
/** Leading zeros are valid (RFC 9110 8.6), in a number that goes into a field of a sensible size. */
const PADDED_LENGTH = /^\d{1,64}$/;
const KEEP_ALIVE_OPTION = Buffer.from('keep-alive');

/** Numbers kept for a field: name start and end, value start and end. */
export const NUMBERS_A_FIELD = 4;

/**
 * The head of a message as offsets into the bytes that it arrived in; nothing is a string until
 * somebody asks. One object a parser memory, filled in again for each message: valid until the next
 * message is parsed.
 */
export class Head {
  bytes: Buffer = Buffer.alloc(0);
  /** Offsets in `bytes`, {@link NUMBERS_A_FIELD} for each field line, in the order of arrival. */
  offsets = new Int32Array(512);
  fields = 0;
  /** Where the message begins, but for line breaks before it. */
  start = 0;
  urlStart = 0;
  urlEnd = 0;
  reasonStart = 0;
  reasonEnd = 0;
  method = '';
  status = 0;
  major = 1;
  minor = 1;
  /** The parser got another request line than the client sent. `bytes` hold the one that the client sent. */
  isRewritten = false;

  // What `classify` found.
  /** Which known name each field has. */
  readonly ids: number[] = [];
  /** Which known names occur, as bits. Two names whose numbers differ by 32 share a bit: then a look at the fields decides. */
  #known = 0;
  hostField = -1;
  hosts = 0;
  hasDate = false;
  /** -1: absent. NaN: not a number that can be counted with. */
  contentLength = -1;
  /** Whether Content-Length, if any, has only one reading: with leading zeros some receivers take it for an octal number. */
  hasPlainLength = true;
  transferEncodings = 0;
  chunked = false;
  upgradeField = -1;
  /** Whether it has credentials that count for the whole connection, not for one request. */
  bindsConnection = false;
  connectionClose = false;
  connectionKeepAlive = false;
  connectionUpgrade = false;
  /** Lower-case names of further fields that `Connection` lists; they must not be forwarded. */
  connectionNames: string[] | undefined;

  nameText(field: number): string {
    const at = field * NUMBERS_A_FIELD;
    return this.bytes.latin1Slice(this.offsets[at] as number, this.offsets[at + 1] as number);
  }

  /** The value without surrounding white space. */
  valueText(field: number): string {
    const at = field * NUMBERS_A_FIELD;
    const start = this.offsets[at + 2] as number;
    let end = this.offsets[at + 3] as number;
    // Blanks and tabs alone (RFC 9110 5.6.3): `trim` knows more, which a parser takes for part of the value.
    while (end > start && (this.bytes[end - 1] === BLANK || this.bytes[end - 1] === TAB)) end -= 1;
    return this.bytes.latin1Slice(start, end);
  }

  /** Whether the value is exactly `bytes`. */
  hasValue(field: number, bytes: Buffer): boolean {
    const at = field * NUMBERS_A_FIELD;
    const start = this.offsets[at + 2] as number;
    if ((this.offsets[at + 3] as number) - start !== bytes.length) return false;
    for (let i = 0; i < bytes.length; i++) if (this.bytes[start + i] !== bytes[i]) return false;
    return true;
  }

  /** The field line without its CRLF, as it arrived. */
  lineText(field: number): string {
    const at = field * NUMBERS_A_FIELD;
    return this.bytes.latin1Slice(this.offsets[at] as number, this.offsets[at + 3] as number);
  }

  /** Whether `HTTP/` stands at `at`: the parser knows protocols that look alike. */
  saysHttp(at: number): boolean {
    return HTTP.every((byte, i) => this.bytes[at + i] === byte);
  }

  /**
   * Whether the line of a response, whose head ends at `end`, ends in a CRLF and has no control bytes in its reason: the
   * parser does not look closely at either.
   */
  hasPlainStatusLine(end: number): boolean {
    const { bytes } = this;
    const behind = this.fields === 0 ? end - 2 : (this.offsets[0] as number);
    if (bytes[behind - 2] !== CR || bytes[behind - 1] !== LF) return false;
    for (let at = this.reasonStart; at < this.reasonEnd; at++) {
      const byte = bytes[at] as number;
      if ((byte < BLANK && byte !== TAB) || byte === DELETE) return false;
    }
    return true;
  }

  /** The first field of that name (lower case) that counts, or -1. For rare look-ups; hot ones go through `classify`. */
  find(lowerName: string, from = 0): number {
    for (let field = from; field < this.fields; field++) {
      const at = field * NUMBERS_A_FIELD;
      if ((this.offsets[at + 1] as number) - (this.offsets[at] as number) !== lowerName.length) continue;
      if (this.ids[field] === LOOK_ALIKE) continue;
      if (this.nameText(field).toLowerCase() === lowerName) return field;
    }
    return -1;
  }

  /** Whether a name has an underscore. */
  hasUnderscore(field: number): boolean {
    const at = field * NUMBERS_A_FIELD;
    const end = this.offsets[at + 1] as number;
    for (let i = this.offsets[at] as number; i < end; i++) if (this.bytes[i] === UNDERSCORE) return true;
    return false;
  }

  /** The value of the first field of that name (lower case), or undefined. */
  valueOf(lowerName: string): string | undefined {
    const field = this.find(lowerName);
    return field < 0 ? undefined : this.valueText(field);
  }

  /** The value of the field of that name (lower case), or undefined when there is none, or several. */
  soleValueOf(lowerName: string): string | undefined {
    const field = this.find(lowerName);
    return field < 0 || this.find(lowerName, field + 1) >= 0 ? undefined : this.valueText(field);
  }

  /** The first field with that known name, or -1. */
  fieldWith(id: number): number {
    if ((this.#known & (1 << id)) === 0) return -1;
    for (let field = 0; field < this.fields; field++) if (this.ids[field] === id) return field;
    return -1;
  }

  /** Whether there is a field with that known name that is not meant for this connection alone. */
  passesOn(id: number): boolean {
    const field = this.fieldWith(id);
    return field >= 0 && !this.isHopByHop(field);
  }

  /** The values of all fields with that known name as one list (RFC 9110 5.3); '' when there is none. */
  joined(id: number): string {
    if ((this.#known & (1 << id)) === 0) return '';
    let list = '';
    for (let field = 0; field < this.fields; field++) {
      if (this.ids[field] !== id) continue;
      const value = this.valueText(field);
      if (value !== '') list = list === '' ? value : `${list}, ${value}`;
    }
    return list;
  }

  /** Looks at each field once and notes what framing and forwarding depend on. */
  classify(): void {
    this.#known = 0;
    this.hostField = -1;
    this.hosts = 0;
    this.hasDate = false;
    this.contentLength = -1;
    this.hasPlainLength = true;
    this.transferEncodings = 0;
    this.chunked = false;
    this.upgradeField = -1;
    this.bindsConnection = false;
    this.connectionClose = false;
    this.connectionKeepAlive = false;
    this.connectionUpgrade = false;
    this.connectionNames = undefined;
    for (let field = 0; field < this.fields; field++) {
      const at = field * NUMBERS_A_FIELD;
      const id = identify(this.bytes, this.offsets[at] as number, this.offsets[at + 1] as number);
      this.ids[field] = id;
      if (id === 0) continue;
      this.#known |= 1 << id;
      if (id === HOST) {
        this.hosts += 1;
        this.hostField = field;
      } else if (id === CONTENT_LENGTH) this.#noteLength(field);
      else if (id === TRANSFER_ENCODING) {
        this.transferEncodings += 1;
        this.chunked = this.#isChunked(field);
      } else if (id === CONNECTION) this.#noteConnection(field);
      else if (id === UPGRADE) this.upgradeField = field;
      else if (id === DATE) this.hasDate = true;
      else if (id === AUTHORIZATION || id === PROXY_AUTHORIZATION) this.#noteCredentials(field);
    }
  }

  /** Whether a field stays between us and this peer: framing and connection control, and what `Connection` names. */
  isHopByHop(field: number): boolean {
    switch (this.ids[field]) {
      case CONNECTION:
      case KEEP_ALIVE:
      case PROXY_CONNECTION:
      case TRANSFER_ENCODING:
      case UPGRADE:
      case TE:
        return true;
      case TRAILER:
        return !this.chunked;
      default:
        return this.connectionNames !== undefined && this.#isNamedByConnection(field);
    }
  }

  /** Whether the sender keeps its side open after this message, by version and `Connection`. */
  get wantsKeepAlive(): boolean {
    if (this.connectionClose) return false;
    return this.minor === 1 || this.connectionKeepAlive;
  }

  /** Exactly what the parser takes for `chunked`: blanks may follow, a tab may not. */
  #isChunked(field: number): boolean {
    const at = field * NUMBERS_A_FIELD;
    let end = this.offsets[at + 3] as number;
    while (this.bytes[end - 1] === BLANK) end -= 1;
    return equalsIgnoringCase(this.bytes, this.offsets[at + 2] as number, end, CHUNKED_CODING);
  }

  #noteCredentials(field: number): void {
    const first = this.bytes[this.offsets[field * NUMBERS_A_FIELD + 2] as number] as number;
    // Both schemes begin with an N, and hardly any other does.
    if ((first | 0x20) === LETTER_N && bindsConnection(this.valueText(field))) this.bindsConnection = true;
  }

  #noteLength(field: number): void {
    // Two of them never get here: the parser refuses them.
    const text = this.valueText(field);
    const length = Number(text);
    this.hasPlainLength = text === String(length);
    const isNumber = this.hasPlainLength || PADDED_LENGTH.test(text);
    this.contentLength = isNumber && Number.isSafeInteger(length) && length >= 0 ? length : Number.NaN;
  }

  #noteConnection(field: number): void {
    const at = field * NUMBERS_A_FIELD;
    const start = this.offsets[at + 2] as number;
    // By far the most frequent one, which says what goes without saying.
    if (equalsIgnoringCase(this.bytes, start, this.offsets[at + 3] as number, KEEP_ALIVE_OPTION)) {
      this.connectionKeepAlive = true;
      return;
    }
    for (const part of this.valueText(field).split(',')) {
      const option = part.trim().toLowerCase();
      if (option === 'close') this.connectionClose = true;
      else if (option === 'keep-alive') this.connectionKeepAlive = true;
      else if (option === 'upgrade') this.connectionUpgrade = true;
      else if (option !== '') (this.connectionNames ??= []).push(option);
    }
  }

  #isNamedByConnection(field: number): boolean {
    const name = this.nameText(field).toLowerCase();
    // These are never connection options, whatever a peer claims.
    if (name === 'host' || name === 'content-length' || name === 'cdn-loop') return false;
    return this.connectionNames?.includes(name) ?? false;
  }
}
