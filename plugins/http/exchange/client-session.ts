import type { ErrorCode } from '../../../src/errors.ts';
import type { Connection, Lease } from '../../../src/plugin-api/index.ts';
import { ForwardingProfile } from '../forwarding/forwarding-profile.ts';
import { HttpInstance } from '../instance/http-instance.ts';
import type { RequestHead } from '../message/message-head.ts';
import { hostName } from '../message/request-target.ts';
import type { Refusal } from '../message/refusal/refusal.ts';
import type { RequestHandler, ServerStream, UnreadRequest } from '../message/server-stream.ts';
import { logRefused } from '../records/exchange-lines.ts';
import { CLIENT_LEFT, unservedRecord } from '../records/records.ts';
import { dispatch } from './dispatch.ts';
import { sentBytes } from '../message/answer.ts';
import type { ClientState } from './exchange-state.ts';
import { Exchange } from './exchange.ts';
import { PinnedSockets } from './pinned-sockets.ts';

/** Serves the requests of one client's connection. Each request gets the instance that is live when its head is complete. */
export class ClientSession implements RequestHandler<HttpInstance>, ClientState {
  pinned: PinnedSockets | undefined = undefined;
  readonly #connection: Connection;
  /** The instance that was live when {@link current} was last read. */
  #latest: HttpInstance;
  #profile: ForwardingProfile | undefined = undefined;

  constructor(connection: Connection, instance: HttpInstance) {
    this.#connection = connection;
    this.#latest = instance;
  }

  get current(): HttpInstance | undefined {
    const { current } = this.#connection;
    if (current === this.#latest) return this.#latest;
    if (!(current instanceof HttpInstance)) return undefined;
    this.#latest = current;
    return current;
  }

  profile(instance: HttpInstance): ForwardingProfile {
    if (this.#profile?.instance !== instance)
      this.#profile = new ForwardingProfile(this.#connection, instance);
    return this.#profile;
  }

  pin(upstream: string, lease: Lease, status: number, idleMs: number): void {
    this.pinned ??= new PinnedSockets();
    this.pinned.pin(upstream, lease, status, idleMs);
  }

  request(stream: ServerStream, head: RequestHead, instance: HttpInstance): void {
    dispatch(new Exchange(this, stream, instance, head), head);
  }

  refused(
    stream: ServerStream,
    request: UnreadRequest,
    refusal: Refusal,
    instance: HttpInstance,
    begunAtMs: number,
  ): void {
    const { status, code, reason } = refusal;
    const { logger, telemetry } = instance.host;
    const record = unservedRecord(request, this.profile(instance), instance, begunAtMs);
    const { requestId, method, path, traceId, spanId, clientAddress } = record;
    const answer = instance.errorPages.answer(status, reason, requestId, false);
    // The answer to a HEAD request has no body, even when the request's head is not complete.
    const bytesSent = sentBytes(answer, method);
    telemetry.exchange({ ...record, status, bytesSent, error: code, refusal });
    if (logger.debugEnabled) {
      const trace = traceId === '' ? {} : { trace_id: traceId, span_id: spanId };
      logRefused(logger, refusal, {
        ...trace,
        request_id: requestId,
        method,
        path,
        client_ip: clientAddress,
      });
    }
    const { hsts } = instance.https;
    const hstsLine = hsts === undefined || record.tls === undefined ? '' : hsts.line(hostName(record.host));
    stream.answer(answer, instance.date.text, method, `X-Request-ID: ${requestId}\r\n${hstsLine}`);
  }

  unfinished(request: UnreadRequest, error: ErrorCode, instance: HttpInstance, begunAtMs: number): void {
    const record = unservedRecord(request, this.profile(instance), instance, begunAtMs);
    instance.host.telemetry.exchange({ ...record, status: CLIENT_LEFT, bytesSent: 0, error });
  }

  close(): void {
    this.pinned?.destroy();
  }
}
