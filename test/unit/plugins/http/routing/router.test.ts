import { describe, expect, it } from 'vitest';

import type { Route } from '../../../../../plugins/http/config/schema/options.generated.ts';
import { routeConditions } from '../../../../../plugins/http/routing/route-conditions.ts';
import { holdsOtherwise, isPairOf } from '../../../../../plugins/http/routing/route-entry.ts';
import { Router } from '../../../../../plugins/http/routing/router.ts';
import { SeededRandom } from '../../../../support/seeded-random.ts';

const HOSTS = ['a.test', 'b.test', '*.a.test', '*.test', '*.deep.a.test'];
const NAMES = ['a.test', 'b.test', 'x.a.test', 'x.deep.a.test', 'c.test', 'other', ''];
const SEGMENTS = ['a', 'b', 'ab', 'c'];

describe('a router', () => {
  it('finds what trying all routes one after the other finds, among many routes', () => {
    const random = new SeededRandom(11);
    const path = (): string => {
      const segments = Array.from({ length: random.between(0, 3) }, () => random.pick(SEGMENTS));
      return `/${segments.join('/')}${random.next() < 0.2 ? '/' : ''}`;
    };
    for (let round = 0; round < 40; round++) {
      const routes = Array.from({ length: random.between(1, 120) }, (_, index): Route => {
        const kind = random.pick(['exact', 'prefix', 'prefix', 'suffix', 'regex'] as const);
        return {
          name: `r${String(index)}`,
          filters: [],
          priority: random.next() < 0.1 ? random.between(-1, 2) : 0,
          ...(random.next() < 0.5 ? { hosts: [random.pick(HOSTS), random.pick(HOSTS)] } : {}),
          ...(random.next() < 0.9 ? { paths: [{ [kind]: path() }, path()] } : {}),
          ...(random.next() < 0.3 ? { methods: [random.pick(['GET', 'POST'])] } : {}),
        };
      });
      const router = new Router(routes.map(routeConditions));
      for (let asked = 0; asked < 200; asked++) {
        const host = random.pick(NAMES);
        const target = path();
        const head = { valueOf: () => undefined };
        const facts = { method: random.pick(['GET', 'POST']), target, clientAddress: '' };
        const expected = router.entries.find(
          (entry) => isPairOf(entry, host, target) && holdsOtherwise(entry.route, host, target, head, facts),
        );
        expect(router.find(host, target, head, facts)?.name).toBe(expected?.route.name);
      }
    }
  });

  it('tries the kinds of paths in their order, and longer ones first', () => {
    const paths = [
      '/',
      { prefix: '/a' },
      { suffix: 'x' },
      { suffix: '/x' },
      { regex: '/x$' },
      { exact: '/a/x' },
      { prefix: '/a/x' },
    ];
    const { entries } = new Router(
      paths.map((one, index) =>
        routeConditions({ name: String(index), filters: [], priority: 0, paths: [one] }),
      ),
    );
    expect(entries.map(({ route }) => route.name)).toEqual(['5', '4', '3', '2', '6', '1', '0']);
  });
});
