import { plainBytes } from '../../../../src/plugin-api/values/routed-path.ts';
import { reasonPhrase } from '../../message/answer.ts';
import { bindsConnection } from '../../message/connection-identity.ts';
import {
  AUTHORIZATION,
  CONNECTION,
  CONTENT_LENGTH,
  DATE,
  equalsIgnoringCase,
  HOST,
  identify,
  PROXY_AUTHORIZATION,
  TRANSFER_ENCODING,
  UPGRADE,
} from '../../message/field-names.ts';
import { FieldSection, NUMBERS_A_FIELD } from '../../message/field-section.ts';
import type { RequestHead, ResponseHead } from '../../message/message-head.ts';
import type { Refusal } from '../../message/refusal/refusal.ts';
import { framingFault, statedVersion, versionFault } from './request-faults.ts';

const LETTER_N = 0x6e;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const DELETE = 0x7f;
const CAPITAL_H = 0x48;
/** `HTTP/1.1 200 ` */
const BEFORE_REASON_LENGTH = 13;
/** ` HTTP/1.1` */
const BEHIND_TARGET_LENGTH = 9;
const CHUNKED_CODING = Buffer.from('chunked');
const HTTP = [...Buffer.from('HTTP/')];
/** The most digits of a length. Leading zeros are valid (RFC 9110 8.6), but not without limit. */
const PADDED_LENGTH = /^\d{1,64}$/;
const KEEP_ALIVE_OPTION = Buffer.from('keep-alive');
/** Upgrades that stay within HTTP. In such a tunnel the client could send requests that no route, limit or log sees. */
const HTTP_AGAIN = /(?:^|[,\s])(?:h2c?|http(?:\/\S*)?)\s*(?:,|$)/i;

/**
 * The head of an HTTP/1 message as offsets into the bytes in which it arrived. All readers share one such object, which is filled in again
 * for each message: valid until the next message is parsed.
 */
export class Head extends FieldSection implements RequestHead, ResponseHead {
  /** The index of the first byte of the message, after line breaks that came before it. */
  start = 0;
  urlStart = 0;
  urlEnd = 0;
  reasonStart = 0;
  reasonEnd = 0;
  method = '';
  status = 0;
  major = 1;
  minor = 1;
  /** True when the parser got a mended start line. `bytes` hold the line that the peer sent. */
  isRewritten = false;

  // The following fields are set by `classify`.
  hostField = -1;
  hosts = 0;
  hasDate = false;
  contentLength = -1;
  hasPlainLength = true;
  hidesLength = false;
  /** The reason phrase that replaces the one in the bytes; undefined for a head as it arrived. */
  #otherReason: string | undefined = undefined;
  transferEncodings = 0;
  upgradeField = -1;
  bindsConnection = false;
  connectionClose = false;
  connectionKeepAlive = false;
  connectionUpgrade = false;

  get protocol(): string {
    return this.minor > 0 ? 'HTTP/1.1' : 'HTTP/1.0';
  }

  get target(): string {
    return this.bytes.latin1Slice(this.urlStart, this.urlEnd);
  }

  get targetLength(): number {
    return this.urlEnd - this.urlStart;
  }

