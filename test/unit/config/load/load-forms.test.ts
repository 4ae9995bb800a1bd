import { describe, expect, it } from 'vitest';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { SchemaCheck } from '../../../../src/config/schema/schema-check.ts';
import { normalize } from '../../../../src/config/normalize/normalize.ts';
import { formatProblem } from '../../../../src/config/problems/problem.ts';
import { Provenance } from '../../../../src/config/document/provenance.ts';
import { parse } from 'yaml';
import type { ConfigFile } from '../../../../src/config/schema/config-file.generated.ts';

const modes = ['http', 'tcp', 'echo'];
const load = (text: string) => loadConfigText(text, 'x.yaml', { modes });

const FLAT = `
mode: http
listen: ":8000"
max_connections: 500
backends:
  - name: a
    address: "LocalHost:9001"
    weight: 3
    max_connections: 1000
  - name: b
    address: "localhost:9002"
load_balancer:
  algorithm: consistent_hash
  hash_key: "header:X-User"
connection_pool:
  enabled: true
  max_size: 10
  max_idle_time: 5m
health_check:
  path: /health
  interval: 5s
queue: { max_size: 5, timeout: 1s }
timeouts: { connect: 1s, read: 2s, write: 3s, idle: 4s }
health_endpoint: /healthz
transform:
  request_headers:
    - { action: set, name: X-A, value: "\${route}" }
http:
  routes:
    - name: api
      host: "*.Example.com"
      path_prefix: /api
      headers: { X-V: "2" }
      backends: [b]
      priority: 7
    - path: /all
  limits: { header_size: 64KiB }
`;

const GATEWAY = `
listen: ":8000"
routes:
  - path: "/api/v1"
    backends:
      - "http://localhost:9001"
      - "localhost:9002"
    strategy: "random"
  - path: /
    backends: ["http://[::1]"]
health_check_interval: 10
`;

const LISTENERS = `
listeners:
  - name: web
    listen: ":8000"
    upstream: api
    http:
      routes:
        - { path: /x, upstream: api }
  - address: "127.0.0.1:8001"
    mode: tcp
    upstream: raw
  - listen: ":8002"
    mode: echo
    options: { greeting: hello, nested: { a: [1] } }
upstreams:
  - name: api
    backends: [{ address: "http://localhost:9001/" }]
  - name: raw
    backends: [{ name: r, address: "unix:/run/r.sock" }]
    health_check: { interval: 1s }
`;

