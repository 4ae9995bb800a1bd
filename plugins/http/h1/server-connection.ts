import { performance } from 'node:perf_hooks';

import { BalanceError } from '../../../src/errors.ts';
import type {
  Connection,
  ConnectionActivity,
  ConnectionHandler,
  Deadline,
  Lease,
  LogFields,
  StreamReader,
} from '../../../src/plugin-api/index.ts';
import { takeBody } from '../exchange/body-forwarding.ts';
import { ForwardingProfile } from '../forwarding/forwarding-profile.ts';
import { ClientTaking } from './client-taking.ts';
import { lastRequestMs, mayServeMore } from './connection-limits.ts';
import { expire } from '../exchange/exchange-deadline.ts';
import { Exchange } from '../exchange/exchange.ts';
import { countsAsGone } from './half-close.ts';
import { answerRefusedHead, noteUnfinishedHead, refuseHead } from '../refusals/head-refusal.ts';
import type { Head } from './parse/head.ts';
import { HttpInstance } from '../instance/http-instance.ts';
import { afterLineBreaks } from './line-breaks.ts';
import { Lingering, LINGER_LOOK_MS } from './lingering.ts';
import { REQUEST, RESPONSE } from './parse/llhttp.ts';
import { HEAD, MessageReader, MORE } from './parse/message-reader.ts';
import { PinnedSockets } from '../exchange/pinned-sockets.ts';
import { refuseRequest, type Refusal } from '../message/refusal.ts';
import { SLOW_HEAD } from '../refusals/request-check.ts';
import { dispatch } from '../exchange/dispatch.ts';

