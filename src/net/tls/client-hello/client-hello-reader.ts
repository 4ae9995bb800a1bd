import type { ClientHello } from './client-hello.ts';
import { recognizeOtherProtocol } from './first-bytes.ts';
import { HELLO_LIMIT_BYTES, HELLO_REFUSALS, type HelloRefusal } from './hello-refusal.ts';
import { parseClientHello } from './parse-client-hello.ts';

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
const LONGEST_RECORD_BYTES = 16_384;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Reads the ClientHello of one connection, in as many pieces as it arrives in. Each byte is looked at once, and the message only when it is
 * complete. Never throws.
 */
export class ClientHelloReader {
  /** Copies of all bytes, in the order in which they came. Only the first `#length` are set. */
  #bytes: Buffer = NOTHING;
  #length = 0;
  /** Where the header of the record begins that is not complete yet. */
  #recordAt = 0;
  /** How many bytes of the message the records before that one carry. */
  #carried = 0;
  /** Bytes of the message with its header; 0 while its header has not arrived. */
  #messageLength = 0;

  /** All bytes that were read, to be given back to the connection. They are the reader's own, and do not change any more. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /**
   * `bytes[start, end)` arrived; they may be borrowed. Returns undefined when more are needed. After it has returned anything else, the
   * reader must get no further bytes.
   */
  read(bytes: Buffer, start: number, end: number): ClientHello | HelloRefusal | undefined {
    this.#keep(bytes, start, end);
    const total = this.#length;
    // Bytes beyond the limit don't count: so it does not matter in which pieces the bytes come.
    this.#length = Math.min(total, HELLO_LIMIT_BYTES);
    const result = this.#scan();
    this.#length = total;
    return result === undefined && total > HELLO_LIMIT_BYTES ? HELLO_REFUSALS.tooLong : result;
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (this.#length === 0) this.#bytes = Buffer.from(bytes.subarray(start, end));
    else {
      if (length > this.#bytes.length) {
        const larger = Buffer.allocUnsafe(Math.max(length, this.#bytes.length * 2, 512));
        this.#bytes.copy(larger, 0, 0, this.#length);
        this.#bytes = larger;
      }
      bytes.copy(this.#bytes, this.#length, start, end);
    }
    this.#length = length;
  }

  /** Goes on where the last call had to stop. */
  #scan(): ClientHello | HelloRefusal | undefined {
    if (this.#length === 0) return undefined;
    if (this.#bytes[0] !== HANDSHAKE) return recognizeOtherProtocol(this.#bytes, this.#length);
    for (;;) {
      const recordLength = this.#recordLength();
      if (typeof recordLength !== 'number') return recordLength;
      const bodyAt = this.#recordAt + RECORD_HEADER_BYTES;
      const arrived = this.#carried + Math.min(this.#length - bodyAt, recordLength);
      if (this.#messageLength === 0 && arrived >= MESSAGE_HEADER_BYTES) {
        const refusal = this.#readMessageHeader();
        if (refusal !== undefined) return refusal;
      }
      if (this.#messageLength > 0 && arrived >= this.#messageLength) return parseClientHello(this.#message());
      if (this.#length - bodyAt < recordLength) return undefined;
      this.#carried += recordLength;
      this.#recordAt = bodyAt + recordLength;
    }
  }

  /** The length in the header of the record at `#recordAt`; undefined while the header is not complete. */
  #recordLength(): number | HelloRefusal | undefined {
    const bytes = this.#bytes;
    const at = this.#recordAt;
    if (this.#length > at && bytes[at] !== HANDSHAKE) return HELLO_REFUSALS.recordType;
    // The lower byte of the version must be ignored. Source: RFC 8446, section 5.1.
    if (this.#length > at + 1 && bytes[at + 1] !== 3) return HELLO_REFUSALS.recordVersion;
    if (this.#length < at + RECORD_HEADER_BYTES) return undefined;
    const length = bytes.readUInt16BE(at + 3);
    return length > 0 && length <= LONGEST_RECORD_BYTES ? length : HELLO_REFUSALS.recordLength;
  }

  #readMessageHeader(): HelloRefusal | undefined {
    const header =
      this.#carried === 0 ? this.#inOneRecord(MESSAGE_HEADER_BYTES) : this.#join(MESSAGE_HEADER_BYTES);
    if (header[0] !== CLIENT_HELLO) return HELLO_REFUSALS.messageType;
    const length = MESSAGE_HEADER_BYTES + header.readUIntBE(1, 3);
    if (length > HELLO_LIMIT_BYTES) return HELLO_REFUSALS.tooLong;
    this.#messageLength = length;
    return undefined;
  }

  /** The complete message: where it came in, if it came in one record, else joined from its records. */
  #message(): Buffer {
    const length = this.#messageLength;
    return this.#carried === 0 ? this.#inOneRecord(length) : this.#join(length);
  }

  #inOneRecord(length: number): Buffer {
    const at = this.#recordAt + RECORD_HEADER_BYTES;
    return this.#bytes.subarray(at, at + length);
  }

  /** The first bytes of what all records carry, without the headers of the records. So many must have arrived. */
  #join(length: number): Buffer {
    const joined = Buffer.allocUnsafe(length);
    let filled = 0;
    for (let at = 0; filled < length;) {
      const recordLength = this.#bytes.readUInt16BE(at + 3);
      const bodyAt = at + RECORD_HEADER_BYTES;
      filled += this.#bytes.copy(joined, filled, bodyAt, bodyAt + Math.min(recordLength, length - filled));
      at = bodyAt + recordLength;
    }
    return joined;
  }
}
