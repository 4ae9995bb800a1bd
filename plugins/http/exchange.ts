import type { BalanceError, ErrorCode } from '../../src/errors.ts';
import type { Backend, Lease, LeaseRequest, PendingLease, Upstream } from '../../src/plugin-api/index.ts';
import { plainBytes, routedPath } from '../../src/plugin-api/routed-path.ts';
import { answerText, errorAnswer, withBody, type Answer } from './answer.ts';
import type { ClientFields, KnownHost } from './client-fields.ts';
import { ExchangeFacts } from './exchange-facts.ts';
import {
  logBackendFailure,
  logBackendSelected,
  logCompleted,
  logReceived,
  logRefused,
} from './exchange-lines.ts';
import { failureReason } from './failure-reasons.ts';
import { HOST } from './field-names.ts';
import { hashKey } from './hash-key.ts';
import type { Head } from './head.ts';
import type { HttpConnection } from './http-connection.ts';
import type { HttpInstance } from './http-instance.ts';
import { isIdempotent } from './idempotent-methods.ts';
import { localAnswer } from './local-answer.ts';
import { normalTarget } from './normal-path.ts';
import {
  AMBIGUOUS_PATH,
  BAD_HOST,
  BAD_TARGET,
  checkRequest,
  refuseBody,
  DRIPPED_BODY,
  SLOW_BODY,
  TWO_READINGS,
} from './request-check.ts';
import { refuseField, refuseRequest, refuseTarget, type Refusal } from './refusal.ts';
import type { HttpRequestBuffering } from './options.generated.ts';
import type { RequestBody } from './request-body.ts';
import { BodyBuffering, withoutExpect } from './request-buffering.ts';
import { beforeQuery, parseTarget, withTarget, type RequestTarget } from './request-target.ts';
import { requestText } from './request-text.ts';
import { ResponseRelay } from './response-relay.ts';
import { offeredUpgrade, openTunnel } from './upgrade.ts';

/** The status that logs and metrics show for an exchange whose client left before it got one; nginx's number for it. */
const CLIENT_LEFT = 499;

/** One request and its response: from the complete head of the one to the last byte of the other. */
export class Exchange extends ExchangeFacts implements LeaseRequest {
  /** Whether the client's connection may serve another request. */
  keepAlive: boolean;
  /** Whether the client said, in a way that can be believed, that it sends nothing after this request. */
  isLast: boolean;
  key: string | undefined = undefined;
  fresh = false;
  /** The backend's socket is for this client alone from now on: who authenticates does so for all that comes over it. */
  pins = false;
  /** A body's first bytes, which come with the head, are to go out with it. */
  readonly immediate: boolean;
  #wantsJson = false;
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

  /** The head is complete: check it, find its way, ask for a backend. `head` is not kept. */
  start(head: Head): void {
    const view = this.connection.view(this.instance);
    const named = view.hostOf(head);
    const client = view.fields(head, named);
    this.clientAddress = client.address;
    this.requestId = client.requestId ?? this.instance.parts.requestIds.next();
    this.#wantsJson = view.wantsJson(head);
    if (this.instance.host.telemetry.detailed) {
      this.userAgent = view.userAgent(head);
      this.referer = view.referer(head);
    }
    const refusal = checkRequest(head, this.instance);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    const target = this.#target(head);
    if ('reason' in target) {
      this.#refuse(target);
      return;
    }
    const host = target.authority === undefined ? named : view.host(target.authority);
    if (!named.isValid || !host.isValid) {
      this.#refuse(named.isValid ? refuseTarget(BAD_HOST, head) : refuseField(BAD_HOST, head, HOST));
      return;
    }
    this.path = target.path;
    this.routedPath = target.isPlain ? target.path : routedPath(target.path);
    this.host = host.text;
    const local = localAnswer(this, head);
    if (local === undefined)
      this.#forward(head, target, host, host === named ? client : view.fields(head, host));
    else this.#answer(local);
  }

