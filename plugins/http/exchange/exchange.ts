import type { ErrorCode } from '../../../src/errors.ts';
import type { Answer, Lease, ResponseOrigin } from '../../../src/plugin-api/index.ts';
import { sentBytes } from '../message/answer.ts';
import { editedLines, withoutFields } from '../answers/edited-answer.ts';
import { withReason } from '../answers/error-answer.ts';
import { keptByPages, type ErrorPages } from '../answers/error-pages.ts';
import { FieldEdits } from '../forwarding/field-edits.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import { refuseRequest, type Refusal } from '../message/refusal/refusal.ts';
import type { RequestHead, ResponseHead } from '../message/message-head.ts';
import type { RequestEvents, ServerStream } from '../message/server-stream.ts';
import type { FieldLine } from '../message/trailers.ts';
import { logBackendFailure, logCompleted, logRefused } from '../records/exchange-lines.ts';
import { CLIENT_LEFT } from '../records/records.ts';
import { LARGE_BODY } from '../refusals/request-check.ts';
import { ExchangeAttempts } from './exchange-attempts.ts';
import { expire } from './exchange-deadline.ts';
import type { ClientState } from './exchange-state.ts';
import type { FilteringOwner } from './filtering.ts';
import { hstsLineFor } from '../https/hsts.ts';
import { openTunnel } from './tunnel.ts';

/**
 * One request and its response: from the complete head of the request to the last byte of the response. It writes to the client through
 * a {@link ServerStream}, has backends answer by {@link ExchangeAttempts}, and decides how it ends. `dispatch.ts` starts it,
 * {@link RequestBody} keeps and sends the request's body, and `exchange-deadline.ts` knows its time limits.
 */
export class Exchange extends ExchangeAttempts implements RequestEvents, FilteringOwner {
  constructor(client: ClientState, stream: ServerStream, instance: HttpInstance, head: RequestHead) {
    super(client, stream, instance, head);
    stream.listen(this);
  }

  data(bytes: Buffer, start: number, end: number): void {
    const { body } = this;
    if (body === undefined || this.filtering?.requestData(bytes, start, end) === false) return;
    this.mirrorCopy?.add(bytes, start, end);
    body.add(bytes, start, end, this.attempt?.client);
    if (body.isTooLarge) this.refuse(refuseRequest(LARGE_BODY));
  }

  end(trailers: readonly FieldLine[]): void {
    if (this.filtering?.requestEnd() === false) return;
    const passed = this.instance.passedTrailers(trailers);
    this.mirrorCopy?.complete(passed);
    this.body?.complete(passed, this.attempt?.client);
    if (this.attempt !== undefined || this.pending !== undefined) this.hedge?.arm();
  }

  flush(bytes: number): void {
    const { body } = this;
    if (body?.arrived(bytes) !== true) return;
    const attempt = this.attempt;
    if (attempt !== undefined) {
      // Backpressure: read no more from the client until the backend has taken what was written to it.
      if (!body.flushTo(attempt.client)) this.stream.pause();
      if (attempt.isSwitched && !body.isOpen) {
        this.becomeTunnel();
        return;
      }
    } else if (this.filtering?.bodyArrived() !== true && !body.gathersOn()) {
      // Once the body is complete, the client is still read, because only a read shows that it left.
      if (body.isOpen) this.stream.pause();
      if (this.#awaitsBody && this.forwardedTo !== undefined) {
        this.acquire(this.forwardedTo);
        return;
      }
    }
    this.renewDeadline();
  }

