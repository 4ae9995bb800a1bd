import { describe, expect, it } from 'vitest';

import { loadConfigText } from '../../../support/labs/load-config.ts';
import type { Config } from '../../../../src/config/schema/config.generated.ts';
import { warningsOf, yaml } from '../problems-of.ts';

const MODES = ['http', 'tcp'];
/** The template would take it for its own. */
const DURATION = '${duration}';
const load = (text: string): Config => loadConfigText(text, 'x.yaml', { modes: MODES }).config;

/** A section alone, behind what every config has to have. */
function section(text: string): Config {
  const whole = `mode: http\nlisten: ":8080"\nbackends: [{ name: one, address: "localhost:9001" }]\n${text}`;
  expect(warningsOf(whole)).toEqual([]);
  return load(whole);
}

// People paste such sections from one config into another: each key, and each way to write its value, keeps its meaning.
describe('a section, alone', () => {
  it('connection_pool limits sockets and how long they idle', () => {
    const { upstreams } = section(yaml`
      connection_pool:
        enabled: true
        max_size: 10            # for each backend
        max_idle_time: 5m       # and then closed
    `);
    expect(upstreams[0]?.connection_pool).toMatchObject({
      enabled: true,
      max_size: 10,
      max_idle_time: 300_000,
    });
  });

  it('transform changes headers both ways and the prefix of paths, for all requests', () => {
    const { listeners } = section(yaml`
      transform:
        request_headers:
          - action: add
            name: X-Tenant
            value: Blue
          - action: remove
            name: X-Internal-Header

        response_headers:
          - action: set
            name: Server
            value: Proxy/1.0
          - action: add
            name: X-Took
            value: "${DURATION}"
          - action: remove
            name: X-Internal-Token

        strip_prefix: /api/v1
        add_prefix: /internal
    `);
    expect(listeners[0]?.http?.transform).toEqual({
      locations: [],
      request_headers: [
        { action: 'add', name: 'X-Tenant', value: 'Blue' },
        { action: 'remove', name: 'X-Internal-Header' },
      ],
      response_headers: [
        { action: 'set', name: 'Server', value: 'Proxy/1.0' },
        { action: 'add', name: 'X-Took', value: '${duration}' },
        { action: 'remove', name: 'X-Internal-Token' },
      ],
      strip_prefix: '/api/v1',
      add_prefix: '/internal',
    });
  });

  it('metrics are served at an address without a host, and with the usual path where none is given', () => {
    const whole = yaml`
      metrics:
        enabled: true
        listen: ":9090"
        path: /metrics
    `;
    for (const text of [whole, whole.replace(/ +path:.*\n/, '')]) {
      expect(section(text).metrics).toMatchObject({ enabled: true, listen: ':9090', path: '/metrics' });
    }
  });

  it('tracing goes to a Jaeger collector over HTTP, for a share of the requests', () => {
    const { tracing } = section(yaml`
      tracing:
        enabled: true
        service_name: balance-proxy
        endpoint: http://localhost:14268/api/traces
        sample_rate: 1.0  # all
    `);
    expect(tracing).toMatchObject({
      enabled: true,
      exporter: 'jaeger',
      service_name: 'balance-proxy',
      endpoint: 'http://localhost:14268/api/traces',
      sample_rate: 1,
    });
    const short = section('tracing: { enabled: true, sample_rate: 0.05 }').tracing;
    expect(short).toMatchObject({ enabled: true, exporter: 'jaeger', sample_rate: 0.05 });
  });

  it.each(['debug', 'info', 'warn', 'error', 'fatal'])('logging knows the level %s', (level) => {
    for (const format of ['text', 'json'])
      expect(
        section(`logging:\n  level: ${level}\n  format: ${format}\n  add_caller: true\n  access_log: true\n`)
          .logging,
      ).toMatchObject({ level, format, add_caller: true, access_log: { enabled: true, sample: 1 } });
    expect(section(`logging: { level: ${level}, access_log: false }`).logging.access_log.enabled).toBe(false);
  });

  it('load_balancer, timeouts and http may have the keys that proxies in other languages have', () => {
    const { listeners, upstreams } = section(yaml`
      load_balancer:
        algorithm: bounded-consistent-hash
        hash_key: source-ip
      timeouts:
        connect: 5s
        read: 30s
        write: 30s
        idle: 60s
      http:
        enable_websocket: true
        max_idle_conns_per_host: 100
        idle_conn_timeout: 90s
        routes:
          - name: api
            host: api.example.com
            path_prefix: /v1
            headers:
              X-Version: "1"
            backends: [one]
            priority: 10
    `);
    expect(upstreams.map(({ name }) => name)).toEqual(['default', 'route:api']);
    for (const upstream of upstreams) {
      expect(upstream.load_balancer).toMatchObject({
        algorithm: 'bounded-consistent-hash',
        hash_key: 'source-ip',
      });
      expect(upstream.connection_pool).toMatchObject({ max_idle: 100, max_idle_time: 90_000 });
      expect(upstream.timeouts).toMatchObject({ connect: 5_000, read: 30_000 });
    }
    const [{ http } = {}] = listeners;
    expect(http).toMatchObject({
      enable_websocket: true,
      timeouts: { read: 30_000, write: 30_000, idle: 60_000 },
    });
    expect(http?.routes).toEqual([
      {
        name: 'api',
        filters: [],
        host: 'api.example.com',
        path_prefix: '/v1',
        headers: { 'X-Version': '1' },
        priority: 10,
        upstream: 'route:api',
      },
    ]);
  });

  it.each([
    'round-robin',
    'least-connections',
    'weighted-round-robin',
    'weighted-least-connections',
    'consistent-hash',
    'bounded-consistent-hash',
  ])('load_balancer knows %s', (algorithm) => {
    expect(section(`load_balancer: { algorithm: ${algorithm} }`).upstreams[0]?.load_balancer.algorithm).toBe(
      algorithm,
    );
  });

  it('health_check asks by TCP or HTTP, in times and numbers of checks', () => {
    const { upstreams } = section(yaml`
      health_check:
        enabled: true
        type: http
        path: /health
        interval: 10s
        timeout: 3s
        unhealthy_threshold: 3
        healthy_threshold: 2
    `);
    expect(upstreams[0]?.health_check).toMatchObject({
      enabled: true,
      type: 'http',
      path: '/health',
      interval: 10_000,
      timeout: 3_000,
      unhealthy_threshold: 3,
      healthy_threshold: 2,
    });
    expect(section('health_check: { type: tcp }').upstreams[0]?.health_check).toMatchObject({ type: 'tcp' });
  });
});

