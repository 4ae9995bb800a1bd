import type { BalanceError, ErrorCode } from '../../../src/errors.ts';
import type {
  Deadline,
  Lease,
  LeaseRequest,
  LogFields,
  MirrorResult,
  PendingLease,
} from '../../../src/plugin-api/index.ts';
import type { Mirror } from '../instance/compiled-route.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import type { ClientStream, RequestDraft, ResponseEvents } from '../message/client-stream.ts';
import { HeldBytes } from '../instance/held-bytes.ts';
import { refuseResponse, type Refusal } from '../message/refusal/refusal.ts';
import { NO_TRAILERS, type FieldLine } from '../message/trailers.ts';

/** Whatever the `read` timeout of its upstream is, a copy waits no longer than this for the begin, and again for the end, of an answer. */
const LONGEST_WAIT_MS = 60_000;

/** The request that is copied. */
export interface MirroredRequest {
  readonly instance: HttpInstance;
  readonly method: string;
  readonly isChunked: boolean;
  logFields(): LogFields;
}

/**
 * The copy of one request: collects its body, and sends it to the mirror once the request is complete. What the mirror answers is read and
 * forgotten. The mirror has the `read` timeout of its upstream, and a minute at most, to begin its answer, and as long again to end it: a
 * stream without an end must not keep its place among the copies.
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
    host.telemetry.mirrored?.(mirror.upstream.name, 'dropped');
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
    client.send(this.#draft, '');
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
    // Only the final answer counts.
  }

  head(head: { readonly status: number }): void {
    this.#status = head.status;
    this.#wait();
  }

  switched(): Refusal {
    return refuseResponse('upgrade', '101 for a copy of a request');
  }

  data(): void {
    // Nobody reads it.
  }

  flush(): void {
    // Nobody reads it.
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
    host.telemetry.mirrored?.(this.#mirror.upstream.name, result);
    if (error !== undefined && host.logger.debugEnabled)
      host.logger.debug('Copy of a request failed', {
        ...this.logFields(),
        upstream: this.#mirror.upstream.name,
        error,
      });
    this.#request.instance.ended();
  }
}
