import { performance } from 'node:perf_hooks';

import { BalanceError } from '../../../src/errors.ts';
import type { Connection, ConnectionHandler, Deadline, StreamReader } from '../../../src/plugin-api/index.ts';
import { refuseRequest, type Refusal } from '../message/refusal/refusal.ts';
import type { RequestEvents, RequestHandler, ServerStream, ServerTunnel } from '../message/server-stream.ts';
import { lastRequestMs, mayServeMore } from './connection-limits.ts';

import { countsAsGone } from './half-close.ts';
import type { Head } from './parse/head.ts';
import { HeadFragment } from './parse/head-fragment.ts';
import { afterLineBreaks } from './line-breaks.ts';
import { REQUEST } from './llhttp/llhttp.ts';
import { HEAD, MessageReader, MORE } from './parse/message-reader.ts';
import type { SharedParsers } from './shared-parsers.ts';
import { refuseHead, SLOW_HEAD } from './parse/head-refusal.ts';
import { RequestBodyReader } from './request-body-reader.ts';
import { ResponseWriter } from './write/response-writer.ts';
import type { ServerSettings } from './server-settings.ts';

/** How many bytes of pipelined requests are read before it is their turn. */
const AHEAD_BYTES = 16 * 1024;

/**
 * A client's HTTP/1 connection. It reads one request after the other, and is the {@link ServerStream} of the request that is served. The
 * next request begins when that one is released, so a pipelined request waits for its turn.
 */
