import type { Lease, LogFields, StreamReader } from '../../../src/plugin-api/index.ts';
import { announcedIdleMs } from '../h1/announced-idle.ts';
import { backendDrained } from './body-forwarding.ts';
import { ChunkedText, lastChunk } from '../h1/write/chunked-text.ts';
import { challengesConnection } from '../message/connection-identity.ts';
import { renewDeadline } from './exchange-deadline.ts';
import type { Exchange } from './exchange.ts';
import type { Head } from '../h1/parse/head.ts';
import { END, HEAD, MORE, type MessageReader } from '../h1/parse/message-reader.ts';
import type { ParserFault } from '../h1/parse/parser-fault.ts';
import type { Refusal } from '../message/refusal.ts';
import {
  checkFraming,
  CHUNKS_IN_1_0,
  isSound,
  refuseFault,
  refuseStatusLine,
  refuseUpgrade,
} from '../h1/parse/response-check.ts';
import { forwardedResponse, hasNoBody } from '../h1/write/response-head.ts';
import { responseText, switchingText } from '../h1/write/response-text.ts';
import { chosenUpgrade } from './upgrade.ts';

/** Pieces of a body up to this size go out in one write with the text before and behind them; larger ones by themselves. */
const JOINED_BYTES = 16 * 1024;

const CONTINUE = 100;

/** For the log: the backend closed its connection too early. */
const HEAD_CUT_SHORT = 'the backend closed the connection within the head of its response';
const CUT_SHORT = 'the backend closed the connection before the end of its response';

/** What is read next of the response. */
const READING_HEAD = 0;
const FIXED_LENGTH = 1;
const CHUNKED = 2;
const UNTIL_CLOSE = 3;
const COMPLETE = 4;
/** Bytes of the protocol that the backend switched to. */
const SWITCHED = 5;

/** Reads one backend's response from its leased stream and writes it to the client. */
export class ResponseRelay implements StreamReader {
  readonly buffer: Buffer;
  /** The final status, once its head is being passed on; 0 before. */
  status = 0;
  /** True when only the end of the client's connection marks the end of the body. */
  endsByClose = false;
  /** True while the client has not taken what was written to it. */
  clientFull = false;
  readonly #exchange: Exchange;
  readonly #lease: Lease;
  readonly #reader: MessageReader;
  #state = READING_HEAD;
  #left = 0;
  /** The body goes to the client in chunks. */
  #chunkedOut = false;
  #chunks: ChunkedText | undefined;
  /** For how long the backend keeps the socket after this response; 0: it does not. */
  #idleMs = 0;
  /** How the response departs from the grammar. It is served in its one safe reading, but the socket is not used again. */
  #oddity: ParserFault | undefined;
  /** Text that waits for the end of the chunk being read, so that it goes out in one write. */
  #out = '';
  #stopped = false;
  #heard = false;

  constructor(exchange: Exchange, lease: Lease) {
    this.#exchange = exchange;
    this.#lease = lease;
    this.buffer = exchange.connection.buffer;
    this.#reader = exchange.connection.responseReader;
    this.#reader.finish();
    this.#reader.limits = exchange.instance.responseLimits;
  }

  /** True once a byte of the final response went to the client: from then on it can only be completed or broken off. */
  get begun(): boolean {
    return this.status !== 0;
  }

  /** True when the backend switched to another protocol before it had the whole body of the request. */
  get switched(): boolean {
    return this.#state === SWITCHED;
  }

