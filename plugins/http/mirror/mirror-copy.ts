import type { BalanceError, ErrorCode } from '../../../src/errors.ts';
import type {
  Deadline,
  Lease,
  LeaseRequest,
  LogFields,
  MirrorRecord,
  MirrorResult,
  PendingLease,
} from '../../../src/plugin-api/index.ts';
import { sideLines, type SharedRequest } from '../forwarding/request-fields.ts';
import type { Mirror } from '../instance/compiled-route.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import type { ClientStream, RequestDraft, ResponseEvents } from '../message/client-stream.ts';
import { HeldBytes } from '../instance/held-bytes.ts';
import { refuseResponse, type Refusal } from '../message/refusal/refusal.ts';
import { NO_TRAILERS, type FieldLine } from '../message/trailers.ts';

/** Whatever the `read` timeout of its upstream is, a copy waits no longer than this for the begin, and again for the end, of an answer. */
const LONGEST_WAIT_MS = 60_000;

/** An answer in more pieces, or with more interim ones before it, costs more time than a copy is worth. */
const MOST_PIECES = 4_096;
const MOST_INTERIM = 32;

/** The request that is copied. */
export interface MirroredRequest extends SharedRequest {
  readonly instance: HttpInstance;
  readonly method: string;
  readonly isChunked: boolean;
  /** The path, without the query; '' where nobody reads it. */
  readonly path: string;
  logFields(): LogFields;
}

/**
 * The copy of one request: collects its body, and sends it to the mirror once the request is complete. What the mirror answers is read and
 * forgotten. The mirror has the `read` timeout of its upstream, and a minute at most, to begin its answer, and as long again to end it: a
 * stream without an end must not keep its place among the copies. Nor may a mirror that sends no end of tiny chunks or interim answers
 * take the time of the requests: such a copy ends early.
 */
export class MirrorCopy implements LeaseRequest, ResponseEvents {
  readonly key = undefined;
  readonly fresh = false;
  readonly #request: MirroredRequest;
  readonly #mirror: Mirror;
  readonly #draft: RequestDraft;
  #body: HeldBytes | undefined = undefined;
  /** The memory that was taken for the body. */
  #takenBytes = 0;
  #trailers: readonly FieldLine[] = NO_TRAILERS;
  #isComplete = false;
  #isOver = false;
  #pending: PendingLease | undefined = undefined;
  #lease: Lease | undefined = undefined;
  #client: ClientStream | undefined = undefined;
  #deadline: Deadline | undefined = undefined;
  #status = 0;
  #pieces = 0;
  #interims = 0;
  #spanId: string | undefined = undefined;
  /** When the copy was sent, in ms since 1970; undefined before. */
  #startedAtMs: number | undefined = undefined;

  private constructor(request: MirroredRequest, mirror: Mirror, draft: RequestDraft) {
    this.#request = request;
    this.#mirror = mirror;
    this.#draft = draft;
    request.instance.begun();
  }

  /** Begins a copy; undefined when this request is none of those that are copied, or when too many copies run. */
  static begin(request: MirroredRequest, mirror: Mirror, draft: RequestDraft): MirrorCopy | undefined {
    if (Math.random() * 100 >= mirror.percent) return undefined;
    const { host, parts } = request.instance;
    if (parts.mirrorLoad.begin()) return new MirrorCopy(request, mirror, draft);
    host.telemetry.mirrored?.(recordOf(request, mirror, 'dropped'));
    return undefined;
  }

  logFields(): LogFields {
    return this.#request.logFields();
  }

  /** A piece of the request's body passes by. */
  add(bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return;
    const body = (this.#body ??= new HeldBytes(this.#mirror.bodyLimitBytes));
    const capacity = body.capacityWith(end - start);
    const more = capacity - this.#takenBytes;
    const { mirrorLoad } = this.#request.instance.parts;
    if (body.length + end - start > this.#mirror.bodyLimitBytes || (more > 0 && !mirrorLoad.take(more))) {
      this.#finish('dropped');
      return;
    }
    this.#takenBytes = Math.max(this.#takenBytes, capacity);
    body.add(bytes, start, end);
  }

  /** The request is complete: now its copy is sent. */
  complete(trailers: readonly FieldLine[]): void {
    if (this.#isOver || this.#isComplete) return;
    this.#isComplete = true;
    this.#trailers = trailers;
    this.#deadline = this.#request.instance.host.deadline(() => {
      this.#expire();
    }, this);
    this.#pending = this.#mirror.upstream.acquire(this);
    this.#wait();
  }

