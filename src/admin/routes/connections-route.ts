import { AdminError } from '../endpoint/admin-error.ts';
import { jsonResponse } from '../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../endpoint/admin-router.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** An open downstream connection. */
export interface ConnectionReport {
  readonly id: number;
  readonly listener: string;
  /** Address and port; `unix` for a unix socket. */
  readonly client: string;
  readonly protocol: string;
  readonly ageMs: number;
  /** What it does now, in a word of its protocol: `idle`, `exchange`, `tunnel`. */
  readonly state: string | undefined;
  /** Exchanges that began on it. */
  readonly exchanges: number | undefined;
  /** The generation that what runs on it belongs to. */
  readonly generation: number | undefined;
  /** Name of the backend that works on it. */
  readonly backend: string | undefined;
}

/** The open connections of one listener, oldest first. */
export interface ListenerConnections {
  readonly name: string;
  readonly count: number;
  connections(): Iterable<{ readonly id: number; report(): ConnectionReport }>;
}

/** `GET /connections?limit=&after=&listener=`: read from the listeners while the answer is made. */
export function connectionsRoute(listeners: () => readonly ListenerConnections[]): AdminRoute {
  return get('/connections', ({ query }) => {
    const limit = numberOf(query, 'limit', DEFAULT_LIMIT, MAX_LIMIT);
    const after = numberOf(query, 'after', 0, Number.MAX_SAFE_INTEGER);
    const wanted = query.get('listener');
    const all = listeners();
    const shown = firstOf(
      all.filter(({ name }) => wanted === null || name === wanted),
      after,
      limit,
    );
    return jsonResponse(200, {
      total: all.reduce((sum, { count }) => sum + count, 0),
      by_listener: countsByName(all),
      connections: shown.map(connectionJson),
    });
  });
}

function firstOf(
  listeners: readonly ListenerConnections[],
  after: number,
  limit: number,
): readonly ConnectionReport[] {
  const found: ConnectionReport[] = [];
  for (const listener of listeners) {
    let taken = 0;
    for (const connection of listener.connections()) {
      if (connection.id <= after) continue;
      if (taken === limit) break;
      found.push(connection.report());
      taken += 1;
    }
  }
  return found.sort((a, b) => a.id - b.id).slice(0, limit);
}

function countsByName(listeners: readonly ListenerConnections[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { name, count } of listeners) counts.set(name, (counts.get(name) ?? 0) + count);
  return Object.fromEntries(counts);
}

function connectionJson(report: ConnectionReport): object {
  const { id, listener, client, protocol, ageMs, state, exchanges, generation, backend } = report;
  return {
    id,
    listener,
    client,
    protocol,
    age_seconds: Math.round(ageMs) / 1_000,
    state: state ?? null,
    exchanges: exchanges ?? null,
    generation: generation ?? null,
    backend: backend ?? null,
  };
}

function numberOf(query: URLSearchParams, name: string, byDefault: number, max: number): number {
  const text = query.get(name);
  if (text === null) return byDefault;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  throw new AdminError(400, 'bad_query', `${name} must be a whole number from 0 to ${String(max)}`);
}
