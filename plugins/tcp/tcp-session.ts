import type { BalanceError, ErrorCode } from '../../src/errors.ts';
import type {
  Backend,
  Connection,
  ConnectionHandler,
  Lease,
  LeaseRequest,
  PendingLease,
  StreamReader,
} from '../../src/plugin-api/index.ts';
import type { TcpInstance } from './tcp-instance.ts';

/** One client connection: waits for a backend, then is a tunnel to it. */
export class TcpSession implements StreamReader, LeaseRequest, ConnectionHandler {
  readonly key: string | undefined;
  readonly fresh = false;
  readonly #connection: Connection;
  readonly #instance: TcpInstance;
  readonly #startedAtMs = Date.now();
  readonly #begunAtMs = performance.now();
  readonly #pending: PendingLease;
  /** What the client sent before there was a backend: one chunk, as reading stops after it. */
  #ahead: Buffer | undefined;
  #peerEnded = false;
  #over = false;

  constructor(connection: Connection, instance: TcpInstance) {
    this.#connection = connection;
    this.#instance = instance;
    if (instance.upstream.keySource?.kind === 'source-ip') this.key = connection.remoteAddress;
    instance.begun();
    // Read at once, so that a client that leaves while it waits is noticed.
    connection.stream.read(this);
    this.#pending = instance.upstream.acquire(this);
  }

  data(bytes: Buffer, start: number, end: number): void {
    const piece = bytes.subarray(start, end);
    this.#ahead = this.#ahead === undefined ? Buffer.from(piece) : Buffer.concat([this.#ahead, piece]);
    this.#connection.stream.pause();
  }

  end(): void {
    this.#peerEnded = true;
  }

  drained(): void {
    // Nothing was written yet.
  }

  closed(): void {
    this.#pending.cancel();
    this.#finish(undefined, 0, 0, 'client_abort');
  }

  leased(lease: Lease): void {
    const { stream } = this.#connection;
    if (this.#ahead !== undefined) lease.stream.write(this.#ahead);
    const aheadBytes = this.#ahead?.length ?? 0;
    this.#ahead = undefined;
    if (this.#peerEnded) lease.stream.end();
    this.#instance.host.tunnel({
      downstream: stream,
      upstream: lease.stream,
      idleTimeoutMs: this.#instance.idleTimeoutMs,
      ended: (result) => {
        lease.discard();
        this.#finish(lease.backend, result.bytesReceived + aheadBytes, result.bytesSent, result.error?.code);
      },
    });
  }

  refused(error: BalanceError): void {
    this.#instance.host.logger.warn('connection refused', {
      client_ip: this.#connection.remoteAddress,
      upstream: this.#instance.upstream.name,
      error: error.message,
    });
    this.#finish(undefined, 0, 0, error.code);
    // TCP has no other way to tell the client that this was no orderly end.
    this.#connection.stream.reset();
  }

  drain(): void {
    // A tunnel has no place where it could be ended politely: it runs until a peer ends it.
  }

  #finish(
    backend: Backend | undefined,
    bytesReceived: number,
    bytesSent: number,
    error: ErrorCode | undefined,
  ): void {
    if (this.#over) return;
    this.#over = true;
    const { host, upstream } = this.#instance;
    host.telemetry.tunnel({
      listener: host.listener,
      protocol: 'tcp',
      startedAtMs: this.#startedAtMs,
      durationMs: performance.now() - this.#begunAtMs,
      clientAddress: this.#connection.remoteAddress,
      upstream: upstream.name,
      backend,
      bytesReceived,
      bytesSent,
      error,
    });
    this.#instance.ended();
  }
}
