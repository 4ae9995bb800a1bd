import type { EarlyBytes, Lease } from '../../../src/plugin-api/index.ts';
import type { Exchange } from './exchange.ts';
import type { Head } from '../h1/parse/head.ts';
import { tunnelRecord } from '../records/records.ts';

/** Upgrades that stay within HTTP. In such a tunnel the client could send requests that no route, limit or log sees. */
const HTTP_AGAIN = /(?:^|[,\s])(?:h2c?|http(?:\/\S*)?)\s*(?:,|$)/i;

/**
 * The value of an Upgrade field that goes to the backend (RFC 9110 7.8); '' for an ordinary request. A
 * request with it may have a body, as Docker's clients send one. The body goes on framed as it came, so that backend and proxy
 * agree on the byte at which the other protocol begins.
 */
export function offeredUpgrade(head: Head): string {
  if (head.upgradeField < 0 || !head.connectionUpgrade || head.minor === 0) return '';
  const value = head.valueText(head.upgradeField);
  return HTTP_AGAIN.test(value) ? '' : value;
}

/** The protocol that a 101 chooses; undefined when it is none of those that were offered. */
export function chosenUpgrade(head: Head, offered: string): string | undefined {
  if (offered === '' || head.upgradeField < 0) return undefined;
  const chosen = head.valueText(head.upgradeField);
  const names = offered.split(',').map((protocol) => protocol.trim().toLowerCase());
  return names.includes(chosen.toLowerCase()) ? chosen : undefined;
}

/** Joins the client of an exchange, which is over, with the backend of its lease. */
export function openTunnel(exchange: Exchange, lease: Lease, early: EarlyBytes): void {
  const { host, options } = exchange.instance;
  const startedAtMs = Date.now();
  const trace = exchange.trace === undefined ? undefined : host.telemetry.tracer?.beginTunnel(exchange.trace);
  host.tunnel({
    downstream: exchange.connection.connection.stream,
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