  /** For lines about a fault of ours while it runs. */
  logFields(): LogFields {
    return this.#exchange.logFields();
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#stopped) return;
    this.#heard = true;
    let at = start;
    while (at < end && this.#state !== COMPLETE) {
      if (this.#state === READING_HEAD) {
        const next = this.#readHead(bytes, at, end);
        if (next < 0) return;
        at = next;
      } else if (this.#state === CHUNKED) {
        const next = this.#readChunks(bytes, at, end);
        if (next < 0) return;
        at = next;
      } else at = this.#readPlain(bytes, at, end);
    }
    this.#flush();
    // Bytes after the response belong to no request: the socket can't be trusted any more.
    if (this.#state === COMPLETE) this.#complete(at === end);
    else renewDeadline(this.#exchange);
  }

  end(): void {
    if (this.#stopped) return;
    if (this.#state === UNTIL_CLOSE) this.#endOfStream();
    else if (this.#state === READING_HEAD) this.#noResponse();
    else this.#exchange.abort('backend_reset', CUT_SHORT);
  }

  closed(error: Error | undefined): void {
    if (this.#stopped) return;
    if (this.#state === READING_HEAD) this.#noResponse();
    else if (this.#state === UNTIL_CLOSE && error === undefined) this.#endOfStream();
    else this.#exchange.abort('backend_reset', CUT_SHORT);
  }

  drained(): void {
    if (!this.#stopped) backendDrained(this.#exchange);
  }

  clientDrained(): void {
    if (!this.clientFull) return;
    this.clientFull = false;
    const keptPace = this.#exchange.connection.taking.end();
    if (this.#stopped) return;
    if (!keptPace) {
      this.#exchange.abort('reader_too_slow');
      return;
    }
    this.#lease.channel.resume();
    renewDeadline(this.#exchange);
  }

  /** The response is over, or not wanted any more: further events of the stream are ignored. */
  stop(): void {
    this.#stopped = true;
    this.#reader.finish();
  }

  #noResponse(): void {
    if (this.#heard)
      this.#exchange.fail(502, 'backend_reset', 'the backend closed the connection', HEAD_CUT_SHORT);
    else this.#exchange.responseMissing();
  }

  #endOfStream(): void {
    if (this.#chunkedOut) this.#out += lastChunk([]);
    this.#flush();
    this.#idleMs = 0;
    this.#complete(true);
  }

  /** Returns where the head ends, or -1 when there is nothing more to do with these bytes. */
  #readHead(bytes: Buffer, at: number, end: number): number {
    const progress = this.#reader.feed(bytes, at, end);
    if (progress === MORE) return end;
    if (progress !== HEAD) return this.#refuse(refuseFault(this.#reader.fault));
    const head = this.#reader.head as Head;
    const { position } = this.#reader;
    this.#oddity ??= this.#reader.oddity;
    if (!isSound(head)) return this.#refuse(refuseStatusLine(head));
    if (head.status === 101) return this.#switch(head, bytes, position, end);
    if (head.status < 200) {
      this.#interim(head);
      return position;
    }
    const refusal = checkFraming(head);
    if (refusal !== undefined) return this.#refuse(refusal);
    this.#final(head);
    return position;
  }

  #interim(head: Head): void {
    this.#reader.finish();
    // HTTP/1.0 has no interim responses (RFC 9110 15.2).
    if (!this.#exchange.modern) return;
    if (head.status === CONTINUE) this.#exchange.body?.goesOn();
    this.#out += `${forwardedResponse(head, undefined)}\r\n`;
  }

  #final(head: Head): void {
    const exchange = this.#exchange;
    this.#frame(head);
    if (head.status >= 401 && challengesConnection(head)) exchange.pins = true;
    exchange.mark('responseHeadMs');
    this.#out += responseText(exchange, head, this.#chunkedOut);
    this.status = head.status;
    exchange.mark('headSentMs');
    if (this.#state === CHUNKED) this.#reader.expectChunks();
    else this.#reader.finish();
  }

  /** Decides how the body is read and how it is written (RFC 9112 6.3). */
  #frame(head: Head): void {
    const exchange = this.#exchange;
    if (head.chunked && head.minor === 0) this.#oddity ??= CHUNKS_IN_1_0;
    this.#idleMs = announcedIdleMs(head);
    if (hasNoBody(head.status, exchange.method)) this.#state = COMPLETE;
    else if (head.chunked) this.#state = CHUNKED;
    else if (head.contentLength >= 0) {
      this.#left = head.contentLength;
      this.#state = this.#left === 0 ? COMPLETE : FIXED_LENGTH;
    } else {
      this.#state = UNTIL_CLOSE;
      this.#idleMs = 0;
    }
    if (this.#state === CHUNKED || this.#state === UNTIL_CLOSE) {
      this.#chunkedOut = exchange.modern;
      if (!exchange.modern) {
        this.endsByClose = true;
        exchange.keepAlive = false;
      }
    }
  }

  #switch(head: Head, bytes: Buffer, start: number, end: number): number {
    const exchange = this.#exchange;
    const chosen = chosenUpgrade(head, exchange.upgrade);
    if (chosen === undefined) return this.#refuse(refuseUpgrade(head));
    this.#out += switchingText(exchange, head, chosen);
    exchange.mark('responseHeadMs');
    if (exchange.wantsBody) {
      // The rest of the body goes on as a body; only behind it the client may speak the other protocol (RFC 9110 7.8).
      this.#reader.finish();
      this.status = head.status;
      this.#state = SWITCHED;
      return start;
    }
    this.stop();
    exchange.switchProtocol(this.#out, bytes, start, end);
    return -1;
  }

  #readPlain(bytes: Buffer, at: number, end: number): number {
    const stop = this.#state === FIXED_LENGTH ? Math.min(end, at + this.#left) : end;
    const length = stop - at;
    this.#exchange.bytesSent += length;
    if (this.#chunkedOut) this.#out += `${length.toString(16)}\r\n`;
    this.#send(bytes, at, stop);
    if (this.#chunkedOut) this.#out += '\r\n';
    if (this.#state === FIXED_LENGTH) {
      this.#left -= length;
      if (this.#left === 0) this.#state = COMPLETE;
    }
    return stop;
  }

  #readChunks(bytes: Buffer, at: number, end: number): number {
    const chunks = (this.#chunks ??= new ChunkedText());
    chunks.framed = this.#chunkedOut;
    const before = chunks.bytes;
    const progress = this.#reader.feed(bytes, at, end, chunks);
    this.#exchange.bytesSent += chunks.bytes - before;
    this.#out += chunks.take();
    if (progress === MORE) return end;
    if (progress !== END) return this.#refuse(refuseFault(this.#reader.fault));
    this.#oddity ??= this.#reader.oddity;
    if (this.#chunkedOut) this.#out += lastChunk(this.#reader.trailers);
    this.#state = COMPLETE;
    return this.#reader.position;
  }

  #refuse(refusal: Refusal): number {
    // The client gets what was read before the fault. The abort that follows shows that it is not all.
    if (this.begun) this.#flush();
    this.#exchange.refuseResponse(refusal);
    return -1;
  }

  #send(bytes: Buffer, start: number, end: number): void {
    if (end - start <= JOINED_BYTES) {
      this.#out += bytes.latin1Slice(start, end);
      return;
    }
    this.#flush();
    if (!this.#exchange.connection.connection.stream.writeBorrowed(bytes, start, end)) this.#hold();
  }

  #flush(): void {
    if (this.#out === '') return;
    const text = this.#out;
    this.#out = '';
    if (!this.#exchange.connection.connection.stream.writeText(text)) this.#hold();
  }

  /** Backpressure: the backend is not read from until the client has taken what was written to it. */
  #hold(): void {
    this.clientFull = true;
    this.#lease.channel.pause();
  }

  #complete(clean: boolean): void {
    this.stop();
    // The stream may still be paused for a slow client: it flows again with its next lease.
    const oddity = this.#oddity;
    if (oddity !== undefined) this.#exchange.instance.irregular.note(this.#exchange, oddity);
    this.#exchange.complete(this.status, clean && oddity === undefined ? this.#idleMs : 0);
  }
}
