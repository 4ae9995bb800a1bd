import type { ExplainedCondition, ExplainedRule } from '../../../src/plugin-api/index.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { CompiledRoute } from '../instance/compiled-route.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import type { RequestHead } from '../message/message-head.ts';
import { hostName } from '../message/request-target.ts';
import type { AskedRequest } from '../routing/request-conditions.ts';
import {
  takesHost,
  takesPath,
  type PathCondition,
  type RouteConditions,
} from '../routing/route-conditions.ts';
import { isPairOf, type RouteEntry } from '../routing/route-entry.ts';

/** How the config names the only condition on the path that a route has. */
const PATH_KEYS = { exact: 'path', prefix: 'path_prefix', suffix: 'paths', regex: 'paths' } as const;

/** The routes that were tried, up to the one that takes the request; none when the request was answered before any route was tried. */
export function rulesFor(exchange: Exchange, head: RequestHead, instance: HttpInstance): ExplainedRule[] {
  const { matchedRoute: matched } = exchange;
  if (matched === undefined && exchange.error !== 'no_route') return [];
  const asked: AskedRequest = {
    host: hostName(exchange.host),
    path: exchange.routedPath,
    head,
    facts: exchange,
  };
  const rules: ExplainedRule[] = [];
  for (const route of tried(instance, asked)) {
    const conditions = conditionsOf(route, asked);
    rules.push({ name: route.name, matches: route === matched, conditions });
    if (route === matched) break;
  }
  return rules;
}

/** Each route once, where it is tried for this request: by the first pair of its hosts and paths that the request has, if it has one. */
function tried({ entries, routes }: HttpInstance, { host, path }: AskedRequest): CompiledRoute[] {
  const places = new Map<CompiledRoute, RouteEntry<CompiledRoute>>();
  for (const entry of entries) {
    const known = places.get(entry.route);
    if (known === undefined || (!isPairOf(known, host, path) && isPairOf(entry, host, path)))
      places.set(entry.route, entry);
  }
  const last = entries.length;
  const orderOf = (route: CompiledRoute): number => places.get(route)?.order ?? last;
  return routes.toSorted((a, b) => orderOf(a) - orderOf(b));
}

function conditionsOf(route: RouteConditions, asked: AskedRequest): ExplainedCondition[] {
  const { host, path } = asked;
  const conditions: ExplainedCondition[] = [];
  if (route.hosts.length > 0) {
    const of = route.hosts.length === 1 ? 'host' : 'hosts';
    conditions.push({ of, wanted: route.hosts.join(', '), ...got(host), holds: takesHost(route, host) });
  }
  const [first] = route.paths;
  if (first !== undefined) {
    const of = route.paths.length === 1 ? PATH_KEYS[first.kind] : 'paths';
    const wanted = of === 'paths' ? route.paths.map(inWords).join(', ') : first.text;
    conditions.push({ of, wanted, got: path, holds: takesPath(route, path) });
  }
  for (const condition of route.others) {
    const { of, wanted } = condition;
    conditions.push({ of, wanted, ...got(condition.valueIn(asked)), holds: condition.holds(asked) });
  }
  return conditions;
}

function inWords({ kind, text }: PathCondition): string {
  return `${kind} ${text}`;
}

function got(value: string | undefined): { got?: string } {
  return value === undefined || value === '' ? {} : { got: value };
}