/** So many bytes of pipelined requests are read ahead of their turn. */
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
  #view: ForwardingProfile | undefined;
  #taking: ClientTaking | undefined;
  /** When the first byte of the head came that is being read; of a head that arrives in one piece nobody asks. */
  #headBegunAtMs = 0;
  #requests = 0;
  #closing = false;
  /** While the connection waits for one last request although its generation is over: the instance that serves it and waits, too. */
  #last: HttpInstance | undefined;
  /** Set after the last response. */
  #lingering: Lingering | undefined;
  /** The exchange that the connection became a tunnel for. */
  #tunnel: Exchange | undefined;
  /** The client sends nothing more. */
  #peerEnded = false;
  /** Sockets to backends that are this client's own; undefined until there is one. */
  pinned: PinnedSockets | undefined;
  /** While an exchange begins: more bytes of the client follow its head. */
  #moreFollows = false;

  constructor(connection: Connection, instance: HttpInstance) {
    const { supply, recorder } = instance.parts;
    this.connection = connection;
    this.#first = instance;
    this.#latest = instance;
    this.buffer = supply.first.arena;
    this.reader = new MessageReader(supply, recorder, REQUEST, instance.requestLimits);
    this.responseReader = new MessageReader(supply, recorder, RESPONSE, instance.responseLimits);
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
    if (isWaiting ? countsAsGone(this.#exchange, this.#stash, this.#instance) : this.reader.busy)
      this.connection.stream.destroy();
    else if (!isWaiting) this.#finish();
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
    const exchange = this.#exchange;
    this.#exchange = undefined;
    // Where the core ended the connection, its reason counts, and not that the client is gone.
    const reason = error instanceof BalanceError ? error.code : undefined;
    if (exchange === undefined && this.reader.busy && this.#lingering === undefined)
      noteUnfinishedHead(this, this.#instance, reason ?? 'client_abort', this.#headBegunAtMs);
    this.reader.finish();
    this.responseReader.finish();
    this.#stash = undefined;
    this.#letGo();
    this.pinned?.destroy();
    if (exchange !== undefined) exchange.error ??= reason;
    exchange?.clientGone();
  }

  drain(): void {
    this.#lingering?.hurry();
    if (this.#tunnel !== undefined || this.#closing) return;
    this.#closing = true;
    if (this.#exchange !== undefined) return;
    if (this.#clientFull) {
      this.#finish();
      return;
    }
    if (!this.reader.busy) this.deadline.set(lastRequestMs(this.#requests, this.#begunAtMs));
    this.#last = this.#instance;
    this.#last.begun();
  }

  /** The last request is there, or will not come: its instance may end. */
  #letGo(): void {
    const last = this.#last;
    this.#last = undefined;
    last?.ended();
  }

  activity(): ConnectionActivity {
    const running = this.#exchange ?? this.#tunnel;
    return {
      state: this.#tunnel !== undefined ? 'tunnel' : running === undefined ? 'idle' : 'exchange',
      exchanges: this.#requests,
      instance: running?.instance,
      upstream: running?.matched?.upstream.name,
      backend: running?.backend,
    };
  }

  /** What the instance tells backends about this client. */
  view(instance: HttpInstance): ForwardingProfile {
    if (this.#view?.instance !== instance) this.#view = new ForwardingProfile(this.connection, instance);
    return this.#view;
  }

  /** Watches whether the client takes what was written to it. */
  get taking(): ClientTaking {
    return (this.#taking ??= new ClientTaking(this.connection.stream));
  }

  /** The client has not taken what was written to it. Returns after how many milliseconds to look whether it has. */
  watchTaking(instance: HttpInstance): number {
    return this.taking.begin(instance.taking);
  }

  /** False when the response must say that the connection ends after it. */
  get mayStayOpen(): boolean {
    if (this.#closing || this.connection.draining || this.#isAtEnd) return false;
    const current = this.#current();
    return current !== undefined && mayServeMore(current.options.limits, this.#requests, this.#begunAtMs);
  }

  /** The exchange is over, its response is written; `clientFull` when the client has not taken it yet. */
  done(keepAlive: boolean, clientFull: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    // The response announced whether the connection stays open. That holds, even when an edit lowered the limits meanwhile.
    if (!keepAlive || this.#closing || this.connection.draining || this.#isAtEnd) {
      // A client that did not ask for the close may be sending its next request just now (RFC 9112 9.6).
      this.#finish(exchange?.isLast !== true || exchange.wantsBody || this.#stash !== undefined);
      return;
    }
    if (!clientFull) {
      this.#next();
      return;
    }
    // Backpressure: no new request begins until the client has taken this response.
    this.#clientFull = true;
    this.connection.stream.pause();
    this.deadline.set(this.watchTaking(exchange?.instance ?? this.#first));
  }

  /** From now on the socket of a lease, whose exchange is over, serves only this client. */
  pin(upstream: string, lease: Lease, status: number, idleMs: number): void {
    this.pinned ??= new PinnedSockets();
    this.pinned.pin(upstream, lease, status, idleMs);
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

  /** Keeps what the client sent ahead. Reading goes on for a while, because only a read shows that the client left. */
  #keep(ahead: Buffer): void {
    this.#stash = this.#stash === undefined ? Buffer.from(ahead) : Buffer.concat([this.#stash, ahead]);
    if (this.#stash.length >= STASH_BYTES) this.connection.stream.pause();
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const first = !this.reader.busy;
    // Line breaks after the last request do not begin another one (RFC 9112 2.2).
    const at = first ? afterLineBreaks(bytes, start, end) : start;
    if (at === end) return end;
    if (first) this.reader.limits = this.#instance.requestLimits;
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
    const instance = this.#last ?? this.#instance;
    const exchange = new Exchange(this, instance, head);
    this.#exchange = exchange;
    if (this.#last !== undefined) this.#letGo();
    if (head.chunked) this.reader.expectChunks();
    else this.reader.finish();
    dispatch(exchange, head);
  }

  /** The live instance, or the one of the beginning when the listener speaks another protocol by now. */
  get #instance(): HttpInstance {
    return this.#current() ?? this.#first;
  }

  /** The live instance, unless the listener speaks another protocol by now. */
  #current(): HttpInstance | undefined {
    const current = this.connection.current;
    if (current === this.#latest) return this.#latest;
    if (!(current instanceof HttpInstance)) return undefined;
    this.#latest = current;
    return current;
  }

  /** Answers bytes that are no request, and ends the connection, as nothing tells where the next request would begin. */
  #refuse(refusal: Refusal, begunAtMs: number): void {
    answerRefusedHead(this, this.#instance, refusal, begunAtMs);
    this.#finish();
  }

  /** Ends the connection after its last response: see {@link Lingering}. `mayStillSend`: the client may be sending right now. */
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
    this.#lingering = Lingering.begin(this.connection, this.taking, this.#instance.taking, lingers);
    if (!stream.destroyed) this.deadline.set(LINGER_LOOK_MS);
    if (lingers) stream.resume();
  }

  #expired(): void {
    const { stream } = this.connection;
    if (this.#lingering !== undefined) {
      if (this.#lingering.isOver()) stream.destroy();
      else this.deadline.set(LINGER_LOOK_MS);
    } else if (this.#clientFull) {
      if (this.taking.keepsPace()) this.deadline.set(this.taking.lookMs);
      else stream.reset();
    } else if (this.#exchange !== undefined) expire(this.#exchange);
    else if (this.reader.busy) this.#refuse(refuseRequest(SLOW_HEAD), this.#headBegunAtMs);
    else this.#finish();
  }
}