describe('the flat form', () => {
  const { config } = load(FLAT);

  it('becomes one listener with all its settings', () => {
    expect(config.listeners).toEqual([
      {
        name: 'default',
        address: ':8000',
        mode: 'http',
        upstream: 'default',
        max_connections: 500,
        tcp_keepalive: 60_000,
        http: {
          routes: [
            {
              name: 'api',
              host: '*.example.com',
              path_prefix: '/api',
              headers: { 'X-V': '2' },
              priority: 7,
              upstream: 'route:api',
              filters: [],
            },
            { name: 'route-2', path: '/all', priority: 0, upstream: 'default', filters: [] },
          ],
          transform: {
            request_headers: [{ action: 'set', name: 'X-A', value: '${route}' }],
            response_headers: [],
            locations: [],
          },
          filters: [],
          filter_timeout: 10_000,
          health_endpoint: '/healthz',
          timeouts: { read: 2000, write: 3000, idle: 4000, tunnel: 3_600_000, request: 0 },
          limits: {
            header_size: 65_536,
            header_count: 100,
            requests_per_connection: 0,
            target_length: 8192,
            body_size: 0,
            connection_age: 0,
            min_rate: { request: 500, response: 500, window: 30_000 },
          },
          trusted_proxies: [],
          forwarded: false,
          normalize_path: false,
          ambiguous_paths: 'refuse',
          underscore_headers: 'drop-colliding',
          enable_websocket: true,
          half_close: 'auto',
          encode_target: false,
          response_request_id: 'own',
          error_pages: [],
        },
      },
    ]);
  });

  it('takes the names of the http section for keys of the pool, which go before them', () => {
    const http = 'http: { max_idle_conns_per_host: 100, idle_conn_timeout: 90s, enable_websocket: false }\n';
    const forms = ['backends: [{ address: "a:1" }]\n', 'routes: [{ path: /, backends: ["a:1"] }]\n'];
    for (const form of forms) {
      const { config, warnings } = load(form + http);
      expect(warnings).toEqual([]);
      expect(config.upstreams[0]?.connection_pool).toMatchObject({ max_idle: 100, max_idle_time: 90_000 });
      expect(config.listeners[0]?.http?.enable_websocket).toBe(false);
      expect(load(form).config.listeners[0]?.http?.enable_websocket).toBe(true);
    }
    const both = load(
      `${forms[0]!}${http}connection_pool: { max_idle: 7, max_idle_time: 90s, max_size: 200 }`,
    );
    expect(both.config.upstreams[0]?.connection_pool).toMatchObject({
      max_idle: 7,
      max_idle_time: 90_000,
      max_size: 200,
    });
    expect(both.warnings.map(formatProblem)).toEqual([
      'x.yaml:2:34 http.max_idle_conns_per_host has no effect: connection_pool.max_idle is used instead',
    ]);
    expect(
      load(`${forms[0]!}http: { idle_conn_timeout: 90s }\nconnection_pool: { enabled: false }`).warnings.map(
        formatProblem,
      ),
    ).toEqual(['x.yaml:2:28 http.idle_conn_timeout has no effect while connection_pool.enabled is false']);
  });

  it('becomes an upstream with all backends, and one for each route that names some', () => {
    const shared = {
      load_balancer: {
        algorithm: 'consistent-hash',
        hash_key: 'header:x-user',
        load_factor: 1.25,
        zone_min_up: 50,
      },
      connection_pool: {
        enabled: true,
        max_size: 10,
        max_idle: 0,
        min_idle: 0,
        max_idle_time: 300_000,
        max_age: 0,
        acquire_timeout: 10_000,
        validate_on_borrow: true,
      },
      health_check: {
        enabled: true,
        type: 'http',
        path: '/health',
        method: 'GET',
        interval: 5000,
        timeout: 2000,
        healthy_threshold: 2,
        unhealthy_threshold: 3,
        initial_state: 'up',
        expected_status: '200-399',
      },
      queue: { max_size: 5, timeout: 1000 },
      resilience: {},
      timeouts: { connect: 1000, read: 2000 },
      tcp_keepalive: 60_000,
    };
    const a = {
      name: 'a',
      address: 'localhost:9001',
      weight: 3,
      priority: 0,
      backup: false,
      max_connections: 1000,
      max_requests: 0,
    };
    const b = {
      name: 'b',
      address: 'localhost:9002',
      weight: 1,
      priority: 0,
      backup: false,
      max_connections: 0,
      max_requests: 0,
    };
    expect(config.upstreams).toEqual([
      { name: 'default', backends: [a, b], ...shared },
      { name: 'route:api', backends: [b], ...shared },
    ]);
  });

  it('has defaults for everything else', () => {
    expect(load('mode: http\nbackends: [{ address: "a:1" }]').config).toMatchObject({
      listeners: [{ address: ':8080', mode: 'http', max_connections: 0 }],
      upstreams: [
        {
          backends: [{ name: 'a:1', address: 'a:1' }],
          load_balancer: { algorithm: 'round-robin' },
          queue: { max_size: 1024, timeout: 10_000 },
          timeouts: { connect: 5000, read: 60_000 },
        },
      ],
      metrics: { enabled: false, listen: '127.0.0.1:9090', path: '/metrics' },
      logging: {
        level: 'info',
        format: 'text',
        add_caller: false,
        output: 'stdout',
        access_log: { enabled: true, sample: 1 },
      },
      plugins: {},
      reload: { watch: true, debounce: 100 },
      shutdown: { timeout: 30_000 },
    });
  });

  it('leaves out what was not asked for', () => {
    const { config } = load('backends: [{ address: "a:1" }]');
    expect(config).not.toHaveProperty('admin');
    expect(config).not.toHaveProperty('tracing');
    expect(config.upstreams[0]).not.toHaveProperty('health_check');
    expect(config.listeners[0]).not.toHaveProperty('tcp');
  });

  it('gives a tcp listener its idle timeout', () => {
    const { config } = load('mode: tcp\nbackends: [{ address: "a:1" }]\ntimeouts: { idle: 5s }');
    expect(config.listeners[0]).toMatchObject({ mode: 'tcp', tcp: { timeouts: { idle: 5000 } } });
    expect(config.listeners[0]).not.toHaveProperty('http');
    expect(load('mode: tcp\nbackends: [{ address: "a:1" }]').config.listeners[0]?.tcp).toEqual({
      timeouts: { idle: 600_000 },
    });
  });

  it('hashes the client address when a hashing algorithm is told nothing else', () => {
    const keyOf = (algorithm: string) =>
      load(`backends: []\nload_balancer: { algorithm: ${algorithm} }`).config.upstreams[0]?.load_balancer
        .hash_key;
    expect(keyOf('maglev')).toBe('source-ip');
    expect(keyOf('random')).toBeUndefined();
  });

  it('lets the more precise timeout win', () => {
    const { config } = load(
      'timeouts: { read: 1s, idle: 2s }\nhttp: { timeouts: { read: 5s } }\nbackends: []',
    );
    expect(config.listeners[0]?.http?.timeouts).toMatchObject({ read: 5000, idle: 2000 });
    expect(config.upstreams[0]?.timeouts.read).toBe(1000);
  });

  it('gives a plugin its options as they are', () => {
    const { config } = load('mode: echo\noptions: { a: 5s, b: { c: [1, null] } }\nbackends: []');
    expect(config.listeners[0]?.options).toEqual({ a: '5s', b: { c: [1, null] } });
  });

  it('turns metrics and tracing on where their section is given', () => {
    const { config } = load('metrics: { path: /m }\ntracing: { sample_rate: 0.05 }\nbackends: []');
    expect(config.metrics).toMatchObject({ enabled: true, listen: '127.0.0.1:9090', path: '/m' });
    expect(config.tracing).toEqual({
      enabled: true,
      exporter: 'jaeger',
      propagation: ['w3c'],
      sample_rate: 0.05,
    });
    expect(load('metrics: { enabled: false }\nbackends: []').config.metrics.enabled).toBe(false);
  });

  it.each(['p2c', 'power_of_two_choices', 'power-of-two'])('knows %s as power-of-two', (name) => {
    const { config } = load(`backends: []\nload_balancer: { algorithm: ${name} }`);
    expect(config.upstreams[0]?.load_balancer.algorithm).toBe('power-of-two');
  });
});

