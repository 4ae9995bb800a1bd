import { performance } from 'node:perf_hooks';

import { BalanceError } from '../../src/errors.ts';
import type {
  Connection,
  ConnectionActivity,
  ConnectionHandler,
  Deadline,
  Lease,
  LogFields,
  StreamReader,
} from '../../src/plugin-api/index.ts';
import { answerText, errorAnswer, withBody } from './answer.ts';
import { takeBody } from './body-forwarding.ts';
import { ClientView } from './client-fields.ts';
import { ClientTaking } from './client-taking.ts';
import { expire } from './exchange-deadline.ts';
import { Exchange } from './exchange.ts';
import { saysItIsLast } from './half-close.ts';
import type { Head } from './head.ts';
import { HttpInstance } from './http-instance.ts';
import { Lingering, LINGER_LOOK_MS } from './lingering.ts';
import { REQUEST, RESPONSE } from './llhttp.ts';
import { logRefused } from './exchange-lines.ts';
import { refuseLargeHead, refuseMalformed } from './head-refusal.ts';
import { PinnedSockets } from './pinned-sockets.ts';
import { refusedRecord } from './records.ts';
import { refuseRequest, type Refusal } from './refusal.ts';
import { dispatch } from './request-dispatch.ts';
import { SLOW_HEAD } from './request-check.ts';
import { HEAD, INVALID, MessageReader, MORE } from './message-reader.ts';

/** The first request of a connection may be under way when the connection is to end: it gets so long since the connection began. */
const FIRST_REQUEST_MS = 2_000;
/** So may a further one: what arrived while the edit went live was not read yet. Who asks often does not lose a request to the close. */
const NEXT_REQUEST_MS = 100;

const CR = 0x0d;
const LF = 0x0a;

/** Pipelined requests that are read ahead of their turn. */
const STASH_BYTES = 16 * 1024;

/** A client's connection: reads one request after the other and runs an exchange for each. */
export class HttpConnection implements StreamReader, ConnectionHandler {
  readonly buffer: Buffer;
  readonly connection: Connection;
  readonly reader: MessageReader;
  /** For the response of the exchange that runs; one after the other, so one is enough. */
  readonly responseReader: MessageReader;
  readonly deadline: Deadline;
  readonly #first: HttpInstance;
  /** The live instance at the last look. */
  #latest: HttpInstance;
  #exchange: Exchange | undefined;
  /** Pipelined requests that wait for their turn. */
  #stash: Buffer | undefined;
  /** The last response waits for the client to take it; until then no further request begins. */
  #clientFull = false;
  readonly #begunAtMs = performance.now();
  #view: ClientView | undefined;
  #taking: ClientTaking | undefined;
  #requests = 0;
  #closing = false;
  /** Kept open for one last request although its generation is over: who serves that, and does not end before. */
  #last: HttpInstance | undefined;
  /** After the last response. */
  #lingering: Lingering | undefined;
  #tunnelled = false;
  /** What became a tunnel. */
  #tunnel: Exchange | undefined;
  /** The client sends nothing more. */
  #peerEnded = false;
  /** Sockets to backends that are this client's own; undefined until there is one. */
  pinned: PinnedSockets | undefined;
  /** More bytes of the client follow those that began the exchange. */
  #moreFollows = false;

  constructor(connection: Connection, instance: HttpInstance) {
    const { supply, scratch } = instance.parts;
    this.connection = connection;
    this.#first = instance;
    this.#latest = instance;
    this.buffer = supply.first.arena;
    this.reader = new MessageReader(supply, scratch, REQUEST, instance.requestLimits);
    this.responseReader = new MessageReader(supply, scratch, RESPONSE, instance.responseLimits);
    this.deadline = instance.host.deadline(() => {
      this.#expired();
    }, this);
    this.deadline.set(instance.options.timeouts.idle);
    connection.stream.read(this);
  }

  /** For lines about a fault of ours while it runs. */
  logFields(): LogFields {
    return this.#exchange?.logFields() ?? {};
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#lingering === undefined) this.#consume(bytes, start, end);
    else this.#lingering.received(end - start);
  }

  end(): void {
    this.#peerEnded = true;
    if (this.#lingering !== undefined) return;
    const isWaiting = this.#exchange !== undefined || this.#stash !== undefined;
    if (isWaiting ? this.#countsAsGone() : this.reader.busy) this.connection.stream.destroy();
    else if (!isWaiting) this.#finish();
  }

  /** A client that left and one that only stopped sending look alike: whether one with unanswered requests is taken for gone. */
  #countsAsGone(): boolean {
    const exchange = this.#exchange;
    // The rest of the body will not come.
    if (exchange?.wantsBody === true) return true;
    const { options, parts, requestLimits } = exchange?.instance ?? this.#current() ?? this.#first;
    if (options.half_close !== 'auto') return options.half_close === 'abort';
    if (exchange?.isLast === true) return false;
    return this.#stash === undefined || !saysItIsLast(this.#stash, parts, requestLimits);
  }

  /** The client ended its side, and all that it sent before is answered or being answered. */
  get #isAtEnd(): boolean {
    return this.#peerEnded && this.#stash === undefined && !this.#moreFollows;
  }

