import { messageOf, type BalanceError, type ErrorCode } from '../../../src/errors.ts';
import type { Backend, Lease, LeaseRequest, PendingLease, Upstream } from '../../../src/plugin-api/index.ts';
import { answerText, type Answer } from '../answers/answer.ts';
import { renewDeadline } from './exchange-deadline.ts';
import { ExchangeFacts } from '../records/exchange-facts.ts';
import {
  logBackendFailure,
  logBackendSelected,
  logCompleted,
  logRefused,
} from '../records/exchange-lines.ts';
import { failureReason } from './failure-reasons.ts';
import type { Head } from '../h1/parse/head.ts';
import type { HttpConnection } from '../h1/server-connection.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import { isIdempotent } from '../message/idempotent-methods.ts';
import type { Refusal } from '../message/refusal.ts';
import { gatherBody } from './body-buffering.ts';
import { CLIENT_LEFT } from '../records/records.ts';
import { connectionLines } from '../h1/write/response-connection.ts';
import { traceLines } from '../h1/write/request-text.ts';
import { ResponseRelay } from './response-relay.ts';
import { openTunnel } from './upgrade.ts';

/**
 * One request and its response: from the complete head of the one to the last byte of the other. The exchange has the socket to
 * the backend and decides how it ends; `request-dispatch.ts` starts it, `body-forwarding.ts` sends the request's body,
 * {@link ResponseRelay} passes the response on, and `exchange-deadline.ts` knows its time limits.
 */
export class Exchange extends ExchangeFacts implements LeaseRequest {
  /** Whether the client's connection may serve another request. */
  keepAlive: boolean;
  /** Whether the client said, in a way that can be believed, that it sends nothing after this request. */
  isLast: boolean;
  key: string | undefined = undefined;
  fresh = false;
  /** The socket to the backend serves only this client from now on: who authenticates on it does so for all of its requests. */
  pins = false;
  /** A body's first bytes, which come with the head, are to go out with it. */
  readonly immediate: boolean;
  /** Whether the client wants errors as JSON. */
  wantsJson = false;
  /** The head for the backend, without the lines that depend on the backend and on the try. */
  #requestText = '';
  #pending: PendingLease | undefined = undefined;
  #lease: Lease | undefined = undefined;
  #relay: ResponseRelay | undefined = undefined;
  #over = false;

  constructor(connection: HttpConnection, instance: HttpInstance, head: Head) {
    super(connection, instance, head);
    this.keepAlive = head.wantsKeepAlive;
    this.isLast = !this.keepAlive;
    this.immediate = this.body === undefined;
    instance.begun();
  }

  /** True while bytes from the client belong to this request's body. */
  get wantsBody(): boolean {
    return this.body?.isOpen === true;
  }

  /** The socket to the backend; undefined before there is one, and after it was given back. */
  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** True while the exchange waits for a socket to a backend. */
  get isQueued(): boolean {
    return this.#pending !== undefined;
  }

  /** The response of the backend that is asked; undefined while none is. */
  get response(): ResponseRelay | undefined {
    return this.#relay;
  }

  /** True once telemetry has the record of the exchange: nothing more may happen to it. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Sends the request to a backend of `upstream`. `text` is its head, as `requestText` makes it. */
  forward(text: string, upstream: Upstream): void {
    const { body } = this;
    const buffering = body === undefined ? undefined : this.instance.options.request_buffering;
    if (body === undefined || buffering === undefined) {
      this.#requestText = text;
      this.acquire(upstream);
    } else {
      this.#requestText = gatherBody(this, body, buffering, text);
      renewDeadline(this);
    }
  }

