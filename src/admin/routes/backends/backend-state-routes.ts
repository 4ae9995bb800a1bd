import { AdminError } from '../../endpoint/admin-error.ts';
import type { AdminRequest } from '../../endpoint/admin-request.ts';
import { jsonResponse } from '../../endpoint/admin-response.ts';
import { post, type AdminRoute } from '../../endpoint/admin-router.ts';
import type { BackendsReading, ByHandReading } from '../../../readings/upstreams/backend.ts';

/** What an operator can set: the last part of the path. */
const STATES = {
  drain: 'draining',
  disable: 'maintenance',
  healthy: 'healthy',
  unhealthy: 'unhealthy',
  enable: undefined,
} as const satisfies Readonly<Record<string, ByHandReading['state'] | undefined>>;

const MAX_BODY_BYTES = 4096;
const MAX_REASON_CHARACTERS = 500;

/** Where states that operators set are kept. */
export interface HandPort {
  /** Whether a new version of the proxy is about to take over, which would not hear of a change any more. */
  readonly isBeingReplaced: boolean;
  /** @param state undefined: checks decide again */
  set(upstream: string, backend: string, state: ByHandReading | undefined): void;
  /** Resolves when all that was set outlives a restart, if it is to. */
  kept(): Promise<void>;
}

/** A backend in one upstream. */
interface Place {
  readonly upstream: string;
  readonly backend: string;
  readonly address: string;
}

/** `POST /backends/NAME/drain` and the like: an operator sets the state of a backend, in one upstream or in all. */
export function backendStateRoutes(backends: () => Promise<BackendsReading>, hands: HandPort): AdminRoute[] {
  return Object.entries(STATES).flatMap(([verb, state]) => {
    const handle = async (request: AdminRequest) => {
      const reason = reasonIn(request.json());
      const places = placesOf(request.path, await backends());
      if (hands.isBeingReplaced)
        throw new AdminError(
          409,
          'upgrade_running',
          'a new version is about to take over and would not hear of it: ask again when the upgrade is over',
        );
      const by = state && { state, reason, sinceMs: Date.now() };
      for (const { upstream, backend } of places) hands.set(upstream, backend, by);
      await hands.kept();
      return jsonResponse(200, {
        state: state ?? null,
        reason: reason ?? null,
        backends: places.map(({ upstream, backend, address }) => ({ upstream, name: backend, address })),
      });
    };
    const paths = [`/backends/{name}/${verb}`, `/backends/{upstream}/{name}/${verb}`];
    return paths.map((path) => post(path, handle, { maxBodyBytes: MAX_BODY_BYTES }));
  });
}

const ENCODED_SLASH =
  '%2F belongs to a name that has a slash; between the names of upstream and backend write / itself';

/**
 * The backends that a path names: `NAME` alone stands for the same server in all upstreams.
 *
 * @throws AdminError 404 when there is none, 409 when the name stands for several servers
 */
function placesOf(path: string, { backends }: BackendsReading): readonly Place[] {
  const [name = '', upstream] = path.split('/').slice(2, -1).map(decoded).reverse();
  const places = backends
    .filter((backend) => backend.name === name)
    .flatMap(({ address, memberships }) =>
      memberships
        .filter((member) => member.live && (upstream === undefined || member.upstream === upstream))
        .map((member) => ({ upstream: member.upstream, backend: name, address })),
    );
  if (places.length === 0) {
    const where = upstream === undefined ? '' : ` in the upstream '${upstream}'`;
    const hint = name.includes('/') && upstream === undefined ? `: ${ENCODED_SLASH}` : '';
    throw new AdminError(
      404,
      'unknown_backend',
      `there is no backend '${name}'${where}${hint}; see GET /backends`,
    );
  }
  if (new Set(places.map(({ address }) => address)).size > 1)
    throw new AdminError(
      409,
      'ambiguous_backend',
      `the name '${name}' stands for several servers: put the upstream before it`,
      { paths: places.map((place) => `/backends/${pathPart(place.upstream)}/${pathPart(place.backend)}`) },
    );
  return places;
}

function pathPart(text: string): string {
  return encodeURIComponent(text);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AdminError(400, 'bad_path', 'the path has a percent sign that encodes nothing');
  }
}

/** Reads the body: `{"reason": "…"}`, or empty. */
function reasonIn(body: unknown): string | undefined {
  if (body === undefined) return undefined;
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const { reason, ...others } = (isObject ? body : { '?': 1 }) as Record<string, unknown>;
  const isText =
    reason === undefined || (typeof reason === 'string' && reason.length <= MAX_REASON_CHARACTERS);
  if (!isText || Object.keys(others).length > 0)
    throw new AdminError(
      400,
      'bad_body',
      `the body must be {"reason": text of at most ${MAX_REASON_CHARACTERS} characters}, or empty`,
    );
  return reason === '' ? undefined : reason;
}
