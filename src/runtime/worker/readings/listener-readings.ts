import type { ProxyRefusalReason } from '../../../errors/proxy-refusal-reasons.ts';
import type { Listener } from '../../../net/listen/listener.ts';
import { ProxyHeaderLayer } from '../../../net/proxy-protocol/accept/proxy-header-layer.ts';
import { TlsTermination } from '../../../net/tls/terminate/tls-termination.ts';
import type { TunnelStats } from '../../../net/tunnel/tunnel-stats.ts';
import type { ListenerGauges, ListenerReading, ProxyRefusalCounts } from '../../../readings/listener.ts';
import type { TunnelReading } from '../../../readings/tunnel.ts';
import type { ReadingIds } from './reading-ids.ts';

const NOTHING_RUNS: ListenerGauges = {
  connectionsActive: 0,
  expectsTls: 0,
  hellosAwaited: 0,
  handshakesActive: 0,
  handshakesMax: 0,
  demandsProxyHeader: 0,
};

/** A listener in numbers. */
export function listenerReading(listener: Listener, ids: ReadingIds): ListenerReading {
  const { accepted, refused, shed, rests, traffic } = listener;
  const { bytesReceived, bytesSent } = traffic;
  const layer = listener.layers.find((one) => one instanceof ProxyHeaderLayer);
  const tls = listener.layers.find((one) => one instanceof TlsTermination);
  return {
    id: ids.of(listener),
    name: listener.name,
    address: listener.bound,
    protocol: listener.instance.protocol,
    maxConnections: listener.maxConnections,
    acceptDescriptors: listener.descriptors,
    draining: listener.draining,
    counts: { accepted, refused, shed, rests, bytesReceived, bytesSent, ...proxyRefusals(layer) },
    gauges: {
      connectionsActive: listener.connections,
      expectsTls: tls === undefined ? 0 : 1,
      hellosAwaited: tls?.bound?.gate.hellosAwaited ?? 0,
      handshakesActive: tls?.bound?.gate.handshakes ?? 0,
      handshakesMax: tls?.bound?.limits.maxHandshakes ?? 0,
      demandsProxyHeader: layer === undefined ? 0 : 1,
    },
  };
}

/** What a listener has counted that has ended. Nothing of it runs. */
export function endedListenerReading(listener: Listener, ids: ReadingIds): ListenerReading {
  return { ...listenerReading(listener, ids), gauges: NOTHING_RUNS };
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
