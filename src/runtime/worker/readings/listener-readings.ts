import type { Listener } from '../../../net/listen/listener.ts';
import type { TunnelStats } from '../../../net/tunnel/tunnel-stats.ts';
import type { ListenerReading } from '../../../readings/listener.ts';
import type { TunnelReading } from '../../../readings/tunnel.ts';
import type { ReadingIds } from './reading-ids.ts';

/** A listener in numbers. */
export function listenerReading(listener: Listener, ids: ReadingIds): ListenerReading {
  const { accepted, refused, shed, traffic } = listener;
  const { bytesReceived, bytesSent } = traffic;
  return {
    id: ids.of(listener),
    name: listener.name,
    address: listener.bound,
    protocol: listener.instance.protocol,
    maxConnections: listener.maxConnections,
    acceptDescriptors: listener.descriptors,
    draining: listener.draining,
    counts: { accepted, refused, shed, bytesReceived, bytesSent },
    gauges: { connectionsActive: listener.connections, handshakesActive: 0 },
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