  get reason(): string {
    if (this.#otherReason !== undefined) return this.#otherReason;
    return this.bytes.latin1Slice(this.reasonStart, this.reasonEnd);
  }

  get bodyLength(): number {
    if (this.chunked) return -1;
    return this.contentLength > 0 ? this.contentLength : 0;
  }

  get lineStart(): number {
    if (this.minor !== 1 || this.isRewritten || this.#otherReason !== undefined) return -1;
    if (this.status !== 0) {
      const start = this.reasonStart - BEFORE_REASON_LENGTH;
      return this.reasonEnd > 0 && this.bytes[start] === CAPITAL_H ? start : -1;
    }
    // The line may only be copied with exactly one blank on both sides of the target: the parser accepts several.
    const { bytes, urlStart } = this;
    if (bytes[urlStart - 2] === BLANK || bytes[this.urlEnd + 1] === BLANK) return -1;
    return urlStart - this.method.length - 1;
  }

  get lineEnd(): number {
    return this.status !== 0 ? this.reasonEnd : this.urlEnd + BEHIND_TARGET_LENGTH;
  }

  get expectsContinue(): boolean {
    return this.minor > 0 && this.valueOf('expect')?.toLowerCase() === '100-continue';
  }

  /**
   * A request that offers an upgrade may have a body; Docker's clients send one. The body is forwarded with its framing, so that backend
   * and proxy agree on the byte at which the other protocol begins.
   */
  get offeredUpgrade(): string {
    if (this.upgradeField < 0 || !this.connectionUpgrade || this.minor === 0) return '';
    const value = this.valueText(this.upgradeField);
    return HTTP_AGAIN.test(value) ? '' : value;
  }

  get statedVersion(): string {
    return statedVersion(this);
  }

  retain(): Head {
    const copy = new Head();
    const from = this.start;
    const last = this.fields * NUMBERS_A_FIELD - 1;
    // The line break is included, because lines are copied together with it.
    const end = (this.fields === 0 ? this.lineEnd : (this.offsets[last] as number)) + 2;
    copy.bytes = Buffer.from(this.bytes.subarray(from, end));
    copy.offsets = this.offsets.slice(0, last + 1).map((offset) => offset - from);
    copy.fields = this.fields;
    copy.ids.push(...this.ids.slice(0, this.fields));
    copy.known = this.known;
    copy.connectionNames = this.connectionNames;
    copy.chunked = this.chunked;
    copy.urlStart = this.urlStart - from;
    copy.urlEnd = this.urlEnd - from;
    copy.method = this.method;
    copy.status = this.status;
    copy.reasonStart = this.reasonStart - from;
    copy.reasonEnd = this.reasonEnd === 0 ? 0 : this.reasonEnd - from;
    copy.major = this.major;
    copy.minor = this.minor;
    copy.isRewritten = this.isRewritten;
    copy.hostField = this.hostField;
    copy.hosts = this.hosts;
    copy.hasDate = this.hasDate;
    copy.contentLength = this.contentLength;
    copy.hasPlainLength = this.hasPlainLength;
    copy.transferEncodings = this.transferEncodings;
    copy.upgradeField = this.upgradeField;
    copy.bindsConnection = this.bindsConnection;
    copy.connectionClose = this.connectionClose;
    copy.connectionKeepAlive = this.connectionKeepAlive;
    copy.connectionUpgrade = this.connectionUpgrade;
    return copy;
  }

  changed(status: number, hidesLength: boolean): Head {
    const copy = this.retain();
    copy.hidesLength = hidesLength;
    if (status !== this.status) {
      copy.status = status;
      copy.#otherReason = reasonPhrase(status);
    }
    return copy;
  }

  plainTarget(): number {
    return plainBytes(this.bytes, this.urlStart, this.urlEnd);
  }

  versionFault(): Refusal | undefined {
    return versionFault(this);
  }

  framingFault(): Refusal | undefined {
    return framingFault(this);
  }

  /** Whether `bytes` have `HTTP/` at `at`: the parser also accepts other protocols. */
  saysHttp(at: number): boolean {
    return HTTP.every((byte, i) => this.bytes[at + i] === byte);
  }

  /**
   * Whether the status line, of a head that ends at `end`, ends in a CRLF and has no control bytes in its reason. The parser checks
   * neither strictly.
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

  /** Reads each field once, and notes what framing and forwarding depend on. */
  classify(): void {
    this.known = 0;
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
      this.known |= 1 << id;
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

  /** Whether the sender keeps its side open after this message, by version and `Connection`. */
  get wantsKeepAlive(): boolean {
    if (this.connectionClose) return false;
    return this.minor === 1 || this.connectionKeepAlive;
  }

  /** Whether the parser takes the value for `chunked`: blanks may follow it, a tab may not. */
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
    // There is at most one: the parser refuses several.
    const text = this.valueText(field);
    const length = Number(text);
    this.hasPlainLength = text === String(length);
    const isNumber = this.hasPlainLength || PADDED_LENGTH.test(text);
    this.contentLength = isNumber && Number.isSafeInteger(length) && length >= 0 ? length : Number.NaN;
  }

  #noteConnection(field: number): void {
    const at = field * NUMBERS_A_FIELD;
    const start = this.offsets[at + 2] as number;
    // Fast path: by far the most frequent value, which only repeats the default of HTTP/1.1.
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
}
