import { ClientHello, type HelloFields, type HelloSpan } from './client-hello.ts';
import { HelloCursor } from './hello-cursor.ts';
import { HELLO_REFUSALS, type HelloRefusal } from './hello-refusal.ts';
import { readServerName } from './server-name.ts';

const MESSAGE_HEADER_BYTES = 4;
const RANDOM_BYTES = 32;
const EXTENSION_HEADER_BYTES = 4;
const LONGEST_SESSION_ID = 32;
/** The only kind of name in a server_name extension. Source: RFC 6066, section 3. */
const HOST_NAME = 0;
/** The kind of Encrypted Client Hello that a client sends to a server that everybody may see. Source: RFC 9849, section 5. */
const ECH_OUTER = 0;

/** Numbers of extensions, from the registry of IANA. */
const SERVER_NAME = 0;
const ALPN = 16;
const PRE_SHARED_KEY = 41;
const SUPPORTED_VERSIONS = 43;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

/** Reads a complete ClientHello, with the header of 4 bytes that says so. Extensions that mean nothing here are skipped. */
export function parseClientHello(message: Buffer): ClientHello | HelloRefusal {
  const parser = new HelloParser(message);
  return parser.readFields() ?? new ClientHello(message, parser);
}

class HelloParser implements HelloFields {
  sni: string | undefined = undefined;
  ech = false;
  legacyVersion = 0;
  alpn: HelloSpan | undefined = undefined;
  versions: HelloSpan | undefined = undefined;
  readonly #cursor: HelloCursor;
  /** Extensions with a number below 64 that were seen, as two sets of bits. */
  #seenLow = 0;
  #seenHigh = 0;
  #seenOthers: Set<number> | undefined;

  constructor(message: Buffer) {
    this.#cursor = new HelloCursor(message, MESSAGE_HEADER_BYTES);
  }

  readFields(): HelloRefusal | undefined {
    const cursor = this.#cursor;
    this.legacyVersion = cursor.u16();
    cursor.skip(RANDOM_BYTES);
    const sessionIdLength = cursor.u8();
    cursor.skip(sessionIdLength);
    const suitesLength = cursor.u16();
    cursor.skip(suitesLength);
    const compressionLength = cursor.u8();
    cursor.skip(compressionLength);
    if (this.legacyVersion >> 8 !== 3) return HELLO_REFUSALS.version;
    if (!cursor.isWhole) return HELLO_REFUSALS.truncated;
    if (sessionIdLength > LONGEST_SESSION_ID) return HELLO_REFUSALS.sessionId;
    if (suitesLength === 0 || suitesLength % 2 !== 0) return HELLO_REFUSALS.cipherSuites;
    if (compressionLength === 0) return HELLO_REFUSALS.compression;
    // Before TLS 1.3 a ClientHello may have no extensions at all. Source: RFC 5246, section 7.4.1.2.
    return cursor.isDone ? undefined : this.#readExtensions();
  }

  #readExtensions(): HelloRefusal | undefined {
    const cursor = this.#cursor;
    const end = cursor.u16() + cursor.at;
    if (!cursor.isWhole || end > cursor.end) return HELLO_REFUSALS.truncated;
    if (end < cursor.end) return HELLO_REFUSALS.trailing;
    let last = -1;
    while (cursor.at < end) {
      if (last === PRE_SHARED_KEY) return HELLO_REFUSALS.preSharedKey;
      if (end - cursor.at < EXTENSION_HEADER_BYTES) return HELLO_REFUSALS.truncated;
      last = cursor.u16();
      const next = cursor.u16() + cursor.at;
      if (next > end) return HELLO_REFUSALS.truncated;
      if (this.#isDuplicate(last)) return HELLO_REFUSALS.duplicate;
      cursor.end = next;
      const refusal = this.#readExtension(last);
      if (refusal !== undefined) return refusal;
      cursor.at = next;
      cursor.end = end;
    }
    return undefined;
  }

  /** Remembers the extension. Sets of bits serve the numbers that nearly all clients send. */
  #isDuplicate(type: number): boolean {
    if (type >= 64) {
      const others = (this.#seenOthers ??= new Set());
      const isDuplicate = others.has(type);
      others.add(type);
      return isDuplicate;
    }
    const bit = 1 << (type & 31);
    const seen = type < 32 ? this.#seenLow : this.#seenHigh;
    if (type < 32) this.#seenLow |= bit;
    else this.#seenHigh |= bit;
    return (seen & bit) !== 0;
  }

  /** The cursor is limited to the extension's bytes. */
  #readExtension(type: number): HelloRefusal | undefined {
    switch (type) {
      case SERVER_NAME:
        return this.#readServerNames();
      case ALPN:
        return checked((this.alpn = this.#names()));
      case SUPPORTED_VERSIONS:
        return checked((this.versions = this.#numbers(this.#cursor.u8())));
      case ENCRYPTED_CLIENT_HELLO:
        this.ech = this.#cursor.u8() === ECH_OUTER && this.#cursor.isWhole;
        return this.#cursor.isWhole ? undefined : HELLO_REFUSALS.extension;
      default:
        return undefined;
    }
  }

  /** The list may have names of other kinds, but there is one of each kind at most. Source: RFC 6066, section 3. */
  #readServerNames(): HelloRefusal | undefined {
    const cursor = this.#cursor;
    if (!this.#isRest(cursor.u16())) return HELLO_REFUSALS.extension;
    let found: string | undefined;
    while (cursor.at < cursor.end) {
      const kind = cursor.u8();
      const length = cursor.u16();
      const start = cursor.at;
      if (!cursor.skip(length)) return HELLO_REFUSALS.extension;
      if (kind !== HOST_NAME) continue;
      if (found !== undefined) return HELLO_REFUSALS.serverName;
      found = readServerName(cursor.bytes, start, start + length);
      if (found === undefined) return HELLO_REFUSALS.serverName;
    }
    if (found !== '') this.sni = found;
    return undefined;
  }

  /** A list of names with a byte of length each. */
  #names(): HelloSpan | undefined {
    const cursor = this.#cursor;
    if (!this.#isRest(cursor.u16())) return undefined;
    const start = cursor.at;
    while (cursor.at < cursor.end) {
      const length = cursor.u8();
      if (length === 0 || !cursor.skip(length)) return undefined;
    }
    return { start, end: cursor.end };
  }

  /** A list of numbers of two bytes. */
  #numbers(lengthBytes: number): HelloSpan | undefined {
    if (!this.#isRest(lengthBytes) || lengthBytes % 2 !== 0) return undefined;
    return { start: this.#cursor.at, end: this.#cursor.end };
  }

  /** Whether a list of that length, which must not be 0, is all that is left of the extension. */
  #isRest(lengthBytes: number): boolean {
    const { isWhole, at, end } = this.#cursor;
    return isWhole && lengthBytes > 0 && at + lengthBytes === end;
  }
}

function checked(span: HelloSpan | undefined): HelloRefusal | undefined {
  return span === undefined ? HELLO_REFUSALS.extension : undefined;
}
