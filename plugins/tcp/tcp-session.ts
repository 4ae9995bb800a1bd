import { randomUUID } from 'node:crypto';

import { BalanceError, type ErrorCode } from '../../src/errors.ts';
import type {
  Backend,
  Connection,
  ConnectionActivity,
  ConnectionHandler,
  Lease,
  LeaseRequest,
  LogFields,
  PendingLease,
  ProtocolHost,
  ProtocolInstance,
  StickyOutcome,
  StreamReader,
  TunnelResult,
  TunnelTrace,
  Upstream,
} from '../../src/plugin-api/index.ts';

/**
 * How many bytes of the client are kept while there is no backend. When they are reached, the client is not read any more, which bounds the
 * memory; then the proxy can't notice that the client leaves, either.
 */
const AHEAD_LIMIT_BYTES = 64 * 1024;

const NOTHING = { bytesReceived: 0, bytesSent: 0, endedBy: 'proxy' } as const;

/** What a session needs of the instance that it belongs to. */
export interface TcpService extends ProtocolInstance {
  readonly host: ProtocolHost;
  readonly idleTimeoutMs: number;
  /** A session begins. */
  begun(): void;
  /** A session is over. */
  ended(): void;
}

/** One client's connection: waits for a backend, and then becomes a tunnel to it. */
export class TcpSession implements StreamReader, LeaseRequest, ConnectionHandler {
  readonly key: string | undefined;
  /** By what the upstream knows the client; undefined where it does not keep it at its backend. */
  readonly session: string | undefined;
  readonly fresh = false;
  readonly #connection: Connection;
  readonly #instance: TcpService;
  readonly #upstream: Upstream;
  readonly #startedAtMs = Date.now();
  readonly #begunAtMs = performance.now();
  readonly #trace: TunnelTrace | undefined;
  /** The id of the connection in log lines; made when the first line is written. */
  #requestId = '';
  readonly #pending: PendingLease;
  /** What the client sent before there was a backend. */
  #ahead: Buffer[] = [];
  #aheadBytes = 0;
  #peerEnded = false;
  #backend: Backend | undefined;
  #stickiness: StickyOutcome | undefined;
  #over = false;

  constructor(connection: Connection, instance: TcpService, upstream: Upstream) {
    this.#connection = connection;
    this.#instance = instance;
    this.#upstream = upstream;
    this.#trace = instance.host.telemetry.tracer?.beginTunnel();
    this.key = keyFor(upstream, connection.transport.peer.address);
    this.session = upstream.sticky?.kind === 'source-ip' ? connection.transport.peer.address : undefined;
    this.#pending = upstream.acquire(this);
    instance.begun();
    // Read at once: only a read shows that a client left while it waited for a backend.
    connection.transport.read(this);
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.#ahead.push(Buffer.from(bytes.subarray(start, end)));
    this.#aheadBytes += end - start;
    if (this.#aheadBytes >= AHEAD_LIMIT_BYTES) this.#connection.transport.pause();
  }

  end(): void {
    this.#peerEnded = true;
  }

  drained(): void {
    // Nothing was written yet.
  }

  closed(error: Error | undefined): void {
    const { lastTried } = this.#pending;
    this.#pending.cancel();
    // A BalanceError says that the proxy itself ended the connection.
    if (error instanceof BalanceError) this.#finish(lastTried, { ...NOTHING, endedBy: 'proxy' }, error.code);
    else this.#finish(lastTried, { ...NOTHING, endedBy: 'client' }, 'client_abort');
  }

  leased(lease: Lease): void {
    const { transport: stream } = this.#connection;
    this.#backend = lease.backend;
    this.#stickiness = lease.sticky?.outcome;
    for (const piece of this.#ahead) lease.channel.write(piece);
    this.#ahead = [];
    if (this.#peerEnded) lease.channel.end();
    this.#instance.host.tunnel({
      downstream: stream,
      upstream: lease.channel,
      idleTimeoutMs: this.#instance.idleTimeoutMs,
      backend: lease.backend,
      early: { received: this.#aheadBytes, sent: 0 },
      ended: (result) => {
        lease.end(result.error?.code, 0, 0);
        this.#finish(lease.backend, result, result.error?.code);
      },
    });
  }

  refused(error: BalanceError): void {
    const { lastTried } = this.#pending;
    this.#instance.host.logger.warn('connection refused', {
      ...this.logFields(),
      client_ip: this.#connection.transport.peer.address,
      upstream: this.#upstream.name,
      backend: lastTried?.name,
      error: error.message,
    });
    this.#finish(lastTried, NOTHING, error.code);
    // A reset is the only way of TCP to tell the client that this is not an orderly end.
    this.#connection.transport.reset();
  }

  /** For the lease: a PROXY header to the backend names the client of this connection. */
  get heldBy(): Connection {
    return this.#connection;
  }

  /** The fields that every log line about the connection has. */
  logFields(): LogFields {
    this.#requestId ||= randomUUID();
    const ids = { request_id: this.#requestId };
    const trace = this.#trace;
    return trace === undefined ? ids : { trace_id: trace.traceId, span_id: trace.spanId, ...ids };
  }

  drain(): void {
    // A tunnel has no point at which the proxy could end it without loss: it runs until a peer ends it.
  }

  activity(): ConnectionActivity {
    const upstream = this.#upstream.name;
    return { state: 'tunnel', instance: this.#instance, upstream, backend: this.#backend };
  }

  #finish(
    backend: Backend | undefined,
    { bytesReceived, bytesSent, endedBy }: Omit<TunnelResult, 'error'>,
    error: ErrorCode | undefined,
  ): void {
    if (this.#over) return;
    this.#over = true;
    const { host } = this.#instance;
    const { transport } = this.#connection;
    if (host.telemetry.detailed) this.#requestId ||= randomUUID();
    const trace = this.#trace;
    host.telemetry.tunnel({
      listener: host.listener,
      protocol: 'tcp',
      startedAtMs: this.#startedAtMs,
      durationMs: performance.now() - this.#begunAtMs,
      clientAddress: transport.peer.address,
      upstream: this.#upstream.name,
      backend,
      stickiness: this.#stickiness,
      connected: this.#backend !== undefined,
      tls: transport.tls,
      sni: transport.route?.sni,
      requestId: this.#requestId,
      traceId: trace?.traceId ?? '',
      spanId: trace?.spanId ?? '',
      trace,
      bytesReceived,
      bytesSent,
      endedBy,
      error,
    });
    this.#instance.ended();
  }
}

/** The balancing key of a client; TCP knows nothing of it but its address. */
export function keyFor({ keySource }: Upstream, clientAddress: string): string | undefined {
  return keySource?.kind === 'source-ip' ? clientAddress : undefined;
}
