import type { ExchangeRecord, Lease, TunnelRecord, TunnelResult } from '../../src/plugin-api/index.ts';
import type { Exchange } from './exchange.ts';

/** What telemetry gets to know of an exchange, at its end. */
export function exchangeRecord(exchange: Exchange): ExchangeRecord {
  const { trace, route } = exchange;
  const durationMs = exchange.elapsedMs;
  return {
    listener: exchange.instance.host.listener,
    startedAtMs: Date.now() - durationMs,
    durationMs,
    clientAddress: exchange.clientAddress,
    method: exchange.method,
    path: exchange.path,
    host: exchange.host,
    protocol: exchange.modern ? 'HTTP/1.1' : 'HTTP/1.0',
    userAgent: exchange.userAgent,
    requestId: exchange.requestId,
    traceId: trace?.traceId ?? '',
    spanId: trace?.spanId ?? '',
    trace,
    route: exchange.routeName,
    upstream: route?.upstream.name ?? '',
    algorithm: route?.upstream.algorithm ?? '',
    backend: exchange.backend,
    status: exchange.status,
    bytesReceived: exchange.body?.bytes ?? 0,
    bytesSent: exchange.bytesSent,
    error: exchange.error,
  };
}

/** What telemetry gets to know of the tunnel that an exchange became. */
export function tunnelRecord(
  exchange: Exchange,
  lease: Lease,
  startedAtMs: number,
  result: TunnelResult,
): TunnelRecord {
  return {
    listener: exchange.instance.host.listener,
    protocol: exchange.upgrade,
    startedAtMs,
    durationMs: Date.now() - startedAtMs,
    clientAddress: exchange.clientAddress,
    upstream: exchange.route?.upstream.name ?? '',
    backend: lease.backend,
    bytesReceived: result.bytesReceived,
    bytesSent: result.bytesSent,
    error: result.error?.code,
  };
}

/** A record for what never became an exchange: bytes that are no request. */
export function refusedRecord(
  listener: string,
  clientAddress: string,
  requestId: string,
  status: number,
  error: ExchangeRecord['error'],
): ExchangeRecord {
  return {
    listener,
    startedAtMs: Date.now(),
    durationMs: 0,
    clientAddress,
    method: '',
    path: '',
    host: '',
    protocol: 'HTTP/1.1',
    userAgent: '',
    requestId,
    traceId: '',
    spanId: '',
    trace: undefined,
    route: '',
    upstream: '',
    algorithm: '',
    backend: undefined,
    status,
    bytesReceived: 0,
    bytesSent: 0,
    error,
  };
}
