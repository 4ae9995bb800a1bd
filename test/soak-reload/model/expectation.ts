import {
  isServing,
  upstreamOf,
  type BackendModel,
  type ConfigModel,
  type RouteModel,
} from './config-model.ts';

/** The parts of a request that decide its route. */
export interface RequestShape {
  readonly path: string;
  readonly host: string;
  /** Value of `X-Pick`. */
  readonly pick: string | undefined;
}

/** The way of a request through a config. */
export interface Expectation {
  /** Name of the route; '' for the listener's own upstream. */
  readonly route: string;
  /** Backends that may answer. */
  readonly backends: readonly BackendModel[];
  /** The path that the backend sees. */
  readonly seenPath: string;
}

/** The simple truth that the proxy is held against. */
export function expectationOf(model: ConfigModel, request: RequestShape): Expectation {
  const route = model.web.routes.find((one) => matches(one, request));
  const upstream = upstreamOf(model, route?.upstream ?? model.web.upstream);
  return {
    route: route?.name ?? '',
    backends: upstream.backends.filter(isServing),
    seenPath: route === undefined ? request.path : changedPath(route, request.path),
  };
}

export const prefixOf = (value: number): string => `/p${value}`;
export const exactOf = (value: number): string => `/exact/${value}`;
export const hostOf = (value: number): string => `h${value}.test`;

function matches({ match }: RouteModel, { path, host, pick }: RequestShape): boolean {
  switch (match.kind) {
    case 'prefix':
      return path === prefixOf(match.value) || path.startsWith(`${prefixOf(match.value)}/`);
    case 'exact':
      return path === exactOf(match.value);
    case 'host':
      return host === hostOf(match.value);
    case 'header':
      return pick === String(match.value);
  }
}

function changedPath({ match, strips, prefix }: RouteModel, path: string): string {
  const stripped = strips && match.kind === 'prefix' ? path.slice(prefixOf(match.value).length) || '/' : path;
  return (prefix ?? '') + stripped;
}
