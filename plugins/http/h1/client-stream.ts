import { BalanceError } from '../../../src/errors.ts';
import type { LogFields, StreamReader, Transport } from '../../../src/plugin-api/index.ts';
import type { ClientStream, RequestDraft, RequestOutline, ResponseEvents } from '../message/client-stream.ts';
import type { MessageFault, Refusal } from '../message/refusal/refusal.ts';
import { NO_TRAILERS, type FieldLine } from '../message/trailers.ts';
import { hasNoBody } from '../message/answer.ts';
import type { BodySink } from './parse/chunk-decoder.ts';
import type { Head } from './parse/head.ts';
import { lastChunk } from './write/last-chunk.ts';
import { END, HEAD, MORE, type MessageReader } from './parse/message-reader.ts';
import type { ReaderSupply } from './parse/reader-supply.ts';
import {
  checkFraming,
  CHUNKS_IN_1_0,
  isSound,
  refuseFault,
  refuseStatusLine,
} from './parse/response-check.ts';
import { JOINED_BYTES } from './write/response-writer.ts';
import { KEEP_ALIVE } from '../message/field-names.ts';

/** The states of the stream: which part of the response is read next. */
const READING_HEAD = 0;
const FIXED_LENGTH = 1;
const CHUNKED = 2;
const UNTIL_CLOSE = 3;
const COMPLETE = 4;
/** The bytes belong to the protocol that the backend switched to. */
const SWITCHED = 5;

const CUT_END =
  'the backend ended its TLS connection without close_notify, within a response whose end is the end of the connection: it may be cut off';

/** One request on an HTTP/1 connection to a backend: writes the request as text, and reads its response. */
export class Http1ClientStream implements ClientStream, StreamReader, BodySink {
  readonly buffer: Buffer;
  idleMs = 0;
  oddity: MessageFault | undefined = undefined;
  isAnswered = false;
  readonly #channel: Transport;
  readonly #events: ResponseEvents;
  readonly #method: string;
  readonly #isChunked: boolean;
  readonly #readers: ReaderSupply;
  readonly #reader: MessageReader;
  /** True once {@link stop} was called: no event may follow. */
  #isStopped = false;
  #state = READING_HEAD;
  /** How many bytes of a body of known length are still to come. */
  #left = 0;
  #trailers: readonly FieldLine[] = NO_TRAILERS;
  /** Text that was not written yet, so that it goes out in one write with what follows. */
  #out = '';

  constructor(channel: Transport, request: RequestOutline, events: ResponseEvents, readers: ReaderSupply) {
    this.buffer = readers.buffer;
    this.#channel = channel;
    this.#events = events;
    this.#method = request.method;
    this.#isChunked = request.isChunked;
    this.#readers = readers;
    this.#reader = readers.take();
  }

  /** The fields of the request, for log lines about the connection. */
  logFields(): LogFields {
    return this.#events.logFields();
  }

  send(draft: RequestDraft, tryLines: string): void {
    this.#out = `${draft}${tryLines}\r\n\r\n`;
  }

