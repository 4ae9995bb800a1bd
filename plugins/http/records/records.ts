import { performance } from 'node:perf_hooks';

import type {
  ExchangeRecord,
  Lease,
  TunnelRecord,
  TunnelResult,
  TunnelTrace,
} from '../../../src/plugin-api/index.ts';
import { textOfBytes } from '../../../src/plugin-api/values/text-of-bytes.ts';
import { shownReferer, type ForwardingProfile } from '../forwarding/forwarding-profile.ts';
import type { UnreadRequest } from '../message/server-stream.ts';
import type { ExchangeFacts } from './exchange-facts.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import { loggedPath, withoutFragment } from './logged-path.ts';
import { isValidHost } from '../message/request-target.ts';
import { shownQuery } from './shown-query.ts';

/** The status that logs and metrics show when the client left before it got one. It is the number that nginx uses. */
export const CLIENT_LEFT = 499;

/** The record of the tunnel that an exchange became, for telemetry. */
export function tunnelRecord(
  exchange: ExchangeFacts,
  lease: Lease,
  trace: TunnelTrace | undefined,
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
    tls: exchange.tls,
    requestId: exchange.requestId,
    traceId: exchange.traceId,
    spanId: trace?.spanId ?? exchange.spanId,
    trace,
    bytesReceived: result.bytesReceived,
    bytesSent: result.bytesSent,
    endedBy: result.endedBy,
    error: result.error?.code,
  };
}

/** The record of a request, without the fields that say how it ended. */
type UnservedRecord = Omit<ExchangeRecord, 'status' | 'bytesSent' | 'error' | 'refusal'>;

/**
 * The record of a request that never became an exchange, because its head is malformed or not complete. It has what is known of it.
 *
 * @param begunAtMs when the first byte came, on the clock of `performance`
 */
export function unservedRecord(
  fragment: UnreadRequest,
  profile: ForwardingProfile,
  instance: HttpInstance,
  begunAtMs: number,
): UnservedRecord {
  const { host, parts } = instance;
  const { address, requestId = parts.requestIds.next() } = profile.claims(fragment);
  const trace = host.telemetry.tracer?.begin(fragment);
  const named = fragment.soleValueOf('host') ?? '';
  const durationMs = performance.now() - begunAtMs;
  return {
    listener: host.listener,
    startedAtMs: Date.now() - durationMs,
    durationMs,
    clientAddress: address,
    method: fragment.method,
    path: textOfBytes(loggedPath(fragment.target)),
    query: shownQuery(withoutFragment(fragment.target)),
    host: isValidHost(named) ? named : '',
    protocol: fragment.protocol,
    tls: profile.tls,
    userAgent: textOfBytes(fragment.joined('user-agent')),
    referer: shownReferer(fragment.joined('referer')),
    requestId,
    traceId: trace?.traceId ?? '',
    spanId: trace?.spanId ?? '',
    trace,
    route: '',
    upstream: '',
    algorithm: '',
    backend: undefined,
    bytesReceived: 0,
  };
}