  /** Asks for a socket to a backend: the client's own, if it has one. */
  acquire(upstream: Upstream): void {
    this.mark('selectStartMs');
    const { pinned } = this.connection;
    const own = pinned === undefined || this.fresh ? undefined : pinned.take(upstream);
    if (own !== undefined) {
      this.pins = true;
      this.leased(own);
      return;
    }
    const pending = upstream.acquire(this);
    if (this.#lease !== undefined) return;
    this.#pending = pending;
    renewDeadline(this);
  }

  leased(lease: Lease): void {
    this.#pending = undefined;
    this.mark('selectEndMs');
    this.#lease = lease;
    this.backend = lease.backend;
    if (this.instance.host.logger.debugEnabled) logBackendSelected(this);
    this.#relay = new ResponseRelay(this, lease);
    lease.channel.read(this.#relay);
    const late = this.matched?.requestEdits?.lateLines(this);
    const trace = this.trace === undefined ? '' : traceLines(this.trace, this.matched);
    const text = this.#requestText + trace + (late === undefined ? '\r\n\r\n' : `\r\n${late}\r\n`);
    let clientWaited = false;
    if (this.body === undefined) lease.channel.writeText(text);
    else clientWaited = this.body.sendHeldWith(text, lease.channel);
    this.mark('backendStartMs');
    renewDeadline(this);
    if (clientWaited) this.connection.resume();
  }

  connectFailed(backend: Backend, error: BalanceError): void {
    this.noteFailedTry(backend, error.code);
  }

  refused(error: BalanceError): void {
    this.mark('selectEndMs');
    const status = error.status === 0 ? 502 : error.status;
    this.fail(status, error.code, failureReason(error.code), error.message);
  }

  /** The backend's connection ended before any byte of a response: sends the request again, or answers that the backend failed. */
  responseMissing(): void {
    if (!this.#mayBeResent) {
      const detail = 'the backend closed the connection before it sent a response';
      this.fail(502, 'backend_reset', 'the backend closed the connection', detail);
      return;
    }
    if (this.backend !== undefined) this.noteFailedTry(this.backend, 'backend_reset');
    this.#endLease('backend_reset', 0);
    this.trace?.nextTry();
    this.fresh = true;
    if (this.matched !== undefined) this.acquire(this.matched.upstream);
  }

  /** Once, and only where the backend most likely closed an idle socket before it saw the request (RFC 9112 9.3.1). */
  get #mayBeResent(): boolean {
    if (this.#lease?.reused !== true || this.fresh) return false;
    return this.body?.isRepeatable !== false && isIdempotent(this.method);
  }

  /** The response is complete and written. `idleMs`: for how long the backend keeps the socket; 0 when it can't be used again. */
  complete(status: number, idleMs: number): void {
    this.status = status;
    this.mark('backendEndMs');
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease !== undefined) this.#giveBack(lease, this.wantsBody ? 0 : idleMs);
    // The connection must not take the rest of an unread body for a request.
    this.#end(this.keepAlive && !this.wantsBody, this.#relay?.clientFull === true);
  }

  #giveBack(lease: Lease, idleMs: number): void {
    if (idleMs === 0 || !this.pins) lease.end(undefined, this.status, idleMs);
    else if (this.keepAlive) this.connection.pin(this.upstream, lease, this.status, idleMs);
    else lease.end(undefined, this.status, 0);
  }

