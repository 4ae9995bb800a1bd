import { performance } from 'node:perf_hooks';

import { BalanceError } from '../../../src/errors.ts';
import type {
  Connection,
  ConnectionActivity,
  ConnectionHandler,
  Deadline,
  LogFields,
  StreamReader,
} from '../../../src/plugin-api/index.ts';
import { refuseRequest, type Refusal } from '../message/refusal.ts';
import { NO_TRAILERS } from '../message/trailers.ts';
import type { RequestEvents, RequestHandler, ServerStream, ServerTunnel } from '../message/server-stream.ts';
import { ChunkPieces } from './parse/chunk-pieces.ts';
import { ClientTaking } from './client-taking.ts';
import { lastRequestMs, mayServeMore } from './connection-limits.ts';

import { countsAsGone } from './half-close.ts';
import type { Head } from './parse/head.ts';
import { HeadFragment } from './parse/head-fragment.ts';
import { afterLineBreaks } from './line-breaks.ts';
import { Lingering, LINGER_LOOK_MS } from './lingering.ts';
import { REQUEST } from './parse/llhttp.ts';
import { END, HEAD, MessageReader, MORE } from './parse/message-reader.ts';
import type { ParserParts } from './parser-parts.ts';
import { refuseBodyFault, refuseHead, SLOW_HEAD } from './parse/request-faults.ts';
import { ResponseWriter } from './write/response-writer.ts';
import type { ServerSettings } from './server-settings.ts';

/** So many bytes of pipelined requests are read ahead of their turn. */
const AHEAD_BYTES = 16 * 1024;

/**
 * A client's connection of HTTP/1. It reads one request after the other, and is the stream of the one that is served. The next one begins
 * when that one is released, so a pipelined request waits for its turn.
 */
