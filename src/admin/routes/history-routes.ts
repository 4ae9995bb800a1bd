import type { Config } from '../../config/schema/config.generated.ts';
import { showConfig } from '../../config/schema/show-config.ts';
import { AdminError } from '../endpoint/admin-error.ts';
import { jsonResponse } from '../endpoint/admin-response.ts';
import { get, post, type AdminRoute } from '../endpoint/admin-router.ts';
import type { HistoryReading, ReloadReading } from '../../readings/reload.ts';
import { reloadJson } from './reload-json.ts';

/** The history of configs, as these endpoints need it. */
export interface ConfigHistoryPort {
  /** Newest first. */
  entries(): readonly HistoryReading[];
  /** The config of an entry; undefined when it is not in memory. */
  config(id: number): Config | undefined;
  /**
   * Makes an entry live again; without an id, the newest other entry that was not rolled back. Resolves with undefined when there is no such
   * entry.
   */
  rollBack(id: number | undefined): Promise<ReloadReading | undefined>;
}

const MAX_BODY_BYTES = 4096;
/** No reload should take so long. */
const TIMEOUT_MS = 2 * 60_000;

/** `GET /config/history` and `POST /config/rollback`. */
export function historyRoutes(history: ConfigHistoryPort): AdminRoute[] {
  return [
    get('/config/history', ({ query }) => {
      const asked = query.get('id');
      if (asked === null) return jsonResponse(200, { configs: history.entries().map(entryJson) });
      const id = idOf(Number(asked));
      const entry = history.entries().find((each) => each.id === id);
      if (entry === undefined) throw unknown(id);
      const config = history.config(id);
      return jsonResponse(200, {
        ...entryJson(entry),
        config: config === undefined ? null : showConfig(config),
      });
    }),
    post(
      '/config/rollback',
      async (request) => {
        const id = wanted(request.json());
        const outcome = await history.rollBack(id);
        if (outcome === undefined) throw id === undefined ? nothing() : unknown(id);
        return jsonResponse(outcome.ok ? 200 : 422, reloadJson(outcome));
      },
      { maxBodyBytes: MAX_BODY_BYTES, timeoutMs: TIMEOUT_MS },
    ),
  ];
}

function entryJson({ id, atMs, hash, source, generation, summary, outcome }: HistoryReading): object {
  return { id, at: new Date(atMs).toISOString(), hash, source, generation, summary, outcome };
}

/** Reads the body: `{"id": 3}`, or empty for the config before the live one. */
function wanted(body: unknown): number | undefined {
  if (body === undefined) return undefined;
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const others = isObject ? Object.keys(body).filter((key) => key !== 'id') : ['?'];
  if (others.length > 0) throw new AdminError(400, 'bad_body', 'the body must be {"id": number}, or empty');
  const { id } = body as { id?: unknown };
  return id === undefined ? undefined : idOf(id);
}

function idOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw new AdminError(400, 'bad_id', 'id must be a whole number from 1 on');
}

function unknown(id: number): AdminError {
  return new AdminError(
    404,
    'unknown_config',
    `there is no config ${String(id)} in the history; see GET /config/history`,
  );
}

function nothing(): AdminError {
  return new AdminError(409, 'no_earlier_config', 'the history has no other config that was not rolled back');
}