export class ServerConnection
  extends ResponseWriter
  implements StreamReader, ConnectionHandler, ServerStream
{
  readonly buffer: Buffer;
  readonly deadline: Deadline;
  readonly reader: MessageReader;
  readonly #handler: RequestHandler<ServerSettings>;
  readonly #parts: SharedParsers;
  readonly #first: ServerSettings;
  readonly #begunAtMs = performance.now();
  /** The settings by which the last request was or is served. */
  #settings: ServerSettings;
  /** The body of the request that runs; undefined for a request without one. */
  #body: RequestBodyReader | undefined = undefined;
  /** True after {@link pause}: the rest of the body is kept. */
  #isPaused = false;
  /** What the client sent after the request that runs: it waits for its turn. */
  #ahead: Buffer | undefined = undefined;
  /** When the first byte came of the head that is being read. Not set for a head that arrives in one piece. */
  #headBegunAtMs = 0;
  /** Whether the request that runs says that it is the last one, and its bytes can be trusted. */
  #isLast = false;
  #closing = false;
  /** Set while the connection, whose generation is over, waits for one last request: the settings that will serve it. */
  #last: ServerSettings | undefined = undefined;
  /** True once the client ended its side. */
  #peerEnded = false;
  /** While a request begins: whether more bytes of the client follow its head. */
  #moreFollows = false;

  constructor(
    connection: Connection,
    settings: ServerSettings,
    handler: RequestHandler<ServerSettings>,
    parts: SharedParsers,
  ) {
    super(connection, settings.taking);
    this.#handler = handler;
    this.#parts = parts;
    this.#first = settings;
    this.#settings = settings;
    this.buffer = parts.supply.first.arena;
    this.reader = new MessageReader(parts.supply, parts.recorder, REQUEST, settings.requestLimits);
    this.deadline = settings.host.deadline(() => {
      this.#expired();
    }, this);
    this.deadline.set(settings.options.timeouts.idle);
    connection.transport.read(this);
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (!this.isEnding) this.#consume(bytes, start, end);
    else this.throwAway(end - start);
  }

  end(): void {
    this.#peerEnded = true;
    if (this.isEnding) return;
    const isServing = this.running !== undefined || this.#ahead !== undefined;
    if (isServing ? this.#countsAsGone() : this.reader.busy) this.connection.transport.destroy();
    else if (!isServing) this.#finish();
  }

  #countsAsGone(): boolean {
    // The rest of the body can't come any more. But a client that gets its response before that should stop sending it (RFC 9112 9.5).
    if (this.#body?.isOpen === true)
      return !this.hasResponded || this.#settings.options.half_close === 'abort';
    const isRunning = this.running !== undefined;
    const settings = isRunning ? this.#settings : this.#live;
    return countsAsGone(isRunning && this.#isLast, this.#ahead, settings, this.#parts);
  }

  /** True when the client ended its side, and everything that it sent before is answered or being answered. */
  get #isAtEnd(): boolean {
    return this.#peerEnded && this.#ahead === undefined && !this.#moreFollows;
  }

  drained(): void {
    if (!this.isBlocked) return;
    this.isBlocked = false;
    const keptPace = this.pace.end();
    if (this.running !== undefined) this.running.drained(keptPace);
    else if (keptPace) this.#next();
    else this.connection.transport.reset();
  }

  closed(error: Error | undefined): void {
    this.deadline.destroy();
    const running = this.running;
    this.running = undefined;
    // When the core ended the connection, its reason counts, and not that the client is gone.
    const reason = error instanceof BalanceError ? error.code : undefined;
    if (running === undefined && this.reader.busy && !this.isEnding) {
      const fragment = new HeadFragment(this.reader.arrived);
      this.#handler.unfinished(fragment, reason ?? 'client_abort', this.#live, this.#headBegunAtMs);
    }
    this.reader.finish();
    this.#ahead = undefined;
    this.#releaseLast();
    this.#handler.close();
    running?.gone(reason);
  }

  drain(): void {
    this.hurry();
    if (this.tunnel !== undefined || this.#closing) return;
    this.#closing = true;
    if (this.running !== undefined) return;
    if (this.isBlocked) {
      this.#finish();
      return;
    }
    if (!this.reader.busy) this.deadline.set(lastRequestMs(this.requests, this.#begunAtMs));
    this.#last = this.#live;
    this.#last.begun();
  }

  /** The last request has begun, or will not come: its instance may end. */
  #releaseLast(): void {
    const last = this.#last;
    this.#last = undefined;
    last?.ended();
  }

  protected mayServeMore(): boolean {
    // After an unread body, the bytes that follow must not be taken for a request.
    if (this.#body?.isOpen === true || this.#closing || this.connection.draining || this.#isAtEnd)
      return false;
    const { current } = this.#handler;
    return current !== undefined && mayServeMore(current.options.limits, this.requests, this.#begunAtMs);
  }

  listen(events: RequestEvents): void {
    this.running = events;
    // The new request holds the instance from now on.
    if (this.#last !== undefined) this.#releaseLast();
  }

  pause(): void {
    this.#isPaused = true;
    this.connection.transport.pause();
  }

  resume(): void {
    this.#isPaused = false;
    const ahead = this.#ahead;
    if (ahead !== undefined && this.#body?.isOpen === true) {
      this.#ahead = undefined;
      this.#consume(ahead, 0, ahead.length);
    }
    this.#readOn();
  }

  /** Reads from the client again, unless it has sent too much ahead. */
  #readOn(): void {
    if (this.#isPaused) return;
    if (this.#ahead === undefined || this.#ahead.length < AHEAD_BYTES) this.connection.transport.resume();
  }

  closeAfterwards(): void {
    this.staysOpen = false;
    this.#isLast = false;
  }

  release(): void {
    const hasUnreadBody = this.#body?.isOpen === true;
    this.running = undefined;
    this.#isPaused = false;
    this.#body?.stop();
    this.#body = undefined;
    // The response said whether the connection stays open. That still holds when an edit lowered the limits meanwhile.
    if (!this.staysOpen || hasUnreadBody || this.#closing || this.connection.draining || this.#isAtEnd) {
      // A client that did not ask for the close may be sending its next request just now (RFC 9112 9.6).
      this.#finish(!this.#isLast || hasUnreadBody || this.#ahead !== undefined);
      return;
    }
    if (!this.isBlocked) {
      this.#next();
      return;
    }
    // Backpressure: start no new request until the client has read this response.
    this.connection.transport.pause();
    this.deadline.set(this.awaitReader());
  }

  #next(): void {
    this.deadline.set(this.#first.options.timeouts.idle);
    const ahead = this.#ahead;
    if (ahead !== undefined) {
      this.#ahead = undefined;
      this.#consume(ahead, 0, ahead.length);
    }
    if (this.isBlocked && this.running === undefined) return;
    // The last bytes that are left are not a whole request.
    if (this.running === undefined && this.#isAtEnd) this.#finish();
    else this.#readOn();
  }

  becomeTunnel(): ServerTunnel {
    this.tunnel = this.running;
    this.running = undefined;
    this.deadline.destroy();
    this.#handler.close();
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return { stream: this.connection.transport, ahead };
  }

  #consume(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && !this.isEnding) {
      const running = this.running;
      if (running === undefined) {
        if (this.isBlocked) at = this.#keep(bytes, at, end);
        else at = this.#readHead(bytes, at, end);
      } else if (this.#body?.isOpen === true && !this.#isPaused) {
        at = this.#takeBody(running, this.#body, bytes, at, end);
      } else at = this.#keep(bytes, at, end);
    }
    this.#moreFollows = false;
  }

  /** Keeps what the client sent ahead. Reading goes on for a while, because only a read shows that the client left. */
  #keep(bytes: Buffer, start: number, end: number): number {
    const more = bytes.subarray(start, end);
    this.#ahead = this.#ahead === undefined ? Buffer.from(more) : Buffer.concat([this.#ahead, more]);
    if (this.#ahead.length >= AHEAD_BYTES) this.connection.transport.pause();
    return end;
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const first = !this.reader.busy;
    // Line breaks after the last request do not begin another one (RFC 9112 2.2).
    const at = first ? afterLineBreaks(bytes, start, end) : start;
    if (at === end) return end;
    if (first) this.reader.limits = this.#live.requestLimits;
    const progress = this.reader.feed(bytes, at, end);
    if (progress === MORE) {
      // The time limit is for the whole head, no matter how its bytes arrive.
      if (first) {
        this.#headBegunAtMs = performance.now();
        this.deadline.set(this.#first.options.timeouts.read);
      }
      return end;
    }
    if (progress === HEAD) {
      const next = this.reader.position;
      this.#moreFollows = next < end;
      this.#begin(this.reader.head as Head);
      return next;
    }
    this.#refuse(refuseHead(this.reader, progress), first ? performance.now() : this.#headBegunAtMs);
    return end;
  }

  #begin(head: Head): void {
    this.requests += 1;
    const settings = this.#last ?? this.#live;
    this.#settings = settings;
    this.#isLast = !head.wantsKeepAlive;
    const { bodyLength } = head;
    this.#body = bodyLength === 0 ? undefined : new RequestBodyReader(bodyLength);
    this.beginResponse(head.minor > 0, head.wantsKeepAlive, settings.taking);
    if (head.chunked) this.reader.expectChunks();
    else this.reader.finish();
    this.#handler.request(this, head, settings);
  }

  #takeBody(
    running: RequestEvents,
    body: RequestBodyReader,
    bytes: Buffer,
    start: number,
    end: number,
  ): number {
    const stop = body.take(running, this.reader, bytes, start, end);
    if (stop < 0) return end;
    let next = stop;
    // The backend switched before it had the whole body: the bytes after the body belong to the other protocol.
    if (this.isSwitched && !body.isOpen && stop < end) next = this.#keep(bytes, stop, end);
    running.flush(stop - start);
    return next;
  }

  /** The live settings; when the listener does not speak HTTP any more, those with which the connection began. */
  get #live(): ServerSettings {
    return this.#handler.current ?? this.#first;
  }

  /** Answers bytes that are not a request, and ends the connection, because nothing tells where the next request would begin. */
  #refuse(refusal: Refusal, begunAtMs: number): void {
    this.beginResponse(true, false, this.#live.taking);
    const fragment = new HeadFragment(this.reader.arrived);
    this.#handler.refused(this, fragment, refusal, this.#live, begunAtMs);
    this.#finish();
  }

  /** Ends the connection after its last response, see {@link Lingering}. `mayStillSend`: the client may be sending at this moment. */
  #finish(mayStillSend = true): void {
    if (this.isEnding) return;
    this.#closing = true;
    this.#releaseLast();
    this.#handler.close();
    this.#ahead = undefined;
    this.isBlocked = false;
    this.reader.finish();
    this.endConnection(mayStillSend && !this.#peerEnded, this.#live.taking);
  }

  #expired(): void {
    if (this.isEnding) this.lookAtEnd();
    else if (this.running !== undefined) this.running.expired();
    else if (this.isBlocked) this.lookAtReader();
    else if (this.reader.busy) this.#refuse(refuseRequest(SLOW_HEAD), this.#headBegunAtMs);
    else this.#finish();
  }
}
