import { describe, expect, it } from 'vitest';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { restorableText } from '../../../../src/config/schema/show-config.ts';
import { AddressList } from '../../../../src/plugin-api/values/address-list.ts';
import { problemsOf, warningsOf } from '../problems-of.ts';

const load = (text: string) => loadConfigText(text, 'x.yaml', { modes: ['http', 'tcp', 'echo'] }).config;
const gateway = (rest = '', path = '/api'): string =>
  `listen: "127.0.0.1:1"\nroutes: [{ path: ${path}, backends: ["http://a:1", "http://b:1"] }]\n${rest}`;
const flat = (rest = ''): string => `listen: "127.0.0.1:1"\nbackends: [{ address: "a:1" }]\n${rest}`;

describe('a gateway, without being asked', () => {
  it('answers /health and /metrics on its own port', () => {
    const { listeners, metrics } = load(gateway());
    expect(listeners[0]?.http?.health_endpoint).toBe('/health');
    expect(metrics).toMatchObject({
      enabled: true,
      listener: 'default',
      listen: '127.0.0.1:1',
      path: '/metrics',
    });
  });

  it('checks its backends each ten seconds by a GET that must be answered with 200, and takes the first result', () => {
    expect(load(gateway()).upstreams[0]?.health_check).toEqual({
      enabled: true,
      type: 'http',
      path: '/',
      interval: 10_000,
      timeout: 2_000,
      healthy_threshold: 1,
      unhealthy_threshold: 1,
      expected_status: '200',
      method: 'GET',
      initial_state: 'up',
    });
  });

  it('does what its file says instead', () => {
    expect(load(gateway('health_endpoint: /up')).listeners[0]?.http?.health_endpoint).toBe('/up');
    expect(load(gateway('http: { health_endpoint: /up }')).listeners[0]?.http?.health_endpoint).toBe('/up');
    expect(load(gateway("health_endpoint: ''")).listeners[0]?.http?.health_endpoint).toBe('');
    expect(load(gateway('metrics: { enabled: false }')).metrics.enabled).toBe(false);
    const elsewhere = load(gateway('metrics: { listen: ":9090" }')).metrics;
    expect(elsewhere).toMatchObject({ enabled: true, listen: ':9090' });
    expect(elsewhere).not.toHaveProperty('listener');
    expect(elsewhere).not.toHaveProperty('allow');
    expect(load(gateway('health_check: { enabled: false }')).upstreams[0]?.health_check?.enabled).toBe(false);
    expect(load(gateway('health_check: {}')).upstreams[0]?.health_check).toMatchObject({ type: 'tcp' });
    expect(load(gateway('health_check_interval: 1s')).upstreams[0]?.health_check).toMatchObject({
      interval: 1_000,
      timeout: 1_000,
    });
  });

  it('leaves a path to the route that has it, and says so', () => {
    const health = gateway('', '/%68ealth');
    expect(load(health).listeners[0]?.http?.health_endpoint).toBeUndefined();
    expect(warningsOf(health)).toEqual([
      "x.yaml:2:18 routes[0].path takes the place of the gateway's own /health; health_endpoint gives it another path",
    ]);
    const metrics = gateway('', '/metrics');
    expect(load(metrics).metrics.enabled).toBe(false);
    expect(warningsOf(metrics)).toEqual([
      "x.yaml:2:18 routes[0].path takes the place of the gateway's own /metrics; metrics.path gives them another path",
    ]);
    expect(load(gateway('metrics: { path: /numbers }', '/metrics')).metrics).toMatchObject({
      enabled: true,
      listener: 'default',
    });
    expect(warningsOf(gateway())).toEqual([]);
  });
});

it('other forms get none of that without being asked', () => {
  const { listeners, upstreams, metrics } = load(flat());
  expect(listeners[0]?.http?.health_endpoint).toBeUndefined();
  expect(upstreams[0]?.health_check).toBeUndefined();
  expect(metrics.enabled).toBe(false);
});

describe('a short health_check_interval', () => {
  it('bounds the time of its own checks, and warns of nothing', () => {
    for (const [interval, timeout] of [
      ['200ms', 200],
      ['2s', 2_000],
      ['1m', 2_000],
    ] as const) {
      const text = flat(`health_check_interval: ${interval}`);
      expect(load(text).upstreams[0]?.health_check).toMatchObject({ timeout });
      expect(warningsOf(text)).toEqual([]);
    }
  });
});

describe('metrics on the port of a listener', () => {
  const both = `
listeners:
  - { name: web, listen: "127.0.0.1:1", upstream: up }
  - { name: raw, listen: "127.0.0.1:2", mode: tcp, upstream: up }
upstreams: [{ name: up, backends: [{ address: "a:1" }] }]
`;

  it('are asked for by its name or by its address', () => {
    const byName = load(`${both}metrics: { listener: web }`).metrics;
    expect(byName).toMatchObject({ listener: 'web', listen: '127.0.0.1:1' });
    expect(load(`${both}metrics: { listen: "127.0.0.1:1" }`).metrics).toEqual(byName);
    expect(load(flat('metrics: { listen: "127.0.0.1:1" }')).metrics.listener).toBe('default');
  });

  it('are another server where both ask for any free port', () => {
    const config = load(
      'listen: "127.0.0.1:0"\nbackends: [{ address: "a:1" }]\nmetrics: { listen: "127.0.0.1:0" }',
    );
    expect(config.metrics.listener).toBeUndefined();
  });

  it('are refused where the listener is not there, speaks no HTTP, or has the path already', () => {
    expect(problemsOf(`${both}metrics: { listener: wbe }`)).toEqual([
      'x.yaml:6:22 metrics.listener names the listener "wbe", which does not exist; did you mean "web"?',
    ]);
    expect(problemsOf(`${both}metrics: { listener: raw }`)).toEqual([
      'x.yaml:6:22 metrics.listener names the listener "raw", which does not speak http',
    ]);
    expect(problemsOf(`${both}metrics: { listen: "127.0.0.1:2" }`)).toEqual([
      'x.yaml:6:20 metrics.listen is taken already, by listener raw',
    ]);
    expect(problemsOf(gateway('metrics: { path: /health }'))).toEqual([
      'x.yaml:3:18 metrics.path is the health_endpoint of the listener default too',
    ]);
  });

  it('are for this machine and private networks, unless the config says for whom', () => {
    const nearby = new AddressList(load(gateway()).metrics.allow ?? []);
    for (const address of [
      '127.0.0.1',
      '127.8.9.1',
      '::1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      'fd00::1',
    ])
      expect(nearby.has(address), address).toBe(true);
    expect(nearby.has('fe80::1%eth0')).toBe(true);
    for (const address of ['8.8.8.8', '172.32.0.1', '100.64.0.1', '2001:db8::1', '0.0.0.0', 'unix', ''])
      expect(nearby.has(address), address).toBe(false);
    const everybody = 'metrics: { allow: ["0.0.0.0/0", "::/0"] }';
    expect(load(gateway(everybody)).metrics.allow).toEqual(['0.0.0.0/0', '::/0']);
  });

  it('are the same when the config is written out and loaded again', () => {
    for (const text of [gateway(), `${both}metrics: { listener: web }`, flat('metrics: {}')]) {
      const config = load(text);
      expect(load(restorableText(config))).toEqual(config);
    }
  });
});