describe('a gateway of paths and URLs', () => {
  it.each([
    ['round-robin', 'round-robin'],
    ['random', 'random'],
    ['least-connections', 'least-connections'],
  ])('spreads the requests of a path over its backends by %s', (strategy, algorithm) => {
    const text = yaml`
      listen: ":8080"
      routes:
        - path: "/api/v1"
          backends:
            - "http://localhost:9001"
            - "http://localhost:9002"
            - "http://localhost:9003"
          strategy: "${strategy}"
    `;
    expect(warningsOf(text)).toEqual([]);
    const { listeners, upstreams } = load(text);
    expect(listeners[0]?.http?.routes).toMatchObject([{ path_prefix: '/api/v1', upstream: 'route:/api/v1' }]);
    expect(upstreams).toHaveLength(1);
    expect(upstreams[0]?.load_balancer.algorithm).toBe(algorithm);
    expect(upstreams[0]?.backends.map(({ name }) => name)).toEqual([
      'http://localhost:9001',
      'http://localhost:9002',
      'http://localhost:9003',
    ]);
  });
});

describe('sections together', () => {
  const backends = yaml`
    mode: http
    listen: ":8080"

    backends:
      - name: backend-1
        address: "localhost:9001"
        max_connections: 1000
      - name: backend-2
        address: "localhost:9002"
  `;

  it('mean what each means alone', () => {
    const text = yaml`
      ${backends.replaceAll('\n', '\n      ')}
      connection_pool:
        enabled: true
        max_size: 2000
        max_idle_time: 15m
      metrics:
        enabled: true
        listen: ":9090"
      tracing:
        enabled: true
        service_name: api-gateway
        endpoint: http://jaeger:14268/api/traces
        sample_rate: 0.1
      logging:
        level: warn
        access_log: false
    `;
    expect(warningsOf(text)).toEqual([]);
    const { listeners, upstreams, metrics, tracing, logging } = load(text);
    expect(listeners).toMatchObject([{ address: ':8080', mode: 'http' }]);
    expect(upstreams).toMatchObject([
      {
        backends: [
          { name: 'backend-1', address: 'localhost:9001', max_connections: 1000 },
          { name: 'backend-2', address: 'localhost:9002', max_connections: 0 },
        ],
        connection_pool: { max_size: 2000, max_idle_time: 900_000 },
      },
    ]);
    expect(metrics).toMatchObject({ enabled: true, listen: ':9090' });
    expect(tracing).toMatchObject({
      service_name: 'api-gateway',
      endpoint: 'http://jaeger:14268/api/traces',
      sample_rate: 0.1,
    });
    expect(logging).toMatchObject({ level: 'warn', access_log: { enabled: false } });
  });

  it('warn of a pool that a backend can never use up', () => {
    expect(
      warningsOf(`${backends}\nconnection_pool: { enabled: true, max_size: 50, max_idle_time: 15m }\n`),
    ).toEqual([
      'x.yaml:7:22 backends[0].max_connections is never reached: connection_pool.max_size (50) is the lower limit',
    ]);
  });
});