  /** The request is over. If it never was complete, there is nothing to send. */
  requestOver(): void {
    if (!this.#isComplete) this.#finish('dropped');
  }

  /** The response of the mirror is complete. */
  end(): void {
    this.#finish('answered');
  }

  leased(lease: Lease): void {
    this.#lease = lease;
    this.#pending = undefined;
    const { instance } = this.#request;
    const client = instance.parts.clients.open(lease.channel, this.#request, this);
    this.#client = client;
    const { lines, spanId } = sideLines(this.#request, lease.backend);
    this.#spanId = spanId;
    this.#startedAtMs = Date.now();
    client.send(this.#draft, lines);
    const bytes = this.#body?.bytes;
    this.#body = undefined;
    if (bytes !== undefined) client.giveBody(bytes);
    client.finish(this.#trailers);
    client.flush();
    this.#wait();
  }

  refused(error: BalanceError): void {
    this.#pending = undefined;
    this.#finish('failed', error.code);
  }

  interim(): void {
    this.#interims += 1;
  }

  head(head: { readonly status: number }): void {
    this.#status = head.status;
    this.#wait();
  }

  switched(): Refusal {
    return refuseResponse('upgrade', '101 for a copy of a request');
  }

  data(): void {
    this.#pieces += 1;
  }

  flush(): void {
    if (this.#interims > MOST_INTERIM) this.#finish('failed', 'backend_protocol');
    else if (this.#pieces > MOST_PIECES) this.#finish('answered', undefined, 0);
  }

  drained(): void {
    // The body was written as a whole.
  }

  malformed(): void {
    this.#finish('failed', 'backend_protocol');
  }

  gone(): void {
    this.#finish('failed', 'backend_reset');
  }

  #wait(): void {
    if (!this.#isOver) this.#deadline?.set(Math.min(this.#mirror.upstream.readTimeoutMs, LONGEST_WAIT_MS));
  }

  #expire(): void {
    if (this.#status === 0) this.#finish('failed', 'backend_timeout');
    else this.#finish('answered', undefined, 0);
  }

  /** @param idleMs how long the connection may serve further requests. Default: as the mirror says, or, with an error, not at all */
  #finish(result: MirrorResult, error?: ErrorCode, idleMs = this.#client?.idleMs ?? 0): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { host, parts } = this.#request.instance;
    const client = this.#client;
    this.#deadline?.destroy();
    this.#pending?.cancel();
    client?.stop();
    this.#lease?.end(error, this.#status, error === undefined ? idleMs : 0);
    this.#body = undefined;
    parts.mirrorLoad.end(this.#takenBytes);
    host.telemetry.mirrored?.({
      ...recordOf(this.#request, this.#mirror, result, this.#startedAtMs),
      backend: this.#lease?.backend,
      status: this.#status,
      error,
      spanId: this.#spanId,
    });
    if (host.logger.debugEnabled) this.#log(result, error);
    this.#request.instance.ended();
  }

  #log(result: MirrorResult, error: ErrorCode | undefined): void {
    this.#request.instance.host.logger.debug(`Copy of a request ${WORDS[result]}`, {
      ...this.logFields(),
      mirror: this.#mirror.upstream.name,
      ...(this.#lease === undefined ? {} : { mirror_backend: this.#lease.backend.name }),
      ...(this.#status === 0 ? {} : { mirror_status: this.#status }),
      ...(error === undefined ? {} : { error }),
    });
  }
}

const WORDS: Readonly<Record<MirrorResult, string>> = {
  answered: 'was answered',
  failed: 'failed',
  dropped: 'was dropped',
};

/** The record of a copy that no backend got yet. `startedAtMs`: in ms since 1970. Default: now */
function recordOf(
  { method, path, trace }: MirroredRequest,
  { upstream: { name: upstream } }: Mirror,
  result: MirrorResult,
  startedAtMs = Date.now(),
): MirrorRecord {
  const durationMs = Date.now() - startedAtMs;
  const nothing = { backend: undefined, status: 0, error: undefined, spanId: undefined };
  return { upstream, result, method, path, trace, startedAtMs, durationMs, ...nothing };
}
