import type { SeededRandom } from '../support/seeded-random.ts';

export const BIG_BACKENDS = 1_000;
export const BIG_ROUTES = 500;

/** The shape of a large config. */
export interface BigShape {
  readonly upstreams: number;
  readonly algorithm: string;
  readonly healthChecks: boolean;
}

/** A config of the size that a large site has, and what a small edit changes in it. */
export interface BigConfig {
  marker: number;
  weights: number[];
  /** Upstream of each route, by their numbers. */
  targets: number[];
  /** Backends whose place in the list is empty. */
  gone: Set<number>;
  readonly shape: BigShape;
}

export interface BigPlaces {
  readonly web: number;
  readonly admin: number;
  /** Addresses that answer; backends share them under names of their own. */
  readonly servers: readonly string[];
}

export function firstBigConfig(shape: BigShape): BigConfig {
  return {
    marker: 0,
    weights: Array.from({ length: BIG_BACKENDS }, () => 1),
    targets: Array.from({ length: BIG_ROUTES }, (_, at) => at % shape.upstreams),
    gone: new Set(),
    shape,
  };
}

/** One of the edits that people make to such a file. */
export function changeBigConfig(config: BigConfig, random: SeededRandom): string {
  config.marker += 1;
  const { upstreams } = config.shape;
  const backend = random.between(upstreams, BIG_BACKENDS - 1);
  switch (random.between(0, 4)) {
    case 0:
      config.weights[backend] = random.between(2, 100);
      return `weight of backend ${backend}`;
    case 1:
      if (config.gone.delete(backend)) return `backend ${backend} comes`;
      config.gone.add(backend);
      return `backend ${backend} goes`;
    case 2:
      config.targets[random.between(0, BIG_ROUTES - 1)] = random.between(0, upstreams - 1);
      return 'target of a route';
    case 3:
      config.weights = config.weights.map(() => random.between(2, 100));
      return 'weights of all backends';
    default:
      return 'transform alone';
  }
}

export function renderBigConfig(config: BigConfig, places: BigPlaces): string {
  const routes = config.targets.map(
    (target, at) => `        - { name: r${at}, path_prefix: /service/${at}, upstream: u${target} }`,
  );
  const { upstreams: count, algorithm, healthChecks } = config.shape;
  const check = healthChecks ? '    health_check: { type: tcp, interval: 10s, timeout: 5s }\n' : '';
  const upstreams = Array.from({ length: count }, (_, upstream) => {
    const backends: string[] = [];
    for (let at = upstream; at < BIG_BACKENDS; at += count) {
      if (config.gone.has(at)) continue;
      const address = places.servers[at % places.servers.length] ?? '';
      backends.push(`      - { name: b${at}, address: '${address}', weight: ${config.weights[at] ?? 1} }`);
    }
    return `  - name: u${upstream}\n    load_balancer: { algorithm: ${algorithm} }\n${check}    backends:\n${backends.join('\n')}`;
  });
  return [
    'listeners:',
    '  - name: web',
    `    listen: '127.0.0.1:${places.web}'`,
    '    upstream: u0',
    '    http:',
    '      transform:',
    `        response_headers: [{ action: set, name: X-Generation, value: '${config.marker}' }]`,
    '      routes:',
    ...routes,
    `admin: { listen: '127.0.0.1:${places.admin}' }`,
    'logging: { access_log: false }',
    'reload: { debounce: 10ms }',
    'upstreams:',
    ...upstreams,
    '',
  ].join('\n');
}
