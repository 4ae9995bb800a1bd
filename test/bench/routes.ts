/** What it costs to find the route of a request among few and many routes: `npm run bench:routes`. */
import { performance } from 'node:perf_hooks';

import { routeConditions } from '../../plugins/http/routing/route-conditions.ts';
import { Router } from '../../plugins/http/routing/router.ts';

const LOOK_UPS = 500_000;
const ROUNDS = 9;
/** How many requests are asked in turn. */
const REQUESTS = 10;

const head = { valueOf: (): undefined => undefined };
const facts = { method: 'GET', target: '/', clientAddress: '' };

/** Half of the routes have a host, half a prefix of paths. */
function routerOf(count: number): Router<ReturnType<typeof routeConditions>> {
  const routes = Array.from({ length: count }, (_, index) =>
    routeConditions({
      name: `r${String(index)}`,
      priority: 0,
      filters: [],
      ...(index % 2 === 1 ? { host: `h${String(index)}.test` } : { path_prefix: `/p${String(index)}/api` }),
    }),
  );
  return new Router(routes);
}

/** Nanoseconds of a look-up: the best of the rounds, because what else runs only adds time. */
function measure(count: number): number {
  const router = routerOf(count);
  const requests = Array.from({ length: REQUESTS }, (_, index) => {
    const route = Math.floor((index * count) / REQUESTS);
    return route % 2 === 1
      ? ([`h${String(route)}.test`, '/x/y'] as const)
      : (['other.test', `/p${String(route)}/api/users/7`] as const);
  });
  let bestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    for (let asked = 0; asked < LOOK_UPS; asked += REQUESTS)
      for (const [host, path] of requests)
        if (router.find(host, path, head, facts) === undefined)
          throw new Error(`no route for ${host} ${path}`);
    bestMs = Math.min(bestMs, performance.now() - begun);
  }
  return (bestMs * 1e6) / LOOK_UPS;
}

for (const count of [10, 100, 1_000, 10_000])
  process.stdout.write(`${String(count).padStart(6)} routes: ${measure(count).toFixed(0)} ns a look-up\n`);
