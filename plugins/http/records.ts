import type { ExchangeRecord, Lease, TunnelRecord, TunnelResult } from '../../src/plugin-api/index.ts';
import { textOfBytes } from '../../src/plugin-api/text-of-bytes.ts';
import type { Exchange } from './exchange.ts';
import type { Refusal } from './refusal.ts';

/** What telemetry gets to know of the tunnel that an exchange became. */
export function tunnelRecord(
  exchange: Exchange,
  lease: Lease,
  startedAtMs: number,
  result: TunnelResult,
): TunnelRecord {
  return {
    listener: exchange.instance.host.listener,
    protocol: textOfBytes(exchange.upgrade),
    startedAtMs,
    durationMs: exchange.elapsedMs - exchange.durationMs,
    clientAddress: exchange.clientAddress,
    upstream: exchange.upstream,
    backend: lease.backend,
    requestId: exchange.requestId,
    traceId: exchange.traceId,
    spanId: exchange.spanId,
    trace: exchange.trace,
    bytesReceived: result.bytesReceived,
    bytesSent: result.bytesSent,
    endedBy: result.endedBy,
    error: result.error?.code,
  };
}

/** A record for what never became an exchange: bytes that are no request. */
export function refusedRecord(
  listener: string,
  clientAddress: string,
  requestId: string,
  refusal: Refusal,
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
    referer: '',
    requestId,
    traceId: '',
    spanId: '',
    trace: undefined,
    route: '',
    upstream: '',
    algorithm: '',
    backend: undefined,
    status: refusal.status,
    bytesReceived: 0,
    bytesSent: 0,
    error: refusal.code,
    refusal,
  };
}