  leased(lease: Lease): void {
    this.#pending = undefined;
    this.mark('selectEndMs');
    this.#lease = lease;
    this.backend = lease.backend;
    if (this.instance.host.logger.debugEnabled) logBackendSelected(this);
    this.#relay = new ResponseRelay(this, lease);
    lease.stream.read(this.#relay);
    const late = this.matched?.requestEdits?.lateLines(this);
    const text = this.#requestText + (late === undefined ? '\r\n\r\n' : `\r\n${late}\r\n`);
    let clientWaited = false;
    if (this.body === undefined) lease.stream.writeText(text);
    else clientWaited = this.body.sendHeldWith(text, lease.stream);
    this.mark('backendStartMs');
    this.touch();
    if (clientWaited) this.connection.resume();
  }

  connectFailed(backend: Backend, error: BalanceError): void {
    this.noteFailedTry(backend, error.code);
  }

  refused(error: BalanceError): void {
    this.#pending = undefined;
    this.mark('selectEndMs');
    const status = error.status === 0 ? 502 : error.status;
    this.fail(status, error.code, failureReason(error.code), error.message);
  }

  /** Takes the part of `bytes[start, end)` that belongs to the body; returns where it ends. */
  bodyArrived(bytes: Buffer, start: number, end: number): number {
    const { body } = this;
    if (body === undefined) return start;
    const stop = body.take(bytes, start, end, this.connection.reader);
    if (body.fault !== undefined) {
      this.#refuse(refuseBody(body, this.connection.reader));
      return end;
    }
    this.#forwardBody(body);
    if (body.isOpen || this.#relay?.switched !== true) return stop;
    // The backend switched before it had the whole body: what follows the body is the other protocol's.
    this.connection.becomeTunnel();
    this.#becomeTunnel(stop < end ? Buffer.from(bytes.subarray(stop, end)) : undefined, this.bytesSent);
    return end;
  }

  /** The backend took all that waited for it. */
  upstreamDrained(): void {
    if (this.body?.unblock() !== true) return;
    this.connection.resume();
    this.touch();
  }

  clientDrained(): void {
    this.#relay?.clientDrained();
  }

  /** Something moved: the time until the next event is due begins anew. */
  touch(): void {
    if (this.body?.isTooSlow() === true) {
      this.#refuse(refuseRequest(DRIPPED_BODY));
      return;
    }
    const { deadline } = this.connection;
    const totalMs = this.instance.options.timeouts.request;
    let dueMs = this.#dueMs();
    if (totalMs > 0) dueMs = Math.min(dueMs, totalMs - this.elapsedMs);
    if (dueMs === Number.POSITIVE_INFINITY) deadline.clear();
    else deadline.set(dueMs);
  }

  /** The deadline passed: nothing moved for too long, all of it took too long, or a slow client is to be looked at. */
  expired(): void {
    const relay = this.#relay;
    const totalMs = this.instance.options.timeouts.request;
    const awaited = this.body?.isAwaited === true;
    if (totalMs > 0 && this.elapsedMs >= totalMs - TIMER_SLACK_MS) {
      this.fail(504, 'request_timeout', 'the request took too long');
    } else if (relay?.clientFull === true) {
      if (this.connection.taking.keepsPace()) this.touch();
      else this.abort('reader_too_slow');
    } else if (relay?.begun === true) {
      if (relay.switched && awaited) this.abort('body_timeout');
      else this.abort('backend_timeout', 'the backend stopped in the middle of its response');
    } else if (awaited) this.#refuse(refuseRequest(SLOW_BODY));
    else this.fail(504, 'backend_timeout', 'the backend took too long');
  }

  /** How long the next event may take. */
  #dueMs(): number {
    const { timeouts } = this.instance.options;
    const relay = this.#relay;
    const awaited = this.body?.isAwaited === true;
    // Waiting for a lease, which has its own limits.
    if (relay === undefined || this.matched === undefined)
      return awaited ? timeouts.read : Number.POSITIVE_INFINITY;
    if (relay.clientFull) return this.connection.watchTaking(this.instance);
    return awaited && (!relay.begun || relay.switched) ? timeouts.read : this.matched.upstream.readTimeoutMs;
  }

  /** The backend's connection ended before any byte of a response: try again unseen, or say so. */
  responseMissing(): void {
    const untouched = this.#lease?.reused === true && !this.fresh;
    if (!untouched || this.body?.isRepeatable === false || !isIdempotent(this.method)) {
      const detail = 'the backend closed the connection before it sent a response';
      this.fail(502, 'backend_reset', 'the backend closed the connection', detail);
      return;
    }
    // An idle socket that the backend closed just now (RFC 9112 9.3.1).
    if (this.backend !== undefined) this.noteFailedTry(this.backend, 'backend_reset');
    this.#dropLease();
    this.fresh = true;
    if (this.matched !== undefined) this.#acquire(this.matched.upstream);
  }

  /** The response is complete and written. `idleMs`: for how long the backend keeps the socket; 0 when it can't be used again. */
  complete(status: number, idleMs: number): void {
    this.status = status;
    this.mark('backendEndMs');
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease !== undefined) this.#giveBack(lease, this.wantsBody ? 0 : idleMs);
    // The rest of a body that nobody wants must not be taken for a request.
    this.#end(this.keepAlive && !this.wantsBody, this.#relay?.clientFull === true);
  }