  body(bytes: Buffer, start: number, end: number): boolean {
    let isTaken = true;
    if (this.#isChunked) this.#out += `${(end - start).toString(16)}\r\n`;
    if (end - start <= JOINED_BYTES) this.#out += bytes.latin1Slice(start, end);
    else {
      isTaken = this.flush();
      isTaken = this.#channel.writeBorrowed(bytes, start, end) && isTaken;
    }
    if (this.#isChunked) this.#out += '\r\n';
    return isTaken;
  }

  giveBody(bytes: Buffer): boolean {
    const { length } = bytes;
    if (length <= JOINED_BYTES) return this.body(bytes, 0, length);
    if (this.#isChunked) this.#out += `${length.toString(16)}\r\n`;
    const isTaken = this.flush();
    if (this.#isChunked) this.#out += '\r\n';
    return this.#channel.write(bytes) && isTaken;
  }

  finish(trailers: readonly FieldLine[]): void {
    if (this.#isChunked) this.#out += lastChunk(trailers);
  }

  flush(): boolean {
    if (this.#out === '') return true;
    const text = this.#out;
    this.#out = '';
    return this.#channel.writeText(text);
  }

  pause(): void {
    this.#channel.pause();
  }

  resume(): void {
    this.#channel.resume();
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#readers.release(this.#reader);
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#isStopped) return;
    this.isAnswered = true;
    const reader = this.#reader;
    let at = start;
    while (at < end && this.#state !== COMPLETE) {
      if (this.#state === READING_HEAD) at = this.#readHead(reader, bytes, at, end);
      else if (this.#state === CHUNKED) at = this.#readChunks(reader, bytes, at, end);
      else at = this.#readPlain(bytes, at, end);
      // An event may have called `stop`.
      if (this.#hasStopped()) return;
    }
    // Bytes after the response belong to no request, so the socket can't be trusted any more.
    if (this.#state === COMPLETE) this.#complete(at === end);
    else this.#events.flush();
  }

  end(): void {
    if (this.#isStopped) return;
    if (this.#state === UNTIL_CLOSE) this.#endByClose();
    else this.#events.gone();
  }

  closed(error: Error | undefined): void {
    if (this.#isStopped) return;
    if (this.#state === UNTIL_CLOSE && error === undefined) this.#endByClose();
    else this.#events.gone(error instanceof BalanceError ? error : undefined);
  }

  drained(): void {
    if (!this.#isStopped) this.#events.drained();
  }

  bodyPiece(bytes: Buffer, start: number, end: number): void {
    if (!this.#isStopped) this.#events.data(bytes, start, end);
  }

  #hasStopped(): boolean {
    return this.#isStopped;
  }

  /** Returns the index after the head. */
  #readHead(reader: MessageReader, bytes: Buffer, start: number, end: number): number {
    const progress = reader.feed(bytes, start, end);
    if (progress === MORE) return end;
    if (progress !== HEAD) return this.#refuse(refuseFault(reader.fault), end);
    const head = reader.head as Head;
    const { position } = reader;
    this.oddity ??= reader.oddity;
    if (!isSound(head)) return this.#refuse(refuseStatusLine(head), end);
    if (head.status === 101) return this.#switch(head, position);
    if (head.status < 200) {
      reader.finish();
      this.#events.interim(head);
      return position;
    }
    const refusal = checkFraming(head);
    if (refusal !== undefined) return this.#refuse(refusal, end);
    this.#final(reader, head);
    return position;
  }

  /** Decides how the body is read (RFC 9112 6.3). */
  #final(reader: MessageReader, head: Head): void {
    if (head.chunked && head.minor === 0) this.oddity ??= CHUNKS_IN_1_0;
    this.idleMs = announcedIdleMs(head);
    let bodyLength = -1;
    if (hasNoBody(head.status, this.#method)) bodyLength = 0;
    else if (!head.chunked && head.contentLength >= 0) bodyLength = head.contentLength;
    this.#left = bodyLength;
    if (bodyLength >= 0) this.#state = bodyLength === 0 ? COMPLETE : FIXED_LENGTH;
    else this.#state = head.chunked ? CHUNKED : UNTIL_CLOSE;
    if (this.#state === CHUNKED) reader.expectChunks();
    else reader.finish();
    this.#events.head(head, bodyLength);
  }

  #switch(head: Head, position: number): number {
    this.#state = SWITCHED;
    const protocol = head.upgradeField < 0 ? '' : head.valueText(head.upgradeField);
    const refusal = this.#events.switched(head, protocol);
    return refusal === undefined ? position : this.#refuse(refusal, position);
  }

  #readPlain(bytes: Buffer, start: number, end: number): number {
    let stop = end;
    if (this.#state === FIXED_LENGTH) {
      stop = Math.min(end, start + this.#left);
      this.#left -= stop - start;
      if (this.#left === 0) this.#state = COMPLETE;
    }
    this.#events.data(bytes, start, stop);
    return stop;
  }

  #readChunks(reader: MessageReader, bytes: Buffer, start: number, end: number): number {
    const progress = reader.feed(bytes, start, end, this);
    if (progress === MORE) return end;
    if (progress !== END) return this.#refuse(refuseFault(reader.fault), end);
    this.oddity ??= reader.oddity;
    this.#trailers = reader.trailers;
    this.#state = COMPLETE;
    return reader.position;
  }

  /** Refuses the response: nothing more of it is read. */
  #refuse(refusal: Refusal, end: number): number {
    this.#events.malformed(refusal);
    this.stop();
    return end;
  }

  /** The end of the connection is the end of the body. Over TLS it counts only if the backend itself has said so (RFC 9112, section 9.8). */
  #endByClose(): void {
    if (this.#channel.tls?.isCut === true) this.#events.gone(new BalanceError('backend_reset', CUT_END));
    else this.#complete(false);
  }

  #complete(mayServeMore: boolean): void {
    if (!mayServeMore || this.oddity !== undefined) this.idleMs = 0;
    this.#events.end(this.#trailers);
  }
}

/** An idle socket is given up this long before the announced end, because a request could be under way when the backend closes. */
const MARGIN_MS = 1_000;

/**
 * For how many milliseconds a backend keeps the socket open after this response: its `Keep-Alive: timeout=` minus a margin; 0 when it
 * closes the socket, infinity when it does not say.
 */
function announcedIdleMs(head: Head): number {
  if (!head.wantsKeepAlive) return 0;
  const field = head.fieldWith(KEEP_ALIVE);
  if (field < 0) return Number.POSITIVE_INFINITY;
  const seconds = /(?:^|[,\s])timeout=(\d{1,9})/i.exec(head.valueText(field))?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) * 1000 - MARGIN_MS);
}