  /** True while a request that was forwarded has no backend because its body is read first. A request that waits for a filter has no draft. */
  get #awaitsBody(): boolean {
    return this.pending === undefined && this.draft !== undefined && this.retries?.isWaiting !== true;
  }

  malformed(refusal: Refusal): void {
    this.refuse(refusal);
  }

  drained(keptPace: boolean): void {
    const attempt = this.attempt;
    if (attempt === undefined) return;
    if (!keptPace) {
      this.abort('reader_too_slow');
      return;
    }
    if (this.filtering?.drained() !== true) attempt.client.resume();
    this.renewDeadline();
  }

  expired(): void {
    expire(this);
  }

  complete(): void {
    const attempt = this.attempt;
    if (attempt === undefined) return;
    this.status = attempt.status;
    this.mark('backendEndMs');
    this.attempt = undefined;
    this.#endLease(attempt.lease, this.wantsBody ? 0 : attempt.client.idleMs);
    this.#finish();
    this.stream.release();
  }

  #endLease(lease: Lease, idleMs: number): void {
    const isOwn = idleMs > 0 && (this.pins || this.forwardedTo?.perClient === true);
    if (isOwn && this.stream.staysOpen) this.client.pin(this.upstream, lease, this.status, idleMs);
    else lease.end(undefined, this.status, isOwn ? 0 : idleMs);
  }

  /** Answers a request that breaks a rule. Ends the connection, unless `staysOpen`: the next bytes can't be trusted to be a request. */
  refuse(refusal: Refusal, staysOpen = false): void {
    if (this.isOver) return;
    if (!staysOpen) this.stream.closeAfterwards();
    this.refusal = refusal;
    if (this.logger.debugEnabled) logRefused(this.logger, refusal, this.logFields());
    this.fail(refusal.status, refusal.code, refusal.reason);
  }

  /** The backend's response can't be passed on. */
  refuseResponse(refusal: Refusal): void {
    if (this.isOver) return;
    this.refusal = refusal;
    this.fail(refusal.status, refusal.code, 'the backend sent an invalid response', refusal.reason);
  }

  /**
   * Ends an exchange whose response can't come, or not as a whole: answers with an error, or breaks off a response that has begun.
   * `reason` is for the client, `detail` for the log.
   */
  fail(status: number, code: ErrorCode, reason: string, detail = reason, retryAfterMs?: number): void {
    if (this.isOver) return;
    this.error ??= code;
    if (this.attempt?.begun === true) {
      this.abort(code, detail);
      return;
    }
    this.#nameTried();
    logBackendFailure(this, code, detail);
    this.endAttempt(code, 0);
    this.answerError(status, reason, retryAfterMs);
  }

  /** Answers with an error page in place of a backend. */
  answerError(status: number, reason: string, retryAfterMs?: number): void {
    this.answer(withReason(this.errorAnswer(status, reason), this.error, retryAfterMs));
  }

  errorAnswer(status: number, reason: string): Answer {
    return this.#pages.answer(status, reason, this.requestId, this.wantsJson);
  }

  get #pages(): ErrorPages {
    return this.matchedRoute?.settings?.errorPages ?? this.instance.errorPages;
  }

  get looksAtResponses(): boolean {
    return this.matchedRoute?.rewrite !== undefined || this.#pages.replaceAny;
  }

  review(head: ResponseHead): boolean {
    const { status } = head;
    if (!this.wantsJson && this.#pages.replaces(status)) {
      const page = this.errorAnswer(status, '');
      this.endAttempt(undefined, status);
      this.answer({ ...page, headers: { ...page.headers, ...keptByPages(head) } }, 'backend');
      return false;
    }
    const edits = this.matchedRoute?.rewrite?.editsOf(head, this) ?? [];
    if (edits.length === 0) return true;
    if (this.filtering !== undefined) {
      this.filtering.rewritten = edits;
      return true;
    }
    const others = this.sessionEdits ?? this.matchedRoute?.responseEdits;
    this.sessionEdits = FieldEdits.ofFilters(edits, others, false);
    this.responseEdits = this.sessionEdits;
    return true;
  }

  /** Answers in place of a backend. */
  answer(answer: Answer, origin: ResponseOrigin = 'proxy'): void {
    if (this.filtering === undefined) this.#send(answer);
    else this.filtering.answer(answer, origin);
  }

  send(answer: Answer, status: number): void {
    if (this.isOver) return;
    if (this.attempt !== undefined) this.endAttempt(undefined, status);
    this.#send(answer);
  }

  #send(answer: Answer): void {
    this.status = answer.status;
    this.bytesSent = sentBytes(answer, this.method);
    const own = `X-Request-ID: ${this.requestId}\r\n${hstsLineFor(answer, this.hstsLine)}`;
    const { answerEdits: edits } = this.matchedRoute ?? this.instance;
    const { date } = this.instance;
    if (edits === undefined) this.stream.answer(answer, date.text, this.method, own);
    else
      this.stream.answer(withoutFields(answer, edits), date.text, this.method, editedLines(own, edits, this));
    this.#finish();
    this.stream.release();
  }

  /** Breaks the response off, so that the client sees that it is not whole. */
  abort(code: ErrorCode, detail = ''): void {
    if (this.isOver) return;
    this.error ??= code;
    logBackendFailure(this, code, detail);
    this.status = this.attempt?.status ?? 0;
    this.endAttempt(code, this.status);
    this.#finish();
    this.stream.abort(code === 'reader_too_slow');
  }

  gone(reason: ErrorCode | undefined): void {
    if (this.isOver) return;
    this.error ??= reason ?? 'client_abort';
    this.#nameTried();
    const status = this.attempt?.status ?? 0;
    this.status = status === 0 ? CLIENT_LEFT : status;
    this.endAttempt('client_abort', status);
    this.#finish();
  }

  /** The backend agreed to another protocol: from here on the exchange is a tunnel. */
  becomeTunnel(): void {
    const attempt = this.attempt;
    if (attempt === undefined) return;
    const { lease } = attempt;
    this.attempt = undefined;
    this.isOver = true;
    attempt.client.stop();
    const { stream, ahead } = this.stream.becomeTunnel();
    const sent = this.bytesSent;
    lease.leavePool();
    if (ahead !== undefined) lease.channel.write(ahead);
    this.status = 101;
    this.bytesSent = 0;
    this.#record();
    openTunnel(this, stream, lease, { received: ahead?.length ?? 0, sent });
  }

  #finish(): void {
    if (this.isOver) return;
    this.#record();
    this.instance.ended();
  }

  /** When the exchange got no socket, its record names the backend that was tried last. */
  #nameTried(): void {
    const tried = this.pending?.lastTried;
    if (tried !== undefined) this.backend = tried;
  }

  /** The exchange is over: its record goes to telemetry and into the log. */
  #record(): void {
    this.isOver = true;
    this.hedge?.end();
    this.retries?.end();
    this.mirrorCopy?.requestOver();
    this.body?.release();
    this.durationMs = this.elapsedMs;
    this.filtering?.over(this);
    const { host } = this.instance;
    if (!this.isOwn) host.telemetry.exchange(this);
    if (host.logger.debugEnabled) logCompleted(this);
  }
}
