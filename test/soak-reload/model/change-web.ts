import type { Change } from './change-model.ts';
import { ROUTE_VALUES, type ConfigModel, type RouteModel } from './config-model.ts';

const webUpstreams = (model: ConfigModel): string[] =>
  model.upstreams.filter(({ kind, name }) => kind === 'web' && name !== 'unused').map(({ name }) => name);

const addRoute: Change = (model, random) => {
  const match = {
    kind: random.pick(['prefix', 'exact', 'host', 'header']),
    value: random.between(1, ROUTE_VALUES),
  };
  const taken = model.web.routes.some(
    ({ match: { kind, value } }) => kind === match.kind && value === match.value,
  );
  if (taken) return '';
  const route: RouteModel = {
    name: `r${model.marker}-${random.between(1, 9)}`,
    match: match as RouteModel['match'],
    upstream: random.pick(webUpstreams(model)),
    priority: random.pick([0, 0, 5]),
    strips: random.next() < 0.4,
    prefix: random.next() < 0.3 ? '/added' : undefined,
    marks: random.next() < 0.5,
  };
  if (model.web.routes.some(({ name }) => name === route.name)) return '';
  model.web.routes.splice(random.between(0, model.web.routes.length), 0, route);
  return `route ${route.name} comes`;
};

const removeRoute: Change = (model, random) => {
  const { routes } = model.web;
  if (routes.length === 0) return '';
  const [route] = routes.splice(random.between(0, routes.length - 1), 1);
  return `route ${route?.name ?? ''} goes`;
};

const changeRoute: Change = (model, random) => {
  const { routes } = model.web;
  if (routes.length === 0) return '';
  const route = random.pick(routes);
  route.upstream = random.pick(webUpstreams(model));
  route.strips = random.next() < 0.5;
  route.prefix = random.next() < 0.5 ? '/added' : undefined;
  route.marks = random.next() < 0.5;
  return `route ${route.name} leads to ${route.upstream}`;
};

const shuffleRoutes: Change = (model) => {
  model.web.routes.reverse();
  return model.web.routes.length > 1 ? 'routes in another order' : '';
};

const decorate: Change = (model, random) => {
  model.web.decoration = random.next() < 0.3 ? undefined : `d${random.between(1, 1_000)}`;
  return 'response header';
};

const rename: Change = (model, random) => {
  model.web.name = random.pick(['web', 'front', 'edge']);
  return `web listener is ${model.web.name}`;
};

const redirect: Change = (model, random) => {
  model.web.upstream = random.pick(webUpstreams(model));
  return `web listener leads to ${model.web.upstream}`;
};

/** Settings that no request of the traffic comes near. */
const http: Change = (model, random) => {
  const [key, values] = random.pick(Object.entries(HTTP_CHOICES));
  const value = random.pick(values);
  model.web.http[key] = value;
  return `http.${key}`;
};

const HTTP_CHOICES: Readonly<Record<string, readonly (string | undefined)[]>> = {
  timeouts: [
    undefined,
    '{ read: 20s, write: 40s }',
    '{ idle: 5m, tunnel: 30m }',
    '{ tunnel: 0 }',
    '{ request: 1m }',
  ],
  limits: [
    undefined,
    '{ requests_per_connection: 20 }',
    '{ header_size: 16KiB, header_count: 60 }',
    '{ body_size: 1MiB, target_length: 4096 }',
    '{ connection_age: 3s }',
    '{ min_rate: { request: 1KiB, response: 0, window: 10s } }',
  ],
  trusted_proxies: [undefined, '[10.0.0.0/8]', '[127.0.0.1]'],
  forwarded: [undefined, 'true', 'false'],
  via: [undefined, 'edge-1', 'edge-2', "''"],
  normalize_path: [undefined, 'true', 'false'],
  ambiguous_paths: [undefined, 'refuse', 'literal'],
  underscore_headers: [undefined, 'drop', 'refuse', 'keep'],
  request_buffering: [undefined, '{}', '{ size: 16KiB, total: 1MiB }'],
  half_close: [undefined, 'serve', 'abort'],
  encode_target: [undefined, 'true'],
  response_request_id: [undefined, 'backend'],
  error_pages: [undefined, '[{ statuses: [502, 503], body: sorry }]'],
  health_endpoint: [undefined, '/balance-health'],
};

export const changeWeb: readonly Change[] = [
  addRoute,
  addRoute,
  removeRoute,
  changeRoute,
  shuffleRoutes,
  decorate,
  rename,
  redirect,
  http,
  http,
];