  /** Answers a request that can't be served. The connection ends, as the client's next bytes may be anything. */
  refuse(refusal: Refusal): void {
    if (this.#over) return;
    this.keepAlive = false;
    this.isLast = false;
    this.refusal = refusal;
    const { logger } = this.instance.host;
    if (logger.debugEnabled) logRefused(logger, refusal, this.logFields());
    this.fail(refusal.status, refusal.code, refusal.reason);
  }

  /** The backend's response can't be passed on. */
  refuseResponse(refusal: Refusal): void {
    if (this.#over) return;
    this.refusal = refusal;
    this.fail(refusal.status, refusal.code, 'the backend sent an invalid response', refusal.reason);
  }

  /**
   * The backend's response can't come any more, or not as a whole: answers with an error, or breaks off a response that has begun.
   *
   * @param reason for the client
   * @param detail for the log
   */
  fail(status: number, code: ErrorCode, reason: string, detail = reason): void {
    if (this.#over) return;
    this.error ??= code;
    if (this.#relay?.begun === true) {
      this.abort(code, detail);
      return;
    }
    this.#nameTried();
    logBackendFailure(this, code, detail);
    this.#endLease(code, 0);
    this.answer(this.instance.errorPages.answer(status, reason, this.requestId, this.wantsJson));
  }

  /** Answers in place of a backend. */
  answer(answer: Answer): void {
    this.status = answer.status;
    this.bytesSent = this.method === 'HEAD' ? 0 : Buffer.byteLength(answer.body);
    const keepAlive = this.keepAlive && !this.wantsBody && this.connection.mayStayOpen;
    const lines = `X-Request-ID: ${this.requestId}\r\n${connectionLines(keepAlive, this.modern, '')}`;
    const text = answerText(answer, this.instance.date.text, this.method, lines);
    const taken = this.connection.connection.stream.writeText(text);
    this.#end(keepAlive, !taken);
  }

  /** Answers in place of a backend once the answer is there. When it never comes that is our own fault, and status 500. */
  answerLater(answer: Promise<Answer>): void {
    const give = (made: Answer): void => {
      if (!this.#over) this.answer(made);
    };
    answer.then(give).catch((error: unknown) => {
      this.instance.host.logger.error('Answer failed', { ...this.logFields(), error: messageOf(error) });
      this.fail(500, 'internal', 'the answer could not be made');
    });
  }

  /** Breaks the response off, so that the client sees that it is not whole. */
  abort(code: ErrorCode, detail = ''): void {
    if (this.#over) return;
    this.error ??= code;
    logBackendFailure(this, code, detail);
    this.status = this.#relay?.status ?? 0;
    // Where the end of the connection means the end of the body, only a reset tells the difference. A reset also frees what
    // the system keeps for a client that does not take it.
    const resets = this.#relay?.endsByClose === true || code === 'reader_too_slow';
    this.#endLease(code, this.status);
    this.#finish();
    const { stream } = this.connection.connection;
    if (resets) stream.reset();
    else stream.destroy();
  }

  /** The client's connection is over. */
  clientGone(): void {
    if (this.#over) return;
    this.error ??= 'client_abort';
    this.#nameTried();
    this.status = this.#relay?.begun === true ? this.#relay.status : CLIENT_LEFT;
    this.#endLease('client_abort', this.#relay?.begun === true ? this.status : 0);
    this.#finish();
  }

  /** The backend agreed to another protocol: from here on only bytes count. `bytes[start, end)` came behind its answer. */
  switchProtocol(answer: string, bytes: Buffer, start: number, end: number): void {
    const { stream } = this.connection.connection;
    stream.writeText(answer);
    if (start < end) stream.writeBorrowed(bytes, start, end);
    this.becomeTunnel(this.connection.becomeTunnel(), end - start);
  }

  /** `ahead`: what the client sent behind its request. `sent`: bytes of the other protocol that it has got. */
  becomeTunnel(ahead: Buffer | undefined, sent: number): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    this.#lease = undefined;
    this.#over = true;
    this.#relay?.stop();
    lease.leavePool();
    if (ahead !== undefined) lease.channel.write(ahead);
    this.status = 101;
    this.bytesSent = 0;
    this.#record();
    // The instance counts the tunnel on in place of the exchange.
    openTunnel(this, lease, { received: ahead?.length ?? 0, sent });
  }

  #end(keepAlive: boolean, clientFull: boolean): void {
    this.#finish();
    this.connection.done(keepAlive, clientFull);
  }

  #finish(): void {
    if (this.#over) return;
    this.#record();
    this.instance.ended();
  }

  /** The record of an exchange that gets no socket names the backend that it was tried with last. */
  #nameTried(): void {
    const tried = this.#pending?.lastTried;
    if (tried !== undefined) this.backend = tried;
  }

  /** The response does not come, or not as a whole: the socket is of no use any more. `status`: of the response, 0 without one. */
  #endLease(error: ErrorCode, status: number): void {
    this.mark('backendEndMs');
    this.#relay?.stop();
    this.#relay = undefined;
    const lease = this.#lease;
    this.#lease = undefined;
    lease?.end(error, status, 0);
    this.#pending?.cancel();
    this.#pending = undefined;
  }

  /** The exchange is over: its record goes to telemetry and into the log. */
  #record(): void {
    this.#over = true;
    this.body?.release();
    this.durationMs = this.elapsedMs;
    const { host } = this.instance;
    if (!this.isOwn) host.telemetry.exchange(this);
    if (host.logger.debugEnabled) logCompleted(this);
  }
}
