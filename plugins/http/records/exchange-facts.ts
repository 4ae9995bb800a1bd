import { performance } from 'node:perf_hooks';

import type { ErrorCode } from '../../../src/errors.ts';
import type {
  Backend,
  Connection,
  ExchangeRecord,
  FailedTry,
  HedgeResult,
  LogFields,
  ProxyHeader,
  RetriesExhausted,
  StickyOutcome,
  TlsSession,
  TraceContext,
  Upstream,
} from '../../../src/plugin-api/index.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import type { Refusal } from '../message/refusal/refusal.ts';
import type { CompiledRoute } from '../instance/compiled-route.ts';
import type { RareFacts } from './rare-facts.ts';
import { shownQuery } from './shown-query.ts';
import type { TemplateValues } from '../forwarding/template.ts';

/** Failed tries that a record keeps. A request may try all backends of an upstream, which may be many. */
const MOST_TRIES = 50;

/** Points in time that a trace shows. */
type Phase = 'selectEndMs' | 'backendStartMs' | 'responseHeadMs' | 'headSentMs' | 'backendEndMs';

/**
 * What is known of one exchange, filled in step by step: templates read it on the way, and telemetry gets it at the end. It is the
 * record itself, because copying twenty fields for each request would cost more than all the counting.
 */
export abstract class ExchangeFacts implements ExchangeRecord, TemplateValues {
  readonly instance: HttpInstance;
  readonly method: string;
  requestId = '';
  clientAddress: string;
  path = '';
  /** The path in the spelling that routes compare. */
  routedPath = '';
  /** The target, from which a log reads the query; '' while it is not known. */
  target = '';
  host = '';
  userAgent = '';
  referer = '';
  /** The version that the client named, when the proxy does not serve that version; '' otherwise. */
  statedVersion = '';
  /** The protocols that the client offers to switch to, as it wrote them; '' for ordinary requests. */
  upgrade = '';
  matchedRoute: CompiledRoute | undefined = undefined;
  /** Where the request is forwarded to: the upstream of its route, unless a filter chose another one. */
  forwardedTo: Upstream | undefined = undefined;
  trace: TraceContext | undefined = undefined;
  backend: Backend | undefined = undefined;
  status = 0;
  error: ErrorCode | undefined = undefined;
  refusal: Refusal | undefined = undefined;
  /** What few exchanges have; undefined while this one has nothing of it. */
  protected rare: RareFacts | undefined = undefined;
  /** True for a request about the proxy's own state (health, metrics): telemetry neither counts nor logs it. */
  isOwn = false;
  bytesSent = 0;
  durationMs = 0;
  /** When the head of the request was complete, on the clock of `performance`. */
  protected readonly begunAtMs = performance.now();
  readonly #protocol: string;
  #startedAtMs = 0;

  constructor(client: Connection, instance: HttpInstance, head: RequestHead) {
    this.instance = instance;
    this.method = head.method;
    this.#protocol = head.protocol;
    this.clientAddress = client.transport.peer.address;
  }

  /** {@link rare}, made where there is none. */
  protected abstract get own(): RareFacts;

  get retriesExhausted(): RetriesExhausted | undefined {
    return this.rare?.retriesExhausted;
  }

  set retriesExhausted(why: RetriesExhausted | undefined) {
    this.own.retriesExhausted = why;
  }

  get hedgeResult(): HedgeResult | undefined {
    return this.rare?.hedgeResult;
  }

  set hedgeResult(result: HedgeResult | undefined) {
    this.own.hedgeResult = result;
  }

  get stickiness(): StickyOutcome | undefined {
    return this.rare?.stickiness;
  }

  set stickiness(outcome: StickyOutcome | undefined) {
    this.own.stickiness = outcome;
  }

  /** The first tries that failed, and the last one; undefined while none has. */
  get failedTries(): readonly FailedTry[] | undefined {
    return this.rare?.failedTries;
  }

  get backendName(): string {
    return this.backend?.name ?? '';
  }

  get routeName(): string {
    return this.matchedRoute?.name ?? '';
  }

  get elapsedMs(): number {
    return performance.now() - this.begunAtMs;
  }

  get listener(): string {
    return this.instance.host.listener;
  }

  /** By the wall clock, which is read at the first call only, because most records are never shown. */
  get startedAtMs(): number {
    if (this.#startedAtMs === 0) this.#startedAtMs = Date.now() - this.elapsedMs;
    return this.#startedAtMs;
  }

  get protocol(): string {
    return this.statedVersion === '' ? this.#protocol : this.statedVersion;
  }

  /** Made at each call, because most logs do not show it. */
  get query(): string {
    return shownQuery(this.target);
  }

  get traceId(): string {
    return this.trace?.traceId ?? '';
  }

  get spanId(): string {
    return this.trace?.spanId ?? '';
  }

  get route(): string {
    return this.routeName;
  }

  get isLogged(): boolean {
    return this.matchedRoute?.settings?.isLogged !== false;
  }

  get upstream(): string {
    return this.forwardedTo?.name ?? '';
  }

  get algorithm(): string {
    return this.forwardedTo?.algorithm ?? '';
  }

  /** The fields that every log line about the exchange has. */
  logFields(): LogFields {
    const fields = { request_id: this.requestId, method: this.method, path: this.path };
    return this.traceId === '' ? fields : { trace_id: this.traceId, span_id: this.spanId, ...fields };
  }

  abstract get bytesReceived(): number;
  abstract get requestNumber(): number;
  abstract get tls(): TlsSession | undefined;
  abstract get proxy(): ProxyHeader | undefined;

  /** Notes the time of a phase, for a trace. */
  mark(phase: Phase): void {
    const phases = this.trace?.phases;
    if (phases !== undefined) phases[phase] = this.elapsedMs;
  }

  /** Notes for a trace that a backend of the upstream is chosen now. */
  markSelection({ secure }: Upstream): void {
    const phases = this.trace?.phases;
    if (phases === undefined) return;
    phases.selectStartMs = this.elapsedMs;
    phases.upstreamSecure = secure;
  }

  /**
   * Notes that an attempt on a backend failed; another one may follow. `status`: of a response that was given up, else 0. `isOutrun`: it
   * was cancelled, because another one was faster.
   */
  noteFailedTry(backend: Backend, error: ErrorCode | undefined, status: number, isOutrun = false): void {
    const phases = this.trace?.phases;
    const before = Math.max(phases?.selectStartMs ?? 0, this.failedTries?.at(-1)?.endMs ?? 0);
    // A backend that got the request also got the span id of this attempt.
    const wasSent = phases !== undefined && phases.backendStartMs >= 0;
    const startMs = wasSent ? phases.backendStartMs : before;
    const outrun = isOutrun ? { isOutrun } : {};
    const tried = { backend, startMs, endMs: this.elapsedMs, error, status, retried: false, ...outrun };
    this.addTry(wasSent ? { ...tried, spanId: this.trace?.trySpanId ?? '' } : tried);
    if (phases !== undefined) phases.backendStartMs = -1;
  }

  /** Adds a try to those that did not serve the exchange. */
  addTry(tried: FailedTry): void {
    const failedTries = (this.own.failedTries ??= []);
    if (failedTries.length === MOST_TRIES) failedTries.pop();
    failedTries.push(tried);
  }

  /** The settings for retries make another try after the one that failed last. */
  noteRetry(): void {
    const failedTries = this.rare?.failedTries;
    const last = failedTries?.pop();
    if (last !== undefined) failedTries?.push({ ...last, retried: true });
  }
}
