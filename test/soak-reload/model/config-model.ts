/** A config as the generator of edits knows it: enough to write it, and to say what it must do. */
export interface ConfigModel {
  /** Number of the edit; every response of the web listener must name it. */
  marker: number;
  web: WebModel;
  raw: { upstream: string; idle: string };
  /** A listener whose protocol changes while its address stays. */
  flip: { mode: 'http' | 'tcp' };
  /** Listeners that come and go, each at an address of its own. */
  extras: ExtraModel[];
  upstreams: UpstreamModel[];
  sections: Sections;
  /** Whether the upstream of the tunnels stands in an included file. */
  isSplit: boolean;
}

/** Sections that say how and not where to: `section: {…}` as they stand in the file; undefined is left out. */
export type Sections = Record<string, Settings | undefined>;

/** Keys and values of a mapping in the file. */
export type Settings = Record<string, string | number | boolean>;

export interface WebModel {
  name: string;
  upstream: string;
  routes: RouteModel[];
  /** Keys of `http` besides routes and transform, each with a value as YAML. */
  http: Record<string, string | undefined>;
  /** A further response header that says nothing. */
  decoration: string | undefined;
}

export interface ExtraModel {
  name: string;
  /** Which of the addresses that are set aside for this. */
  place: number;
  mode: 'http' | 'tcp';
}

/** Which requests a route is for. No request of the traffic matches two. */
export type RouteMatch =
  | { kind: 'prefix'; value: number }
  | { kind: 'exact'; value: number }
  | { kind: 'host'; value: number }
  | { kind: 'header'; value: number };

export interface RouteModel {
  name: string;
  match: RouteMatch;
  upstream: string;
  priority: number;
  /** Takes the route's own prefix off the path. */
  strips: boolean;
  /** Put before the path. */
  prefix: string | undefined;
  /** Whether the route adds the marker a second time. */
  marks: boolean;
}

export interface UpstreamModel {
  name: string;
  /** Whose backends it has: web servers or tunnel servers. */
  kind: 'web' | 'tunnel';
  backends: BackendModel[];
  algorithm: string;
  sections: Sections;
}

export interface BackendModel {
  /** The server behind it, by the identity that it answers with. */
  server: string;
  name: string;
  weight: number;
  maxConnections: number;
}

export const ROUTE_VALUES = 4;
export const EXTRA_PLACES = 3;

/** The upstream that may stand in a file of its own. */
export const SPLIT_UPSTREAM = 'tunnels';

/** Servers that answer nobody begin with this. */
export const DEAD = 'D';

/** Whether a backend may get anything at all. */
export function isServing({ server, weight }: BackendModel): boolean {
  return weight > 0 && !server.startsWith(DEAD);
}

export function upstreamOf(model: ConfigModel, name: string): UpstreamModel {
  const upstream = model.upstreams.find((one) => one.name === name);
  if (upstream === undefined) throw new Error(`the model has no upstream ${name}`);
  return upstream;
}

/** The config that a run begins with. */
export function firstModel(webServers: readonly string[], tunnelServers: readonly string[]): ConfigModel {
  const backends = (servers: readonly string[]): BackendModel[] =>
    servers.map((server) => ({ server, name: server.toLowerCase(), weight: 1, maxConnections: 0 }));
  const upstream = (name: string, kind: 'web' | 'tunnel', servers: readonly string[]): UpstreamModel => ({
    name,
    kind,
    backends: backends(servers),
    algorithm: 'round-robin',
    sections: {},
  });
  return {
    marker: 0,
    web: { name: 'web', upstream: 'main', routes: [], http: {}, decoration: undefined },
    raw: { upstream: 'tunnels', idle: '10m' },
    flip: { mode: 'http' },
    extras: [],
    isSplit: false,
    upstreams: [
      upstream('main', 'web', webServers),
      upstream('side', 'web', webServers.slice(0, 2)),
      upstream('tunnels', 'tunnel', tunnelServers),
    ],
    sections: {
      logging: { level: 'info', format: 'json', access_log: false },
      reload: { debounce: '10ms' },
      shutdown: { timeout: '5s' },
    },
  };
}