export class ServerConnection
  extends ResponseWriter
  implements StreamReader, ConnectionHandler, ServerStream
{
  readonly buffer: Buffer;
  readonly deadline: Deadline;
  readonly reader: MessageReader;
  readonly #handler: RequestHandler<ServerSettings>;
  readonly #parts: ParserParts;
  readonly #first: ServerSettings;
  readonly #begunAtMs = performance.now();
  /** Who serves the request that runs. */
  #running: RequestEvents | undefined = undefined;
  /** The settings by which the last request was served. */
  #settings: ServerSettings;
  /** What is left of the body of the request that runs, in bytes; -1: chunks, until the last one. */
  #bodyLeft = 0;
  /** Made for the first chunked body. */
  #pieces: ChunkPieces | undefined = undefined;
  /** What the client sent behind the request that runs: it waits for its turn. */
  #ahead: Buffer | undefined = undefined;
  #pace: ClientTaking | undefined = undefined;
  /** When the first byte of the head came that is being read. Not noted for a head that arrives in one piece. */
  #headBegunAtMs = 0;
  #requests = 0;
  /** Whether the client said, in a way that can be believed, that it sends nothing after the request that runs. */
  #isLast = false;
  #closing = false;
  /** While the connection waits for one last request although its generation is over: the settings that serve it and wait, too. */
  #last: ServerSettings | undefined = undefined;
  /** Set after the last response. */
  #lingering: Lingering | undefined = undefined;
  /** The request that the connection became a tunnel for. */
  #tunnel: RequestEvents | undefined = undefined;
  /** The client sends nothing more. */
  #peerEnded = false;
  /** While a request begins: more bytes of the client follow its head. */
  #moreFollows = false;

  constructor(
    connection: Connection,
    settings: ServerSettings,
    handler: RequestHandler<ServerSettings>,
    parts: ParserParts,
  ) {
    super(connection);
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

  /** For lines about a fault of ours while it runs. */
  logFields(): LogFields {
    return this.#running?.logFields() ?? {};
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#lingering === undefined) this.#consume(bytes, start, end);
    else this.#lingering.received(end - start);
  }

  end(): void {
    this.#peerEnded = true;
    if (this.#lingering !== undefined) return;
    const isServing = this.#running !== undefined || this.#ahead !== undefined;
    if (isServing ? this.#countsAsGone() : this.reader.busy) this.connection.transport.destroy();
    else if (!isServing) this.#finish();
  }

  #countsAsGone(): boolean {
    // The rest of the body will not come.
    if (this.#bodyLeft !== 0) return true;
    const isRunning = this.#running !== undefined;
    const settings = isRunning ? this.#settings : this.#live;
    return countsAsGone(isRunning && this.#isLast, this.#ahead, settings, this.#parts);
  }

  /** The client ended its side, and all that it sent before is answered or being answered. */
  get #isAtEnd(): boolean {
    return this.#peerEnded && this.#ahead === undefined && !this.#moreFollows;
  }

  drained(): void {
    if (!this.isBlocked) return;
    this.isBlocked = false;
    const keptPace = this.#reading.end();
    if (this.#running !== undefined) this.#running.drained(keptPace);
    else if (keptPace) this.#next();
    else this.connection.transport.reset();
  }

  closed(error: Error | undefined): void {
    this.deadline.destroy();
    const running = this.#running;
    this.#running = undefined;
    // Where the core ended the connection, its reason counts, and not that the client is gone.
    const reason = error instanceof BalanceError ? error.code : undefined;
    if (running === undefined && this.reader.busy && this.#lingering === undefined) {
      const fragment = new HeadFragment(this.reader.arrived);
      this.#handler.unfinished(fragment, reason ?? 'client_abort', this.#live, this.#headBegunAtMs);
    }
    this.reader.finish();
    this.#ahead = undefined;
    this.#letGo();
    this.#handler.close();
    running?.gone(reason);
  }

  drain(): void {
    this.#lingering?.hurry();
    if (this.#tunnel !== undefined || this.#closing) return;
    this.#closing = true;
    if (this.#running !== undefined) return;
    if (this.isBlocked) {
      this.#finish();
      return;
    }
    if (!this.reader.busy) this.deadline.set(lastRequestMs(this.#requests, this.#begunAtMs));
    this.#last = this.#live;
    this.#last.begun();
  }

  /** The last request is there, or will not come: its instance may end. */
  #letGo(): void {
    const last = this.#last;
    this.#last = undefined;
    last?.ended();
  }

  activity(): ConnectionActivity {
    const running = this.#running ?? this.#tunnel;
    return {
      state: this.#tunnel !== undefined ? 'tunnel' : running === undefined ? 'idle' : 'exchange',
      exchanges: this.#requests,
      instance: running?.instance,
      upstream: running?.upstreamName,
      backend: running?.backend,
    };
  }

  /** Watches whether the client takes what was written to it. */
  get #reading(): ClientTaking {
    return (this.#pace ??= new ClientTaking(this.connection.transport));
  }

  awaitReader(): number {
    return this.#reading.begin(this.#settings.taking);
  }

  keepsPace(): boolean {
    return this.#reading.keepsPace();
  }

  protected mayServeMore(): boolean {
    // The rest of an unread body must not be taken for a request.
    if (this.#bodyLeft !== 0 || this.#closing || this.connection.draining || this.#isAtEnd) return false;
    const { current } = this.#handler;
    return current !== undefined && mayServeMore(current.options.limits, this.#requests, this.#begunAtMs);
  }

  listen(events: RequestEvents): void {
    this.#running = events;
    // The new request holds the instance from now on.
    if (this.#last !== undefined) this.#letGo();
  }

  /** The client may send on, unless it has sent too much ahead. */
  resume(): void {
    if (this.#ahead === undefined || this.#ahead.length < AHEAD_BYTES) this.connection.transport.resume();
  }

  closeAfterwards(): void {
    this.staysOpen = false;
    this.#isLast = false;
  }

  release(): void {
    const hasUnreadBody = this.#bodyLeft !== 0;
    this.#running = undefined;
    this.#bodyLeft = 0;
    // The response announced whether the connection stays open. That holds, even when an edit lowered the limits meanwhile.
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
    if (this.isBlocked && this.#running === undefined) return;
    // What is left of the last bytes is no whole request.
    if (this.#running === undefined && this.#isAtEnd) this.#finish();
    else this.resume();
  }

  becomeTunnel(): ServerTunnel {
    this.#tunnel = this.#running;
    this.#running = undefined;
    this.deadline.destroy();
    this.#handler.close();
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return { stream: this.connection.transport, ahead };
  }

  #consume(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && this.#lingering === undefined) {
      const running = this.#running;
      if (running === undefined) {
        if (this.isBlocked) at = this.#keep(bytes, at, end);
        else at = this.#readHead(bytes, at, end);
      } else if (this.#bodyLeft === 0) at = this.#keep(bytes, at, end);
      else if (this.#bodyLeft > 0) at = this.#takePlain(running, bytes, at, end);
      else at = this.#takeChunks(running, bytes, at, end);
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
      // The whole head has this long, however its bytes trickle in.
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
    this.#requests += 1;
    const settings = this.#last ?? this.#live;
    this.#settings = settings;
    this.#isLast = !head.wantsKeepAlive;
    this.#bodyLeft = head.bodyLength;
    this.beginResponse(head.minor > 0, head.wantsKeepAlive);
    if (head.chunked) this.reader.expectChunks();
    else this.reader.finish();
    this.#handler.request(this, head, settings);
  }

  #takePlain(running: RequestEvents, bytes: Buffer, start: number, end: number): number {
    const stop = Math.min(end, start + this.#bodyLeft);
    this.#bodyLeft -= stop - start;
    running.data(bytes, start, stop);
    if (this.#running !== running) return end;
    if (this.#bodyLeft === 0) running.end(NO_TRAILERS);
    return this.#tell(running, stop - start, bytes, stop, end);
  }

  #takeChunks(running: RequestEvents, bytes: Buffer, start: number, end: number): number {
    const pieces = (this.#pieces ??= new ChunkPieces());
    const progress = this.reader.feed(bytes, start, end, pieces);
    if (progress === END) this.#bodyLeft = 0;
    if (pieces.length > 0) pieces.passTo(running);
    if (this.#running !== running) return end;
    if (progress === MORE) return this.#tell(running, end - start, bytes, end, end);
    if (progress !== END) {
      running.malformed(refuseBodyFault(this.reader.fault));
      return end;
    }
    const stop = this.reader.position;
    running.end(this.reader.trailers);
    return this.#tell(running, stop - start, bytes, stop, end);
  }

  /** All of the body that lies in `bytes` was told, up to `stop`. */
  #tell(running: RequestEvents, taken: number, bytes: Buffer, stop: number, end: number): number {
    let next = stop;
    // The backend switched before it had the whole body: what follows the body is the other protocol's.
    if (this.isSwitched && this.#bodyLeft === 0 && stop < end) next = this.#keep(bytes, stop, end);
    running.flush(taken);
    return next;
  }

  /** The live settings, or those of the beginning when the listener speaks another protocol by now. */
  get #live(): ServerSettings {
    return this.#handler.current ?? this.#first;
  }

  /** Answers bytes that are no request, and ends the connection, as nothing tells where the next request would begin. */
  #refuse(refusal: Refusal, begunAtMs: number): void {
    this.beginResponse(true, false);
    const fragment = new HeadFragment(this.reader.arrived);
    this.#handler.refused(this, fragment, refusal, this.#live, begunAtMs);
    this.#finish();
  }

  /** Ends the connection after its last response: see {@link Lingering}. `mayStillSend`: the client may be sending right now. */
  #finish(mayStillSend = true): void {
    if (this.#lingering !== undefined) return;
    this.#closing = true;
    this.#letGo();
    this.#handler.close();
    this.#ahead = undefined;
    this.isBlocked = false;
    this.reader.finish();
    const { transport: stream } = this.connection;
    const lingers = mayStillSend && !this.#peerEnded;
    this.#lingering = Lingering.begin(this.connection, this.#reading, this.#live.taking, lingers);
    if (!stream.destroyed) this.deadline.set(LINGER_LOOK_MS);
    if (lingers) stream.resume();
  }

  #expired(): void {
    const { transport: stream } = this.connection;
    if (this.#lingering !== undefined) {
      if (this.#lingering.isOver()) stream.destroy();
      else this.deadline.set(LINGER_LOOK_MS);
    } else if (this.#running !== undefined) this.#running.expired();
    else if (this.isBlocked) {
      if (this.#reading.keepsPace()) this.deadline.set(this.#reading.lookMs);
      else stream.reset();
    } else if (this.reader.busy) this.#refuse(refuseRequest(SLOW_HEAD), this.#headBegunAtMs);
    else this.#finish();
  }
}
