import type { ProxyRefusalReason } from '../../../errors/proxy-refusal-reasons.ts';
import { ConnectionSetup } from '../../../net/layers/connection-setup.ts';
import type { Listener } from '../../../net/listen/listener.ts';
import { ProxyHeaderLayer } from '../../../net/proxy-protocol/accept/proxy-header-layer.ts';
import type { TunnelStats } from '../../../net/tunnel/tunnel-stats.ts';
import type { ListenerReading, ProxyRefusalCounts } from '../../../readings/listener.ts';
import type { TunnelReading } from '../../../readings/tunnel.ts';
import type { ReadingIds } from './reading-ids.ts';

/** The name of the layer that makes or reads TLS handshakes. */
const TLS_LAYER = 'TLS handshake';

/** A listener in numbers. */
export function listenerReading(listener: Listener, ids: ReadingIds): ListenerReading {
  const { accepted, refused, shed, traffic } = listener;
  const { bytesReceived, bytesSent } = traffic;
  const layer = listener.layers.find((one) => one instanceof ProxyHeaderLayer);
  return {
    id: ids.of(listener),
    name: listener.name,
    address: listener.bound,
    protocol: listener.instance.protocol,
    maxConnections: listener.maxConnections,
    acceptDescriptors: listener.descriptors,
    tls: listener.layers.some(({ name }) => name === TLS_LAYER),
    draining: listener.draining,
    counts: { accepted, refused, shed, bytesReceived, bytesSent, ...proxyRefusals(layer) },
    gauges: {
      connectionsActive: listener.connections,
      handshakesActive: handshakesOn(listener),
      demandsProxyHeader: layer === undefined ? 0 : 1,
    },
  };
}

function proxyRefusals(layer: ProxyHeaderLayer | undefined): ProxyRefusalCounts {
  const of = (reason: ProxyRefusalReason): number => layer?.refusals.count(reason) ?? 0;
  return {
    proxyRefused_untrusted: of('untrusted'),
    proxyRefused_missing: of('missing'),
    proxyRefused_malformed: of('malformed'),
    proxyRefused_too_large: of('too_large'),
    proxyRefused_checksum: of('checksum'),
    proxyRefused_incomplete: of('incomplete'),
    proxyRefused_timeout: of('timeout'),
  };
}

/** Connections that the layers have not handed over yet. Looked for at each reading, so that nothing is counted on the way of a connection. */
function handshakesOn(listener: Listener): number {
  if (listener.layers.length === 0) return 0;
  let count = 0;
  for (const { handler } of listener.opened()) if (handler instanceof ConnectionSetup) count += 1;
  return count;
}

/** The tunnels by listener and backend. Where nothing runs, the counts of names that are not among these are forgotten. */
export function tunnelReadings(
  tunnels: TunnelStats,
  listeners: Iterable<string>,
  backends: Iterable<string>,
): TunnelReading[] {
  const counts = tunnels.counts(new Set(listeners), new Set(backends));
  return Array.from(counts, ({ listener, backend, active, total, traffic }) => {
    const { bytesReceived, bytesSent } = traffic;
    return { listener, backend, active, total, bytesReceived, bytesSent };
  });
}