  #giveBack(lease: Lease, idleMs: number): void {
    if (idleMs === 0) lease.discard();
    else if (!this.pins) lease.release(idleMs);
    else if (this.keepAlive) this.connection.pin(this.upstream, lease, idleMs);
    else lease.discard();
  }

  /**
   * No response can come of this any more: answer with an error, or break off a response that has begun.
   *
   * @param reason what the client is told
   * @param detail what the log is told
   */
  fail(status: number, code: ErrorCode, reason: string, detail = reason): void {
    if (this.#over) return;
    this.error ??= code;
    if (this.#relay?.begun === true) {
      this.abort(code, detail);
      return;
    }
    logBackendFailure(this, code, detail);
    this.#dropLease();
    const answer = errorAnswer(status, reason, this.requestId, this.#wantsJson);
    const page = this.#wantsJson ? undefined : this.instance.errorPages.render(status, this.requestId);
    this.#answer(page === undefined ? answer : withBody(answer, page.contentType, page.body));
  }

  /** Breaks off: the client must see that the response is not whole. */
  abort(code: ErrorCode, detail = ''): void {
    if (this.#over) return;
    this.error ??= code;
    logBackendFailure(this, code, detail);
    this.status = this.#relay?.status ?? 0;
    // Where the end of the connection means the end of the body, only a reset tells the difference. It also frees what the
    // system keeps for a client that does not take it.
    const resets = this.#relay?.endsByClose === true || code === 'reader_too_slow';
    this.#dropLease();
    this.#finishRecord();
    const { stream } = this.connection.connection;
    if (resets) stream.reset();
    else stream.destroy();
  }

  /** The client's connection is over. */
  clientGone(): void {
    if (this.#over) return;
    this.error ??= 'client_abort';
    this.status = this.#relay?.begun === true ? this.#relay.status : CLIENT_LEFT;
    this.#dropLease();
    this.#finishRecord();
  }

  /** The backend agreed to another protocol: from here on only bytes count. `bytes[start, end)` came behind its answer. */
  switchProtocol(answer: string, bytes: Buffer, start: number, end: number): void {
    const { stream } = this.connection.connection;
    stream.writeText(answer);
    if (start < end) stream.writeBorrowed(bytes, start, end);
    this.#becomeTunnel(this.connection.becomeTunnel(), end - start);
  }

  /** `ahead`: what the client sent behind its request. `sent`: bytes of the other protocol that it has got. */
  #becomeTunnel(ahead: Buffer | undefined, sent: number): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    this.#lease = undefined;
    this.#over = true;
    this.#relay?.stop();
    this.body?.release();
    lease.detach();
    if (ahead !== undefined) lease.stream.write(ahead);
    this.status = 101;
    this.bytesSent = 0;
    this.durationMs = this.elapsedMs;
    const { host } = this.instance;
    host.telemetry.exchange(this);
    if (host.logger.debugEnabled) logCompleted(this);
    openTunnel(this, lease, { received: ahead?.length ?? 0, sent });
  }

  #target(head: Head): RequestTarget | Refusal {
    const { bytes, urlStart, urlEnd } = head;
    const text = bytes.latin1Slice(urlStart, urlEnd);
    const plain = this.instance.readsPaths ? plainBytes(bytes, urlStart, urlEnd) : beforeQuery(text);
    const target = parseTarget(text, this.method, plain);
    if (target === undefined) return refuseTarget(BAD_TARGET, head);
    if (!this.instance.options.normalize_path) return target;
    if (target.isPlain) return target;
    const normal = normalTarget(target.forwarded, this.instance.options.ambiguous_paths === 'literal');
    return normal === undefined ? refuseTarget(AMBIGUOUS_PATH, head) : withTarget(target, normal);
  }

  #forward(head: Head, target: RequestTarget, host: KnownHost, client: ClientFields): void {
    const route = this.instance.route(host.name, this.routedPath, head);
    if (route === undefined) {
      this.fail(404, 'no_route', 'no route matches');
      return;
    }
    if (!target.isPlain && !this.instance.isReadAlike(route, host.name, target.path, head)) {
      this.#refuse(refuseTarget(TWO_READINGS, head));
      return;
    }
    this.matched = route;
    this.trace = this.instance.host.telemetry.tracer?.begin(head);
    if (this.instance.host.logger.debugEnabled) logReceived(this, head);
    this.pins = head.bindsConnection;
    if (head.upgradeField >= 0) this.upgrade = offeredUpgrade(head);
    const { keySource } = route.upstream;
    if (keySource !== undefined) this.key = hashKey(keySource, this.clientAddress, target, head);
    // A target in absolute form goes on in origin form.
    const changed = route.pathEdit?.(editable(target)) ?? (target.isChanged ? target.forwarded : undefined);
    const changes = { target: changed, authority: target.authority, clientLines: client.lines };
    this.#requestText = requestText(this, head, route, changes);
    if (this.trace?.phases !== undefined)
      this.trace.phases.upstreamPath = withoutQuery(changed ?? target.forwarded);
    const { body } = this;
    const buffering = body === undefined ? undefined : this.instance.options.request_buffering;
    if (body === undefined || buffering === undefined) this.#acquire(route.upstream);
    else this.#gather(body, buffering);
  }

  /** Reads the body, as far as it may be kept, before a backend is taken. */
  #gather(body: RequestBody, limits: HttpRequestBuffering): void {
    const { parts, host } = this.instance;
    body.gather(new BodyBuffering(limits, parts.bufferedBodies, host.logger));
    if (body.waitsForContinue) {
      this.#requestText = withoutExpect(this.#requestText);
      this.connection.connection.stream.writeText(CONTINUE_TEXT);
      body.goesOn();
    }
    this.touch();
  }

  #acquire(upstream: Upstream): void {
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
    this.touch();
  }

  #forwardBody(body: RequestBody): void {
    if (this.#over || !body.hasPiece) return;
    const lease = this.#lease;
    const { stream } = this.connection.connection;
    if (lease !== undefined) {
      if (!body.sendTo(lease.stream)) stream.pause();
    } else if (!body.hold()) {
      // With all of it at hand the client is read on, so that it is seen when it leaves.
      if (body.isOpen) stream.pause();
      const upstream = this.matched?.upstream;
      if (this.#pending === undefined && upstream !== undefined) {
        this.#acquire(upstream);
        return;
      }
    }
    this.touch();
  }

  /** Answers what can't be served; nobody knows what the client sends next. */
  #refuse(refusal: Refusal): void {
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

  #answer(answer: Answer): void {
    this.status = answer.status;
    this.bytesSent = this.method === 'HEAD' ? 0 : Buffer.byteLength(answer.body);
    const keepAlive = this.keepAlive && !this.wantsBody && this.connection.mayStayOpen;
    let lines = `X-Request-ID: ${this.requestId}\r\n`;
    if (!keepAlive) lines += 'Connection: close\r\n';
    else if (!this.modern) lines += 'Connection: keep-alive\r\n';
    const text = answerText(answer, this.instance.date.text, this.method, lines);
    const taken = this.connection.connection.stream.writeText(text);
    this.#end(keepAlive, !taken);
  }

  #end(keepAlive: boolean, clientFull: boolean): void {
    this.#finishRecord();
    this.connection.done(keepAlive, clientFull);
  }

  #dropLease(): void {
    this.mark('backendEndMs');
    this.#relay?.stop();
    this.#relay = undefined;
    const lease = this.#lease;
    this.#lease = undefined;
    lease?.discard();
    this.#pending?.cancel();
    this.#pending = undefined;
  }

  #finishRecord(): void {
    if (this.#over) return;
    this.#over = true;
    this.body?.release();
    this.durationMs = this.elapsedMs;
    const { host } = this.instance;
    host.telemetry.exchange(this);
    if (host.logger.debugEnabled) logCompleted(this);
    this.instance.ended();
  }
}

/** A timer may fire so much early. */
const TIMER_SLACK_MS = 1;
const CONTINUE_TEXT = 'HTTP/1.1 100 Continue\r\n\r\n';

function withoutQuery(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** The target in the form that transforms of paths work on: one that does not lead out of the prefix that they put in front. */
function editable({ forwarded, isPlain }: RequestTarget): string {
  return isPlain ? forwarded : (normalTarget(forwarded, true) ?? forwarded);
}
