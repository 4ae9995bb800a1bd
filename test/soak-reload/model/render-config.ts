import { GREETER } from '../edits/plugin-editor.ts';
import {
  SPLIT_UPSTREAM,
  type ConfigModel,
  type ExtraModel,
  type RouteModel,
  type Sections,
  type Settings,
  type UpstreamModel,
} from './config-model.ts';
import { exactOf, hostOf, prefixOf } from './expectation.ts';

/** Where everything is. */
export interface Places {
  readonly web: number;
  readonly raw: number;
  readonly flip: number;
  readonly admin: number;
  /** The listener of a plugin, if there is one. */
  readonly plugin?: number;
  readonly extras: readonly number[];
  /** How many workers the proxy has. Default: 1. */
  readonly workers?: number;
  /** Further ports where metrics may be served. */
  readonly metrics: readonly number[];
  /** Addresses of the servers by their identities. */
  readonly servers: ReadonlyMap<string, string>;
}

/**
 * The config as YAML. Listeners need upstreams, which come last and are one bracket from begin to end: so no first part of the
 * file is a config of its own.
 */
export function renderConfig(model: ConfigModel, places: Places): string {
  const listeners = [
    `  - { name: raw, listen: '127.0.0.1:${places.raw}', mode: tcp, upstream: ${model.raw.upstream}, tcp: { timeouts: { idle: ${model.raw.idle} } } }`,
    webListener(model, places),
    sideListener('flip', places.flip, model.flip.mode, model),
    ...model.extras.map((extra) => extraListener(extra, places, model)),
    ...pluginListener(places),
  ];
  const upstreams = model.upstreams.filter((upstream) => !isApart(model, upstream));
  const sections = sectionsOf(model.sections).map(([name, settings]) => `${name}: ${flow(settings)}`);
  return [
    `# edit ${model.marker}`,
    ...(places.workers === undefined ? [] : [`workers: ${places.workers}`]),
    'listeners:',
    ...listeners,
    `admin: { listen: '127.0.0.1:${places.admin}' }`,
    'include: conf.d/*.yaml',
    ...(places.plugin === undefined ? [] : ['plugins: { directory: plugins }']),
    ...sections,
    'upstreams: [',
    upstreams.map((upstream) => upstreamEntry(upstream, places)).join(',\n'),
    ']',
    '',
  ].join('\n');
}

/** The files beside it, by name; undefined where there must be none. */
export function renderPieces(model: ConfigModel, places: Places): Map<string, string | undefined> {
  const apart = model.upstreams.filter((upstream) => isApart(model, upstream));
  const text = `upstreams: [\n${apart.map((upstream) => upstreamEntry(upstream, places)).join(',\n')}\n]\n`;
  return new Map([['tunnels.yaml', apart.length === 0 ? undefined : text]]);
}

function isApart({ isSplit }: ConfigModel, { name }: UpstreamModel): boolean {
  return isSplit && name === SPLIT_UPSTREAM;
}

function pluginListener({ plugin }: Places): string[] {
  return plugin === undefined
    ? []
    : [`  - { name: plugin, listen: '127.0.0.1:${plugin}', mode: ${GREETER} }`];
}

function webListener({ web, marker }: ConfigModel, places: Places): string {
  const http = Object.entries(web.http).flatMap(([key, value]) =>
    value === undefined ? [] : [`      ${key}: ${value}`],
  );
  const decoration =
    web.decoration === undefined
      ? []
      : [`          - { action: add, name: X-Decoration, value: ${web.decoration} }`];
  const routes = web.routes.map((route) => `        - ${routeEntry(route, marker)}`);
  return [
    `  - name: ${web.name}`,
    `    listen: '127.0.0.1:${places.web}'`,
    '    mode: http',
    `    upstream: ${web.upstream}`,
    '    http:',
    ...http,
    ...(routes.length > 0 ? ['      routes:', ...routes] : []),
    ...marking(marker, '      '),
    ...decoration,
  ].join('\n');
}

/** The marker to both sides, and what the proxy says of the request's way. */
function marking(marker: number, indent: string): string[] {
  return [
    'transform:',
    '  request_headers:',
    `    - { action: set, name: X-Edit, value: '${marker}' }`,
    '  response_headers:',
    `    - { action: set, name: X-Generation, value: '${marker}' }`,
    "    - { action: set, name: X-Backend, value: '${backend}' }",
    "    - { action: set, name: X-Route, value: '${route}.' }",
  ].map((line) => indent + line);
}

function routeEntry(
  { name, match, upstream, priority, strips, prefix, marks }: RouteModel,
  marker: number,
): string {
  const transform = [
    ...(strips && match.kind === 'prefix' ? [`strip_prefix: ${prefixOf(match.value)}`] : []),
    ...(prefix === undefined ? [] : [`add_prefix: ${prefix}`]),
    ...(marks ? [`response_headers: [{ action: set, name: X-Route-Edit, value: '${marker}' }]`] : []),
  ];
  const parts = [
    `name: ${name}`,
    matchEntry(match),
    `upstream: ${upstream}`,
    ...(priority === 0 ? [] : [`priority: ${priority}`]),
    ...(transform.length === 0 ? [] : [`transform: { ${transform.join(', ')} }`]),
  ];
  return `{ ${parts.join(', ')} }`;
}

function matchEntry(match: RouteModel['match']): string {
  switch (match.kind) {
    case 'prefix':
      return `path_prefix: ${prefixOf(match.value)}`;
    case 'exact':
      return `path: ${exactOf(match.value)}`;
    case 'host':
      return `host: ${hostOf(match.value)}`;
    case 'header':
      return `headers: { X-Pick: '${match.value}' }`;
  }
}

function extraListener({ name, place, mode }: ExtraModel, places: Places, model: ConfigModel): string {
  const port = places.extras[place];
  if (port === undefined) throw new Error(`there is no place ${place} for a further listener`);
  return sideListener(name, port, mode, model);
}

/** A listener whose backends are the web listener's own: in TCP they speak HTTP as well. */
function sideListener(name: string, port: number, mode: 'http' | 'tcp', model: ConfigModel): string {
  const head = [
    `  - name: ${name}`,
    `    listen: '127.0.0.1:${port}'`,
    `    mode: ${mode}`,
    `    upstream: ${model.web.upstream}`,
  ];
  const http = mode === 'http' ? ['    http:', ...marking(model.marker, '      ')] : [];
  return [...head, ...http].join('\n');
}

function upstreamEntry({ name, backends, algorithm, sections }: UpstreamModel, places: Places): string {
  const entries = backends.map((backend) => {
    const address = places.servers.get(backend.server);
    if (address === undefined) throw new Error(`there is no server ${backend.server}`);
    const settings: Settings = { name: backend.name, address: `'${address}'` };
    if (backend.weight !== 1) settings['weight'] = backend.weight;
    if (backend.maxConnections !== 0) settings['max_connections'] = backend.maxConnections;
    return `      ${flow(settings)}`;
  });
  const more = sectionsOf(sections).map(([section, settings]) => `    ${section}: ${flow(settings)},\n`);
  return `  {\n    name: ${name},\n    load_balancer: { algorithm: ${algorithm} },\n${more.join('')}    backends: [\n${entries.join(',\n')}\n    ] }`;
}

function sectionsOf(sections: Sections): [string, Settings][] {
  return Object.entries(sections).flatMap(([name, settings]) =>
    settings === undefined ? [] : [[name, settings] as [string, Settings]],
  );
}

function flow(settings: Settings): string {
  const parts = Object.entries(settings).map(([key, value]) => `${key}: ${value}`);
  return `{ ${parts.join(', ')} }`;
}
