import { jsonResponse } from '../endpoint/admin-response.ts';
import { get, type AdminRoute } from '../endpoint/admin-router.ts';

/** `GET /`: the list of endpoints. */
export function indexRoute(version: string, routes: readonly AdminRoute[]): AdminRoute {
  return get('/', () =>
    jsonResponse(200, {
      name: 'balance',
      version,
      description: '/openapi.yaml',
      endpoints: routes.map(({ method, path }) => ({ method, path })),
    }),
  );
}
