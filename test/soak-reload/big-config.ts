import type { SeededRandom } from '../support/seeded-random.ts';

export const BIG_BACKENDS = 1_000;
export const BIG_ROUTES = 500;
const UPSTREAMS = 50;

/** A config of the size that a large site has, and what a small edit changes in it. */
export interface BigConfig {
  marker: number;
  weights: number[];
  /** Upstream of each route, by their numbers. */
  targets: number[];
  /** Backends whose place in the list is empty. */
  gone: Set<number>;
  healthChecks: boolean;
}

export interface BigPlaces {
  readonly web: number;
  readonly admin: number;
  /** Addresses that answer; backends share them under names of their own. */
  readonly servers: readonly string[];
}

export function firstBigConfig(healthChecks: boolean): BigConfig {
  return {
    marker: 0,
    weights: Array.from({ length: BIG_BACKENDS }, () => 1),
    targets: Array.from({ length: BIG_ROUTES }, (_, at) => at % UPSTREAMS),
    gone: new Set(),
    healthChecks,
  };
}

/** One of the edits that people make to such a file. */
export function changeBigConfig(config: BigConfig, random: SeededRandom): string {
  config.marker += 1;
  const backend = random.between(UPSTREAMS, BIG_BACKENDS - 1);
  switch (random.between(0, 3)) {
    case 0:
      config.weights[backend] = random.between(2, 100);
      return `weight of backend ${backend}`;
    case 1:
      if (config.gone.delete(backend)) return `backend ${backend} comes`;
      config.gone.add(backend);
      return `backend ${backend} goes`;
    case 2:
      config.targets[random.between(0, BIG_ROUTES - 1)] = random.between(0, UPSTREAMS - 1);
      return 'target of a route';
    default:
      return 'transform alone';
  }
}

export function renderBigConfig(config: BigConfig, places: BigPlaces): string {
  const routes = config.targets.map(
    (target, at) => `        - { name: r${at}, path_prefix: /service/${at}, upstream: u${target} }`,
  );
  const check = config.healthChecks ? '    health_check: { type: tcp, interval: 10s, timeout: 5s }\n' : '';
  const upstreams = Array.from({ length: UPSTREAMS }, (_, upstream) => {
    const backends: string[] = [];
    for (let at = upstream; at < BIG_BACKENDS; at += UPSTREAMS) {
      if (config.gone.has(at)) continue;
      const address = places.servers[at % places.servers.length] ?? '';
      backends.push(`      - { name: b${at}, address: '${address}', weight: ${config.weights[at] ?? 1} }`);
    }
    return `  - name: u${upstream}\n    load_balancer: { algorithm: weighted-round-robin }\n${check}    backends:\n${backends.join('\n')}`;
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