  drained(): void {
    if (this.#clientFull) {
      this.#clientFull = false;
      if (this.taking.end()) this.#next();
      else this.connection.stream.reset();
    } else this.#exchange?.response?.clientDrained();
  }

  closed(error: Error | undefined): void {
    this.deadline.destroy();
    this.reader.finish();
    this.responseReader.finish();
    this.#stash = undefined;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#letGo();
    this.pinned?.destroy();
    // What the core ended is not the client's doing.
    if (exchange !== undefined && error instanceof BalanceError) exchange.error ??= error.code;
    exchange?.clientGone();
  }

  drain(): void {
    this.#lingering?.hurry();
    if (this.#tunnelled || this.#closing) return;
    this.#closing = true;
    if (this.#exchange !== undefined) return;
    if (this.#clientFull) {
      this.#finish();
      return;
    }
    if (!this.reader.busy) {
      const leftMs = FIRST_REQUEST_MS - (performance.now() - this.#begunAtMs);
      this.deadline.set(this.#requests > 0 ? NEXT_REQUEST_MS : Math.max(leftMs, NEXT_REQUEST_MS));
    }
    this.#last = this.#current() ?? this.#first;
    this.#last.begun();
  }

  /** The last request is there, or will not come. */
  #letGo(): void {
    const last = this.#last;
    this.#last = undefined;
    last?.ended();
  }

  activity(): ConnectionActivity {
    const running = this.#exchange ?? this.#tunnel;
    return {
      state: this.#tunnelled ? 'tunnel' : running === undefined ? 'idle' : 'exchange',
      exchanges: this.#requests,
      instance: running?.instance,
      upstream: running?.matched?.upstream.name,
      backend: running?.backend,
    };
  }

  /** What backends are told about this client, as the instance has it. */
  view(instance: HttpInstance): ClientView {
    if (this.#view?.instance !== instance) this.#view = new ClientView(this.connection, instance);
    return this.#view;
  }

  /** Watches whether the client takes what it is sent. */
  get taking(): ClientTaking {
    return (this.#taking ??= new ClientTaking(this.connection.stream));
  }

  /** The client has not taken what was written to it. Returns after how long it is to be looked at. */
  watchTaking(instance: HttpInstance): number {
    const { taking } = this;
    taking.begin(instance.taking);
    return taking.lookMs;
  }

  /** False when the response must say that the connection ends after it. */
  get mayStayOpen(): boolean {
    if (this.#closing || this.connection.draining || this.#isAtEnd) return false;
    const current = this.#current();
    if (current === undefined) return false;
    const { requests_per_connection: requests, connection_age: ageMs } = current.options.limits;
    if (requests > 0 && this.#requests >= requests) return false;
    return ageMs === 0 || performance.now() - this.#begunAtMs < ageMs;
  }

  /** The exchange is over, its response is written; `clientFull` when the client has not taken it yet. */
  done(keepAlive: boolean, clientFull: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    // Limits had their say in the response: what it announced holds, also when an edit lowered them meanwhile.
    if (!keepAlive || this.#closing || this.connection.draining || this.#isAtEnd) {
      // Who did not ask for the close may be sending its next request just now (RFC 9112 9.6).
      this.#finish(exchange?.isLast !== true || exchange.wantsBody || this.#stash !== undefined);
      return;
    }
    if (!clientFull) {
      this.#next();
      return;
    }
    // Who asks on and on without taking the answers must not fill the memory with them.
    this.#clientFull = true;
    this.connection.stream.pause();
    this.deadline.set(this.watchTaking(exchange?.instance ?? this.#first));
  }

  /** The socket of a lease, whose exchange is over, is this client's own from now on. */
  pin(upstream: string, lease: Lease, idleMs: number): void {
    this.pinned ??= new PinnedSockets();
    this.pinned.keep(upstream, lease, idleMs);
  }

  /** The client may send on, unless it has sent too much ahead. */
  resume(): void {
    if (this.#stash === undefined || this.#stash.length < STASH_BYTES) this.connection.stream.resume();
  }

  #next(): void {
    this.deadline.set(this.#first.options.timeouts.idle);
    const stash = this.#stash;
    if (stash !== undefined) {
      this.#stash = undefined;
      this.#consume(stash, 0, stash.length);
    }
    if (this.#clientFull) return;
    // What is left of the last bytes is no whole request.
    if (this.#exchange === undefined && this.#isAtEnd) this.#finish();
    else this.resume();
  }

  /** The connection becomes a tunnel; returns what the client sent ahead. */
  becomeTunnel(): Buffer | undefined {
    this.#tunnelled = true;
    this.#tunnel = this.#exchange;
    this.#exchange = undefined;
    this.deadline.destroy();
    this.pinned?.destroy();
    const ahead = this.#stash;
    this.#stash = undefined;
    return ahead;
  }

  #consume(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && this.#lingering === undefined) {
      const exchange = this.#exchange;
      if (exchange === undefined && !this.#clientFull) at = this.#readHead(bytes, at, end);
      else if (exchange?.wantsBody === true) at = takeBody(exchange, bytes, at, end);
      else {
        this.#keep(bytes.subarray(at, end));
        at = end;
      }
    }
    this.#moreFollows = false;
  }

  /** Reading goes on for a while, because only who reads sees the client leave. */
  #keep(ahead: Buffer): void {
    this.#stash = this.#stash === undefined ? Buffer.from(ahead) : Buffer.concat([this.#stash, ahead]);
    if (this.#stash.length >= STASH_BYTES) this.connection.stream.pause();
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    let at = start;
    const first = !this.reader.busy;
    // A line break too many after the last request is no beginning of another one (RFC 9112 2.2).
    while (first && at < end && (bytes[at] === CR || bytes[at] === LF)) at += 1;
    if (at === end) return end;
    if (first) this.reader.limits = (this.#current() ?? this.#first).requestLimits;
    const progress = this.reader.feed(bytes, at, end);
    if (progress === MORE) {
      // The whole head has this long, however its bytes trickle in.
      if (first) this.deadline.set(this.#first.options.timeouts.read);
      return end;
    }
    if (progress === HEAD) {
      const next = this.reader.position;
      this.#moreFollows = next < end;
      this.#begin(this.reader.head as Head);
      return next;
    }
    if (progress === INVALID) {
      this.#refuse(refuseMalformed(this.reader));
      return end;
    }
    this.#refuse(refuseLargeHead(this.reader));
    return end;
  }

  #begin(head: Head): void {
    this.#requests += 1;
    const instance = this.#last ?? this.#current() ?? this.#first;
    const exchange = new Exchange(this, instance, head);
    this.#exchange = exchange;
    if (this.#last !== undefined) this.#letGo();
    if (head.chunked) this.reader.expectChunks();
    else this.reader.finish();
    dispatch(exchange, head);
  }

  /** The live instance, unless the listener speaks another protocol by now. */
  #current(): HttpInstance | undefined {
    const current = this.connection.current;
    if (current === this.#latest) return this.#latest;
    if (!(current instanceof HttpInstance)) return undefined;
    this.#latest = current;
    return current;
  }

  /** Answers what is no request, and closes: nobody knows where the next one would begin. */
  #refuse(refusal: Refusal): void {
    const instance = this.#current() ?? this.#first;
    const requestId = instance.parts.requestIds.next();
    const { listener, remoteAddress } = this.connection;
    const { logger, telemetry } = instance.host;
    telemetry.exchange(refusedRecord(listener, remoteAddress, requestId, refusal));
    if (logger.debugEnabled) logRefused(logger, refusal, { request_id: requestId, client_ip: remoteAddress });
    const { status } = refusal;
    const answer = errorAnswer(status, refusal.reason, requestId, false);
    const page = instance.errorPages.render(status, requestId);
    const shown = page === undefined ? answer : withBody(answer, page.contentType, page.body);
    const lines = `X-Request-ID: ${requestId}\r\nConnection: close\r\n`;
    // Not even of a head that is not complete has a HEAD request an answer with a body.
    const method = this.reader.beginsWith('HEAD ') ? 'HEAD' : '';
    this.connection.stream.writeText(answerText(shown, instance.date.text, method, lines));
    this.#finish();
  }

  /**
   * Ends our side. While the client may still be sending, what comes is read and thrown away for a while; when it has
   * sent all that it began there is nothing to wait for.
   */
  #finish(mayStillSend = true): void {
    if (this.#lingering !== undefined) return;
    this.#closing = true;
    this.#letGo();
    this.pinned?.destroy();
    this.#stash = undefined;
    this.#clientFull = false;
    this.reader.finish();
    const { stream } = this.connection;
    const lingers = mayStillSend && !this.#peerEnded;
    if (lingers) stream.end();
    else stream.close();
    if (stream.writableLength > 0) this.watchTaking(this.#current() ?? this.#first);
    this.#lingering = new Lingering(stream, this.taking);
    if (this.connection.draining) this.#lingering.hurry();
    if (!stream.destroyed) this.deadline.set(LINGER_LOOK_MS);
    if (lingers) stream.resume();
  }

  #expired(): void {
    if (this.#lingering !== undefined) this.#lingerOn(this.#lingering);
    else if (this.#clientFull) this.#stillFull();
    else if (this.#exchange !== undefined) expire(this.#exchange);
    else if (this.reader.busy) this.#refuse(refuseRequest(SLOW_HEAD));
    else this.#finish();
  }

  #stillFull(): void {
    if (this.taking.keepsPace()) this.deadline.set(this.taking.lookMs);
    else this.connection.stream.reset();
  }

  #lingerOn(lingering: Lingering): void {
    if (lingering.isOver()) this.connection.stream.destroy();
    else this.deadline.set(LINGER_LOOK_MS);
  }
}
