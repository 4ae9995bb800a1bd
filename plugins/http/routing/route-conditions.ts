import { isBelow, routedConfigPath } from '../../../src/plugin-api/values/routed-path.ts';
import type { PathCondition as PathOptions, Route, RouteNot } from '../config/schema/options.generated.ts';
import { hostName } from '../message/request-target.ts';
import { Pattern } from './pattern.ts';
import { furtherConditions, type RequestCondition } from './request-conditions.ts';

/** The conditions under which a route takes a request, in the forms in which they are compared. */
export interface RouteConditions {
  readonly name: string;
  /** Exact lower-case hosts and `*.suffix`; the request has one of them. Empty: any host. */
  readonly hosts: readonly string[];
  /** The path fulfils one of them. Empty: any path. */
  readonly paths: readonly PathCondition[];
  /** All of them hold. */
  readonly others: readonly RequestCondition[];
  readonly priority: number;
}

export type PathKind = 'exact' | 'prefix' | 'suffix' | 'regex';

/** One condition on the path. */
export interface PathCondition {
  readonly kind: PathKind;
  /** The path or a part of it, in the form that requests are compared in; the text of a regular expression. */
  readonly text: string;
  /** Only of a `regex`. */
  readonly pattern: Pattern | undefined;
}

/** The keys of a route that are conditions. */
export type ConditionOptions = Pick<
  Route,
  'host' | 'hosts' | 'path' | 'path_prefix' | 'paths' | 'methods' | 'headers' | 'query' | 'client_ip' | 'not'
>;

const PATH_KINDS: readonly PathKind[] = ['exact', 'prefix', 'suffix', 'regex'];

/**
 * The conditions of a route of the config. For undefined: those of the listener's default, which takes every request.
 *
 * @throws Error when a regular expression can't be read; the check of the options finds that first
 */
export function routeConditions(route: Route | undefined): RouteConditions {
  return {
    name: route?.name ?? '',
    hosts: hostsOf(route ?? {}),
    paths: pathsOf(route ?? {}),
    others: route === undefined ? [] : furtherConditions(route, exceptions(route.not)),
    priority: route?.priority ?? 0,
  };
}

/** The path conditions of a config, whose every form it knows: one text is a prefix. */
export function pathCondition(options: string | PathOptions): PathCondition {
  if (typeof options === 'string') return plainPath('prefix', options);
  const kind = PATH_KINDS.find((each) => options[each] !== undefined) ?? 'prefix';
  const text = options[kind] ?? '/';
  return kind === 'regex' ? { kind, text, pattern: new Pattern(text) } : plainPath(kind, text);
}

/** Whether the route takes that host, which is without port and in lower case. */
export function takesHost({ hosts }: Pick<RouteConditions, 'hosts'>, host: string): boolean {
  return hosts.length === 0 || hosts.some((wanted) => isHost(wanted, host));
}

/** Whether a host is the one of a condition, or one that its wildcard stands for. */
export function isHost(wanted: string, host: string): boolean {
  if (!wanted.startsWith('*')) return wanted === host;
  return host.length > wanted.length - 1 && host.endsWith(wanted.slice(1));
}

/** Whether the route takes that path, which is as `routedPath` makes it. */
export function takesPath({ paths }: Pick<RouteConditions, 'paths'>, path: string): boolean {
  return paths.length === 0 || paths.some((wanted) => isPath(wanted, path));
}

export function isPath({ kind, text, pattern }: PathCondition, path: string): boolean {
  switch (kind) {
    case 'exact':
      return path === text;
    case 'prefix':
      return isBelow(path, text);
    case 'suffix':
      return path.endsWith(text);
    case 'regex':
      return pattern?.test(path) === true;
  }
}

function hostsOf({ host, hosts = [] }: ConditionOptions): string[] {
  return [...(host === undefined ? [] : [host]), ...hosts].map(hostName);
}

function pathsOf({ path, path_prefix: prefix, paths = [] }: ConditionOptions): PathCondition[] {
  return [
    ...(path === undefined ? [] : [plainPath('exact', path)]),
    ...(prefix === undefined ? [] : [plainPath('prefix', prefix)]),
    ...paths.map(pathCondition),
  ];
}

function plainPath(kind: PathKind, text: string): PathCondition {
  return { kind, text: kind === 'suffix' ? routedSuffix(text) : routedConfigPath(text), pattern: undefined };
}

/** The end of a path in the form of {@link routedConfigPath}. It may begin within a segment. */
function routedSuffix(text: string): string {
  return text.startsWith('/') ? routedConfigPath(text) : routedConfigPath(`/${text}`).slice(1);
}

/** The section `not` of a route as a condition: it holds unless all that the section names holds. */
function exceptions(not: RouteNot | undefined): readonly RequestCondition[] {
  if (not === undefined) return [];
  const hosts = hostsOf(not);
  const paths = pathsOf(not);
  const others = furtherConditions(not, []);
  const named = [
    ...hosts.map((host) => `host ${host}`),
    ...paths.map(({ kind, text }) => `${kind} ${text}`),
    ...others.map(({ of, wanted }) => `${of} ${wanted}`),
  ];
  return [
    {
      of: 'not',
      wanted: named.join(', '),
      valueIn: () => undefined,
      holds: (asked) =>
        !(
          takesHost({ hosts }, asked.host) &&
          takesPath({ paths }, asked.path) &&
          others.every((condition) => condition.holds(asked))
        ),
    },
  ];
}
