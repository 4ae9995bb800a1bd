import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';

import type { BalanceError, ErrorCode } from '../../src/errors.ts';
import type { Backend, Lease, LeaseRequest, PendingLease, TraceContext } from '../../src/plugin-api/index.ts';
import { answerText, errorAnswer, type Answer } from './answer.ts';
import { ChunkedText, lastChunk } from './chunked-text.ts';
import { TRACEPARENT, USER_AGENT } from './field-names.ts';
import { hashKey } from './hash-key.ts';
import type { Head } from './head.ts';
import type { HttpConnection } from './http-connection.ts';
import type { HttpInstance } from './http-instance.ts';
import { END, MORE } from './message-reader.ts';
import { BAD_HOST, checkRequest, type Refusal } from './request-check.ts';
import { forwardedRequest } from './request-head.ts';
import { parseTarget } from './request-target.ts';
import { ResponseRelay } from './response-relay.ts';
import type { CompiledRoute } from './router.ts';
import type { TemplateValues } from './template.ts';

/** The status that logs and metrics show for an exchange whose client left before it got one; nginx's number for it. */
const CLIENT_LEFT = 499;
/** Up to here a request body that came with its head goes out in the same write. */
const JOINED_BODY_BYTES = 16 * 1024;
/** Methods that may be repeated when nobody knows whether the first try was executed (RFC 9110 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** How the request's body is framed. */
const NO_BODY = 0;
const FIXED_LENGTH = 1;
const CHUNKED = 2;

/** One request and its response: from the complete head of the one to the last byte of the other. */
export class Exchange implements LeaseRequest, TemplateValues {
  readonly requestId = randomUUID();
  readonly connection: HttpConnection;
  readonly instance: HttpInstance;
  readonly method: string;
  /** Whether the client knows HTTP/1.1. */
  readonly modern: boolean;
  path = '';
  host = '';
  /** What the client wants to upgrade to, as it wrote it; '' for ordinary requests. */
  upgrade = '';
  route: CompiledRoute | undefined;
  /** Whether the client's connection may serve another request. */
  keepAlive: boolean;
  key: string | undefined;
  fresh = false;
  trace: TraceContext | undefined;
  /** Body bytes to the client. */
  bytesSent = 0;
  readonly #begunAtMs = performance.now();
  #userAgent = '';
  #requestText = '';
  #pending: PendingLease | undefined;
  #lease: Lease | undefined;
  #relay: ResponseRelay | undefined;
  #backend: Backend | undefined;
  #bodyKind = NO_BODY;
  #bodyLeft = 0;
  #chunks: ChunkedText | undefined;
  /** The first bytes of the body, which arrived before there was a lease. */
  #held: Buffer | undefined;
  #bodyForwarded = false;
  #upstreamFull = false;
  #bytesReceived = 0;
  #status = 0;
  #error: ErrorCode | undefined;
  #over = false;

  constructor(connection: HttpConnection, instance: HttpInstance, head: Head) {
    this.connection = connection;
    this.instance = instance;
    this.method = head.method;
    this.modern = head.minor > 0;
    this.keepAlive = head.wantsKeepAlive;
    if (head.chunked) this.#bodyKind = CHUNKED;
    else if (head.contentLength > 0) {
      this.#bodyKind = FIXED_LENGTH;
      this.#bodyLeft = head.contentLength;
    }
    instance.begun();
  }

  // What templates show.

  get clientAddress(): string {
    return this.connection.connection.remoteAddress;
  }

  get backendName(): string {
    return this.#backend?.name ?? '';
  }

  get routeName(): string {
    return this.route?.name ?? '';
  }

  get elapsedMs(): number {
    return performance.now() - this.#begunAtMs;
  }