describe('the gateway form', () => {
  const { config, warnings } = load(GATEWAY);

  it('becomes a listener whose routes have an upstream each', () => {
    expect(config.listeners[0]).toMatchObject({ name: 'default', address: ':8000', mode: 'http' });
    expect(config.listeners[0]).not.toHaveProperty('upstream');
    expect(config.listeners[0]?.http?.routes).toEqual([
      { name: '/api/v1', path_prefix: '/api/v1', priority: 0, upstream: 'route:/api/v1', filters: [] },
      { name: '/', path_prefix: '/', priority: 0, upstream: 'route:/', filters: [] },
    ]);
  });

  it('names backends as written and knows their URLs', () => {
    expect(config.upstreams.map(({ name, backends }) => ({ name, backends }))).toEqual([
      {
        name: 'route:/api/v1',
        backends: [
          {
            name: 'http://localhost:9001',
            address: 'localhost:9001',
            url: 'http://localhost:9001',
            weight: 1,
            priority: 0,
            backup: false,
            max_connections: 0,
            max_requests: 0,
          },
          {
            name: 'localhost:9002',
            address: 'localhost:9002',
            weight: 1,
            priority: 0,
            backup: false,
            max_connections: 0,
            max_requests: 0,
          },
        ],
      },
      {
        name: 'route:/',
        backends: [
          {
            name: 'http://[::1]',
            address: '[::1]:80',
            url: 'http://[::1]',
            weight: 1,
            priority: 0,
            backup: false,
            max_connections: 0,
            max_requests: 0,
          },
        ],
      },
    ]);
  });

  it('takes the strategy of each route and the interval of all checks', () => {
    expect(config.upstreams.map((upstream) => upstream.load_balancer.algorithm)).toEqual([
      'random',
      'round-robin',
    ]);
    expect(config.upstreams[1]?.health_check).toMatchObject({
      type: 'http',
      path: '/',
      interval: 10_000,
      expected_status: '200',
    });
    expect(warnings).toEqual([]);
  });
});

describe('the form with listeners and upstreams', () => {
  const { config, locate } = load(LISTENERS);

  it('is nearly the normalized one', () => {
    expect(config.listeners).toMatchObject([
      {
        name: 'web',
        address: ':8000',
        mode: 'http',
        http: { routes: [{ name: 'route-1', upstream: 'api' }] },
      },
      { name: '127.0.0.1:8001', mode: 'tcp', upstream: 'raw', tcp: { timeouts: { idle: 600_000 } } },
      { name: ':8002', mode: 'echo', options: { greeting: 'hello', nested: { a: [1] } } },
    ]);
    expect(config.listeners[2]).not.toHaveProperty('http');
    expect(config.listeners[0]).not.toHaveProperty('listen');
    expect(config.upstreams).toMatchObject([
      { name: 'api', backends: [{ name: 'http://localhost:9001/', address: 'localhost:9001' }] },
      { name: 'raw', backends: [{ address: 'unix:/run/r.sock' }], health_check: { type: 'tcp' } },
    ]);
  });

  it('says where each place of the normalized config stands', () => {
    expect(locate('listeners[1].address')).toMatchObject({ line: 9, column: 14 });
    expect(locate('listeners[0].http.routes[0].upstream')).toMatchObject({ line: 8, column: 33 });
    expect(locate('listeners[0].http.timeouts.read')).toMatchObject({ line: 6, column: 5 });
  });
});

describe('every form', () => {
  it.each([
    ['flat', FLAT],
    ['gateway', GATEWAY],
    ['listeners', LISTENERS],
  ])('%s is normalized into the shape that the types are made from', (_, text) => {
    const context = { provenance: new Provenance(), error: () => {}, warn: () => {}, shown: () => '' };
    const normalized = normalize(parse(text) as ConfigFile, context);
    expect(new SchemaCheck('/$defs/config').findings(normalized)).toEqual([]);
  });
});

describe('LoadedConfig.locate', () => {
  it('finds the lines of a flat file by the places of the normalized config', () => {
    const { locate } = load(FLAT);
    expect(locate('listeners[0].address')).toMatchObject({ line: 3, column: 9 });
    expect(locate('upstreams[0].backends[1].address')).toMatchObject({ line: 11, column: 14 });
    expect(locate('upstreams[1].backends[0].address')).toMatchObject({ line: 11, column: 14 });
    expect(locate('upstreams[1].timeouts.connect')).toMatchObject({ line: 23, column: 22 });
  });
});
