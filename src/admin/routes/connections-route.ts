import type {
  ConnectionReading,
  ConnectionsQuery,
  ConnectionsReading,
  TlsReading,
} from '../../readings/connection.ts';
import { AdminError } from '../endpoint/admin-error.ts';
import { jsonResponse } from '../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../endpoint/admin-router.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** `GET /connections?limit=&after=&listener=` */
export function connectionsRoute(source: {
  connections(query: ConnectionsQuery): Promise<ConnectionsReading>;
}): AdminRoute {
  return get('/connections', async ({ query }) => {
    const limit = numberOf(query, 'limit', DEFAULT_LIMIT, MAX_LIMIT);
    const after = numberOf(query, 'after', 0, Number.MAX_SAFE_INTEGER);
    const listener = query.get('listener') ?? undefined;
    const reading = await source.connections({ listener, after, limit });
    const { total, byListener, connections, unanswered } = reading;
    return jsonResponse(200, {
      total,
      by_listener: byListener,
      connections: connections.map(connectionJson),
      unanswered,
    });
  });
}

function connectionJson(connection: ConnectionReading): object {
  const { id, worker, listener, client, proxy, protocol, ageMs, state, exchanges, generation } = connection;
  const { upstream, sni, backend, tls } = connection;
  return {
    id,
    worker,
    listener,
    client,
    proxy: proxy ?? null,
    protocol,
    age_seconds: Math.round(ageMs) / 1_000,
    state: state ?? null,
    exchanges: exchanges ?? null,
    generation: generation ?? null,
    upstream: upstream ?? null,
    sni: sni ?? null,
    backend: backend ?? null,
    tls: tls === undefined ? null : tlsJson(tls),
  };
}

function tlsJson({ version, cipher, sni, alpn, resumed, client }: TlsReading): object {
  return {
    version,
    cipher,
    sni: sni ?? null,
    alpn: alpn ?? null,
    resumed,
    client_subject: client?.subject ?? null,
    client_fingerprint: client?.fingerprint256 ?? null,
    client_verified: client?.verified ?? null,
  };
}

function numberOf(query: URLSearchParams, name: string, byDefault: number, max: number): number {
  const text = query.get(name);
  if (text === null) return byDefault;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  throw new AdminError(400, 'bad_query', `${name} must be a whole number from 0 to ${String(max)}`);
}
