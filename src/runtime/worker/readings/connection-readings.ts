import type { AcceptedConnection } from '../../../net/listen/accepted-connection.ts';
import type { Listener } from '../../../net/listen/listener.ts';
import { endpointText } from '../../../net/transport/endpoints.ts';
import type { ConnectionActivity, ProtocolInstance, TlsSession } from '../../../plugin-api/index.ts';
import type {
  ConnectionReading,
  ConnectionsQuery,
  ConnectionsReading,
  TlsReading,
} from '../../../readings/connection.ts';

/**
 * The open connections that are asked for, and counts of all of them.
 *
 * @param generations the generations' numbers by the instances that they use
 */
export function readConnections(
  listeners: readonly Listener[],
  generations: ReadonlyMap<ProtocolInstance, number>,
  { listener: wanted, after, limit }: ConnectionsQuery,
): ConnectionsReading {
  const nowMs = performance.now();
  const counts = new Map<string, number>();
  const found: ConnectionReading[] = [];
  let total = 0;
  for (const listener of listeners) {
    total += listener.connections;
    counts.set(listener.name, (counts.get(listener.name) ?? 0) + listener.connections);
    if (wanted !== undefined && listener.name !== wanted) continue;
    for (const connection of firstOf(listener.opened(), after, limit))
      found.push(connectionReading(connection, listener, generations, nowMs));
  }
  const connections = found.sort((a, b) => a.id - b.id).slice(0, limit);
  return { total, byListener: Object.fromEntries(counts), connections, unanswered: [] };
}

/** The first connections whose ids are above `after`. */
function firstOf(
  connections: Iterable<AcceptedConnection>,
  after: number,
  limit: number,
): AcceptedConnection[] {
  const found: AcceptedConnection[] = [];
  for (const connection of connections) {
    if (connection.id <= after) continue;
    if (found.length === limit) break;
    found.push(connection);
  }
  return found;
}

/** What a protocol says about a connection; undefined when it says nothing, or throws. */
function activityOf({ handler }: AcceptedConnection): ConnectionActivity | undefined {
  try {
    return handler?.activity?.();
  } catch {
    return undefined;
  }
}

function connectionReading(
  connection: AcceptedConnection,
  listener: Listener,
  generations: ReadonlyMap<ProtocolInstance, number>,
  nowMs: number,
): ConnectionReading {
  const { id, acceptedAtMs } = connection;
  const { peer, proxy, route, tls } = connection.transport;
  const activity = activityOf(connection);
  const instance = activity === undefined ? connection.takenBy : activity.instance;
  return {
    id,
    worker: 1,
    listener: listener.name,
    client: endpointText(peer),
    proxy: proxy && endpointText(proxy.sender),
    protocol: (instance ?? listener.instance).protocol,
    ageMs: nowMs - acceptedAtMs,
    state: activity?.state,
    exchanges: activity?.exchanges,
    generation: instance && generations.get(instance),
    upstream: activity?.upstream,
    sni: tls?.sni ?? route?.sni,
    backend: activity?.backend?.name,
    tls: tlsReading(connection.transport.tls),
  };
}

function tlsReading(session: TlsSession | undefined): TlsReading | undefined {
  if (session === undefined) return undefined;
  const { version, cipher, sni, alpn, resumed, certificate } = session;
  const client = certificate && {
    subject: certificate.subject,
    fingerprint256: certificate.fingerprint256,
    verified: certificate.verified,
  };
  return { version, cipher, sni, alpn, resumed, client };
}
