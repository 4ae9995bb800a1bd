import type { Change } from './change-model.ts';
import { DEAD, isServing, type ConfigModel, type Settings, type UpstreamModel } from './config-model.ts';
import type { Places } from './render-config.ts';

const WEB = 'H';
const TUNNEL = 'T';

/** Servers of the right kind that are not in the upstream. */
function absent(upstream: UpstreamModel, places: Places): string[] {
  const kind = upstream.kind === 'web' ? WEB : TUNNEL;
  return [...places.servers.keys()].filter(
    (server) =>
      (server.startsWith(kind) || server.startsWith(DEAD)) &&
      !upstream.backends.some((backend) => backend.server === server),
  );
}

const add: Change = (model, random, places) => {
  const upstream = random.pick(model.upstreams);
  const candidates = absent(upstream, places);
  if (candidates.length === 0) return '';
  const server = random.pick(candidates);
  // One that refuses connections is there at times, and not for long.
  if (server.startsWith(DEAD) && random.next() < 0.7) return '';
  const backend = {
    server,
    name: nameFor(server, model, random.between(0, 3)),
    weight: 1,
    maxConnections: 0,
  };
  upstream.backends.splice(random.between(0, upstream.backends.length), 0, backend);
  return `${server} joins ${upstream.name}`;
};

/** An identity has one name in the whole file at a time or another: both must work. */
function nameFor(server: string, { marker }: ConfigModel, style: number): string {
  return style === 0 ? `${server.toLowerCase()}-${marker}` : server.toLowerCase();
}

const remove: Change = (model, random) => {
  const upstream = random.pick(model.upstreams);
  const dead = upstream.backends.findIndex(({ server }) => server.startsWith(DEAD));
  const at = dead >= 0 ? dead : random.between(0, upstream.backends.length - 1);
  const rest = upstream.backends.filter((_, index) => index !== at);
  if (!rest.some(isServing)) return '';
  const left = upstream.backends[at];
  upstream.backends = rest;
  return `${left?.server ?? ''} leaves ${upstream.name}`;
};

const rename: Change = (model, random) => {
  const upstream = random.pick(model.upstreams);
  const backend = random.pick(upstream.backends);
  backend.name = nameFor(backend.server, model, 0);
  return `${backend.server} of ${upstream.name} is ${backend.name}`;
};

const weigh: Change = (model, random) => {
  const upstream = random.pick(model.upstreams);
  const backend = random.pick(upstream.backends);
  const weight = random.pick([0, 1, 1, 2, 5, 100]);
  const before = backend.weight;
  backend.weight = weight;
  if (!upstream.backends.some(isServing)) {
    backend.weight = before;
    return '';
  }
  return `${backend.name} of ${upstream.name} weighs ${weight}`;
};

const limit: Change = (model, random) => {
  const backend = random.pick(random.pick(model.upstreams).backends);
  backend.maxConnections = random.pick([0, 500, 2_000]);
  return `${backend.name} takes ${backend.maxConnections} connections`;
};

const reorder: Change = (model, random) => {
  random.pick(model.upstreams).backends.reverse();
  model.upstreams.reverse();
  return 'upstreams in another order';
};

const algorithm: Change = (model, random) => {
  const upstream = random.pick(model.upstreams);
  upstream.algorithm = random.pick([
    'round-robin',
    'weighted-round-robin',
    'random',
    'power-of-two',
    'least-connections',
    'weighted-least-connections',
    'consistent-hash',
    'bounded-consistent-hash',
    'maglev',
  ]);
  return `${upstream.name} by ${upstream.algorithm}`;
};

const section: Change = (model, random) => {
  const upstream = random.pick(model.upstreams);
  const [name, choices] = random.pick(Object.entries(SECTION_CHOICES));
  const choice = random.pick(choices);
  // The tunnel servers speak no HTTP.
  if (choice?.['type'] === 'http' && upstream.kind === 'tunnel') return '';
  upstream.sections[name] = choice;
  return `${name} of ${upstream.name}`;
};

/** Nothing in them may make a request fail, on a busy machine either. */
const SECTION_CHOICES: Readonly<Record<string, readonly (Settings | undefined)[]>> = {
  connection_pool: [
    undefined,
    { max_size: 500, min_idle: 2 },
    { enabled: false },
    { max_idle_time: '1s' },
    { max_age: '2s', validate_on_borrow: false },
    { max_idle_time: '30s', max_size: 900, acquire_timeout: '20s' },
  ],
  health_check: [
    undefined,
    { type: 'tcp', interval: '300ms', timeout: '5s' },
    { type: 'tcp', interval: '1s', timeout: '5s', unhealthy_threshold: 5 },
    { enabled: false },
    { type: 'http', path: '/health', interval: '400ms', timeout: '5s' },
  ],
  queue: [undefined, { max_size: 100, timeout: '20s' }, { max_size: 5_000 }],
  timeouts: [undefined, { connect: '3s', read: '30s' }, { connect: '10s' }, { read: '2m' }],
};

export const changeUpstreams: readonly Change[] = [
  add,
  add,
  remove,
  rename,
  weigh,
  weigh,
  limit,
  reorder,
  algorithm,
  section,
  section,
  section,
];
