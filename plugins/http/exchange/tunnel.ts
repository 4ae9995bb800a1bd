import type { ByteStream, EarlyBytes, Lease } from '../../../src/plugin-api/index.ts';
import type { ExchangeFacts } from '../records/exchange-facts.ts';
import { tunnelRecord } from '../records/records.ts';

/**
 * Joins the client of an exchange, which is over, with the backend of its lease. The instance counts the tunnel in place of the
 * exchange.
 */
export function openTunnel(
  exchange: ExchangeFacts,
  downstream: ByteStream,
  lease: Lease,
  early: EarlyBytes,
): void {
  const { host, options } = exchange.instance;
  const startedAtMs = Date.now();
  const trace = exchange.trace === undefined ? undefined : host.telemetry.tracer?.beginTunnel(exchange.trace);
  host.tunnel({
    downstream,
    upstream: lease.channel,
    idleTimeoutMs: options.timeouts.tunnel,
    backend: lease.backend,
    early,
    ended: (result) => {
      lease.end(result.error?.code, 101, 0);
      host.telemetry.tunnel(tunnelRecord(exchange, lease, trace, startedAtMs, result));
      exchange.instance.ended();
    },
  });
}