  /** True while bytes from the client belong to this request's body. */
  get wantsBody(): boolean {
    return this.#bodyKind !== NO_BODY;
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** The head is complete: check it, find its way, ask for a backend. `head` is not kept. */
  start(head: Head): void {
    const telemetry = this.instance.host.telemetry;
    if (telemetry.detailed) this.#describe(head);
    const refusal = checkRequest(head);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    const target = parseTarget(head.bytes.latin1Slice(head.urlStart, head.urlEnd), this.method);
    if (target === undefined) {
      this.#refuse(BAD_TARGET);
      return;
    }
    this.path = target.path;
    const host = this.connection.hostOf(head.hostField < 0 ? '' : head.valueText(head.hostField));
    if (!host.isValid) {
      this.#refuse(BAD_HOST);
      return;
    }
    const asked = target.authority === undefined ? host : this.connection.hostOf(target.authority);
    this.host = asked.text;
    if (target.path === this.instance.options.health_endpoint) {
      this.#answerHealth();
      return;
    }
    const route = this.instance.route(asked.name, target.path, head);
    if (route === undefined) {
      this.fail(404, 'no_route', 'no route matches');
      return;
    }
    this.route = route;
    this.trace = telemetry.tracer?.begin(traceparentOf(head));
    if (head.upgradeField >= 0 && head.connectionUpgrade && this.modern && this.#bodyKind === NO_BODY) {
      this.upgrade = head.valueText(head.upgradeField);
    }
    const { keySource } = route.upstream;
    if (keySource !== undefined) this.key = hashKey(keySource, this.clientAddress, target, head);
    const edited = route.pathEdit?.(target.forwarded);
    // A target in absolute form goes on in origin form.
    const changed = edited ?? (target.authority === undefined ? undefined : target.forwarded);
    this.#requestText = this.#headText(head, changed, target.authority, asked.ownFields, route);
    if (this.trace?.phases !== undefined)
      this.trace.phases.upstreamPath = withoutQuery(changed ?? target.forwarded);
    this.#acquire();
  }

  leased(lease: Lease): void {
    this.#pending = undefined;
    this.#mark('selectEndMs');
    this.#lease = lease;
    this.#backend = lease.backend;
    this.#relay = new ResponseRelay(this, lease);
    lease.stream.read(this.#relay);
    let text = `${this.#requestText}${this.route?.requestEdits?.lateLines(this) ?? ''}\r\n`;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && held.length <= JOINED_BODY_BYTES) text += held.latin1Slice(0, held.length);
    let flowing = lease.stream.writeText(text);
    if (held !== undefined && held.length > JOINED_BODY_BYTES) flowing = lease.stream.write(held) && flowing;
    this.#mark('backendStartMs');
    this.#upstreamFull = !flowing;
    this.touch();
    if (held !== undefined && flowing) this.connection.resume();
  }

  refused(error: BalanceError): void {
    this.#pending = undefined;
    this.#mark('selectEndMs');
    this.fail(
      error.status === 0 ? 502 : error.status,
      error.code,
      REASONS[error.code] ?? 'the backend failed',
    );
  }

  /** Takes the part of `bytes[start, end)` that belongs to the body; returns where it ends. */
  bodyArrived(bytes: Buffer, start: number, end: number): number {
    if (this.#bodyKind === FIXED_LENGTH) {
      const stop = Math.min(end, start + this.#bodyLeft);
      this.#bodyLeft -= stop - start;
      this.#bytesReceived += stop - start;
      if (this.#bodyLeft === 0) this.#bodyKind = NO_BODY;
      this.#forwardBody(bytes, start, stop);
      return stop;
    }
    const chunks = (this.#chunks ??= new ChunkedText());
    const { reader } = this.connection;
    const progress = reader.feed(bytes, start, end, chunks);
    this.#bytesReceived = chunks.bytes;
    let stop = end;
    if (progress === END) {
      chunks.text += lastChunk(reader.head);
      this.#bodyKind = NO_BODY;
      stop = reader.position;
    } else if (progress !== MORE) {
      this.keepAlive = false;
      this.fail(400, 'bad_request', 'the chunked body is malformed');
      return end;
    }
    const text = chunks.take();
    if (text !== '') {
      const piece = Buffer.from(text, 'latin1');
      this.#forwardBody(piece, 0, piece.length);
    }
    return stop;
  }

  /** The backend took all that waited for it. */
  upstreamDrained(): void {
    if (!this.#upstreamFull) return;
    this.#upstreamFull = false;
    this.connection.resume();
    this.touch();
  }

  clientDrained(): void {
    this.#relay?.clientDrained();
  }

  /** Something moved: the time until the next event is due begins anew. */
  touch(): void {
    const { timeouts } = this.instance.options;
    const { deadline } = this.connection;
    const relay = this.#relay;
    if (relay === undefined || this.route === undefined) {
      // Waiting for a lease, which has its own limits.
      if (this.#held === undefined && this.wantsBody) deadline.set(timeouts.read);
      else deadline.clear();
    } else if (relay.clientFull) deadline.set(timeouts.write);
    else if (this.wantsBody && !this.#upstreamFull && !relay.begun) deadline.set(timeouts.read);
    else deadline.set(this.route.upstream.readTimeoutMs);
  }

  /** Nothing moved for too long. */
  expired(): void {
    const relay = this.#relay;
    if (relay?.begun === true || relay?.clientFull === true) {
      this.abort(relay.clientFull ? 'client_abort' : 'backend_timeout');
    } else if (this.wantsBody && !this.#upstreamFull) {
      this.keepAlive = false;
      this.fail(408, 'body_timeout', 'the request body took too long');
    } else this.fail(504, 'backend_timeout', 'the backend took too long');
  }

  /** The backend's connection ended before any byte of a response: try again unseen, or say so. */
  responseMissing(): void {
    const lease = this.#lease;
    const untouched = lease?.reused === true && !this.fresh && !this.wantsBody && !this.#bodyForwarded;
    if (lease !== undefined && untouched && this.#bytesReceived === 0 && IDEMPOTENT.has(this.method)) {
      // An idle socket that the backend closed just now (RFC 9112 9.3.1).
      this.#dropLease();
      this.fresh = true;
      this.#acquire();
      return;
    }
    this.fail(502, 'backend_reset', 'the backend closed the connection');
  }

  /** The response is complete and written. */
  complete(status: number, socketUsable: boolean): void {
    this.#status = status;
    this.#mark('backendEndMs');
    const lease = this.#lease;
    this.#lease = undefined;
    if (socketUsable && !this.wantsBody) lease?.release();
    else lease?.discard();
    // The rest of a body that nobody wants must not be taken for a request.
    this.#end(this.keepAlive && !this.wantsBody, this.#relay?.clientFull === true);
  }

  /** No response can come of this any more: answer with an error, or break off a response that has begun. */
  fail(status: number, code: ErrorCode, reason: string): void {
    if (this.#over) return;
    this.#error ??= code;
    if (this.#relay?.begun === true) {
      this.abort(code);
      return;
    }
    this.#dropLease();
    this.#answer(errorAnswer(status, reason, this.requestId));
  }

  /** Breaks off: the client must see that the response is not whole. */
  abort(code: ErrorCode): void {
    if (this.#over) return;
    this.#error ??= code;
    this.#status = this.#relay?.status ?? 0;
    const endsByClose = this.#relay?.endsByClose === true;
    this.#dropLease();
    this.#finishRecord();
    const { stream } = this.connection.connection;
    // Where the end of the connection means the end of the body, only a reset tells the difference.
    if (endsByClose) stream.reset();
    else stream.destroy();
  }

  /** The client's connection is over. */
  clientGone(): void {
    if (this.#over) return;
    this.#error ??= 'client_abort';
    this.#status = this.#relay?.begun === true ? this.#relay.status : CLIENT_LEFT;
    this.#dropLease();
    this.#finishRecord();
  }

  /** The backend agreed to another protocol: from here on only bytes count. */
  becomeTunnel(lease: Lease, head: string, bytes: Buffer, start: number, end: number): void {
    const { stream } = this.connection.connection;
    const { host, options } = this.instance;
    stream.writeText(head);
    if (start < end) stream.writeBorrowed(bytes, start, end);
    const ahead = this.connection.becomeTunnel();
    if (ahead !== undefined) lease.stream.write(ahead);
    this.#status = 101;
    this.#lease = undefined;
    this.#over = true;
    this.#publish();
    const startedAtMs = Date.now();
    const begunAtMs = performance.now();
    host.tunnel({
      downstream: stream,
      upstream: lease.stream,
      idleTimeoutMs: options.timeouts.tunnel,
      ended: (result) => {
        lease.discard();
        host.telemetry.tunnel({
          listener: host.listener,
          protocol: this.upgrade,
          startedAtMs,
          durationMs: performance.now() - begunAtMs,
          clientAddress: this.clientAddress,
          upstream: this.route?.upstream.name ?? '',
          backend: lease.backend,
          bytesReceived: result.bytesReceived,
          bytesSent: result.bytesSent,
          error: result.error?.code,
        });
        this.instance.ended();
      },
    });
  }

  /** The response's head is known; notes the time for the trace. */
  responseHeadArrived(): void {
    this.#mark('responseHeadMs');
  }

  responseHeadSent(): void {
    this.#mark('headSentMs');
  }

  #acquire(): void {
    this.#mark('selectStartMs');
    this.#pending = this.route?.upstream.acquire(this);
    this.touch();
  }

  /** The head for the backend, but for the lines that name the backend and the blank line. `changed` is the target, where it is not the client's. */
  #headText(
    head: Head,
    changed: string | undefined,
    authority: string | undefined,
    ownFields: string,
    route: CompiledRoute,
  ): string {
    const edits = route.requestEdits;
    let newHost = authority ?? (head.hosts === 0 ? this.#ownHost() : undefined);
    // A transform that sets Host has the last word, and there is only one Host.
    if (edits?.removed.has('host') === true) newHost = undefined;
    const passed = forwardedRequest(head, changed, newHost, this.trace !== undefined, edits);
    let own = `${ownFields}${this.requestId}\r\n`;
    if (this.trace !== undefined) own += `traceparent: ${this.trace.traceparent}\r\n`;
    if (edits !== undefined) own = withoutFields(own, edits.removed) + edits.earlyLines(this);
    if (this.#bodyKind === CHUNKED) own += 'Transfer-Encoding: chunked\r\n';
    if (this.upgrade !== '') own += `Connection: Upgrade\r\nUpgrade: ${this.upgrade}\r\n`;
    return passed + own;
  }

  /** For clients of HTTP/1.0 that name no host: the address that they called. */
  #ownHost(): string {
    const { localAddress, localPort } = this.connection.connection;
    const address = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
    return localPort === 0 ? 'localhost' : `${address}:${String(localPort)}`;
  }

  #describe(head: Head): void {
    const field = head.ids.indexOf(USER_AGENT);
    if (field >= 0 && field < head.fields) this.#userAgent = head.valueText(field);
  }

  #forwardBody(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    const lease = this.#lease;
    const client = this.connection.connection.stream;
    if (lease === undefined) {
      if (this.#over) return;
      const piece = bytes.subarray(start, end);
      this.#held = this.#held === undefined ? Buffer.from(piece) : Buffer.concat([this.#held, piece]);
      client.pause();
    } else {
      this.#bodyForwarded = true;
      if (!lease.stream.writeBorrowed(bytes, start, end)) {
        this.#upstreamFull = true;
        client.pause();
      }
    }
    this.touch();
  }

  #refuse({ status, reason }: Refusal): void {
    this.keepAlive = false;
    this.fail(status, 'bad_request', reason);
  }

  #answerHealth(): void {
    const report = this.instance.host.health();
    this.#answer({ status: report.status, contentType: 'application/json', body: report.body, fields: '' });
  }

  #answer(answer: Answer): void {
    this.#status = answer.status;
    this.bytesSent = this.method === 'HEAD' ? 0 : Buffer.byteLength(answer.body);
    const keepAlive = this.keepAlive && !this.wantsBody && this.connection.mayStayOpen;
    const connection = keepAlive
      ? this.modern
        ? ''
        : 'Connection: keep-alive\r\n'
      : 'Connection: close\r\n';
    const date = this.instance.date.text;
    const taken = this.connection.connection.stream.writeText(
      answerText(answer, this.requestId, date, this.method, connection),
    );
    this.#end(keepAlive, !taken);
  }

  #end(keepAlive: boolean, clientFull: boolean): void {
    this.#finishRecord();
    this.connection.done(keepAlive, clientFull);
  }

  #dropLease(): void {
    this.#mark('backendEndMs');
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
    this.#publish();
    this.instance.ended();
  }

  #publish(): void {
    const { host } = this.instance;
    const durationMs = this.elapsedMs;
    host.telemetry.exchange({
      listener: host.listener,
      startedAtMs: Date.now() - durationMs,
      durationMs,
      clientAddress: this.clientAddress,
      method: this.method,
      path: this.path,
      host: this.host,
      protocol: this.modern ? 'HTTP/1.1' : 'HTTP/1.0',
      userAgent: this.#userAgent,
      requestId: this.requestId,
      traceId: this.trace?.traceId ?? '',
      spanId: this.trace?.spanId ?? '',
      trace: this.trace,
      route: this.routeName,
      upstream: this.route?.upstream.name ?? '',
      algorithm: this.route?.upstream.algorithm ?? '',
      backend: this.#backend,
      status: this.#status,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.bytesSent,
      error: this.#error,
    });
  }

  #mark(
    phase:
      'selectStartMs' | 'selectEndMs' | 'backendStartMs' | 'responseHeadMs' | 'headSentMs' | 'backendEndMs',
  ): void {
    const phases = this.trace?.phases;
    if (phases !== undefined) phases[phase] = this.elapsedMs;
  }
}

const BAD_TARGET: Refusal = { status: 400, reason: 'the request target is malformed' };

/** What a client is told; the inside stays in the logs. */
const REASONS: Partial<Record<ErrorCode, string>> = {
  no_backend: 'no backend is available',
  queue_full: 'all backends are busy',
  queue_timeout: 'all backends are busy',
  pool_timeout: 'all backends are busy',
  connect_failed: 'the backend could not be reached',
  connect_timeout: 'the backend could not be reached in time',
};

function traceparentOf(head: Head): string | undefined {
  const field = head.ids.indexOf(TRACEPARENT);
  return field >= 0 && field < head.fields ? head.valueText(field) : undefined;
}

function withoutQuery(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/** Takes out field lines whose names a transform removes or replaces. */
function withoutFields(lines: string, removed: ReadonlySet<string>): string {
  if (removed.size === 0) return lines;
  let text = '';
  for (const line of lines.split('\r\n')) {
    if (line !== '' && !removed.has(line.slice(0, line.indexOf(':')).toLowerCase())) text += `${line}\r\n`;
  }
  return text;
}
