import { isDeepStrictEqual } from 'node:util';

import type { Config, Listener, Upstream } from '../config.generated.ts';

/**
 * Two configs without the long lists of what is the same in both, so that comparing them costs what the edit costs and not
 * what the config does: it happens beside traffic. Everything that a comparison could tell is still there.
 */
export function withoutEqualParts(before: Config, after: Config): [before: Config, after: Config] {
  const [oldUpstreams, newUpstreams] = differing(before.upstreams, after.upstreams, shortUpstreams);
  const [oldListeners, newListeners] = shortListeners(before.listeners, after.listeners);
  return [
    { ...before, upstreams: oldUpstreams, listeners: oldListeners },
    { ...after, upstreams: newUpstreams, listeners: newListeners },
  ];
}

interface Named {
  readonly name: string;
}

type Pair<T> = [before: T, after: T];

/** The items of two lists that are not the same in both; those of one name in both are made `short`. */
function differing<T extends Named>(
  before: readonly T[],
  after: readonly T[],
  short: (before: T, after: T) => Pair<T>,
): Pair<T[]> {
  const old = new Map(before.map((item) => [item.name, item]));
  const now = [...after];
  for (const [at, item] of after.entries()) {
    const was = old.get(item.name);
    if (was === undefined) continue;
    if (isDeepStrictEqual(was, item)) old.delete(item.name);
    else {
      const [shortOld, shortNew] = short(was, item);
      old.set(item.name, shortOld);
      now[at] = shortNew;
    }
  }
  const same = new Set(before.filter(({ name }) => !old.has(name)).map(({ name }) => name));
  return [[...old.values()], now.filter(({ name }) => !same.has(name))];
}

function shortUpstreams(before: Upstream, after: Upstream): Pair<Upstream> {
  const [old, now] = inOrder(before.backends, after.backends);
  return [
    { ...before, backends: old },
    { ...after, backends: now },
  ];
}

/** All listeners stay, as each says which addresses are taken; only what they do is left out where it is the same. */
function shortListeners(before: readonly Listener[], after: readonly Listener[]): Pair<Listener[]> {
  const old = new Map(before.map((listener) => [listener.name, listener]));
  const now = after.map((listener) => {
    const was = old.get(listener.name);
    if (was?.http === undefined || listener.http === undefined) return listener;
    const [routes, newRoutes] = inOrder(was.http.routes, listener.http.routes);
    old.set(listener.name, { ...was, http: { ...was.http, routes } });
    return { ...listener, http: { ...listener.http, routes: newRoutes } };
  });
  return [[...old.values()], now];
}

/** {@link differing} for lists whose order may mean something: where it changed nothing is left out. */
function inOrder<T extends Named>(before: readonly T[], after: readonly T[]): Pair<T[]> {
  const names = new Set(after.map(({ name }) => name));
  const old = new Set(before.map(({ name }) => name));
  const isUnique = names.size === after.length && old.size === before.length;
  const kept = (list: readonly T[], other: ReadonlySet<string>): string[] =>
    list.map(({ name }) => name).filter((name) => other.has(name));
  const isOrdered = isUnique && isDeepStrictEqual(kept(before, names), kept(after, old));
  return isOrdered ? differing(before, after, (was, item) => [was, item]) : [[...before], [...after]];
}
