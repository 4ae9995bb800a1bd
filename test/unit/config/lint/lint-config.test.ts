import { describe, expect, it } from 'vitest';

import { lintConfig } from '../../../../src/config/lint/lint-config.ts';
import { loadConfigText, rulesOf } from '../../../support/labs/load-config.ts';

/** The advice on a config, each as `line path message`. */
function adviceOn(text: string): string[] {
  const loaded = loadConfigText(text.trim(), 'x.yaml', { modes: ['http', 'tcp', 'echo'] });
  return lintConfig(loaded, rulesOf).map(({ line, path, message }) => `${String(line)} ${path} ${message}`);
}

const OTHER_HOSTS = 'listeners[0].upstream also gets requests for hosts that no route names';

/** Advice on the routes of a listener, without what it comes from. */
function adviceOnRoutes(routes: readonly string[], more = ''): string[] {
  const lines = routes.map((route) => `      - { ${route}, upstream: u }`);
  return adviceOn(`
listeners:
  - listen: 127.0.0.1:1
    upstream: u
    http:
${more}      routes:
${lines.map((line) => `  ${line}`).join('\n')}
upstreams: [{ name: u, backends: [{ address: '127.0.0.1:2' }] }]
`)
    .filter((line) => !line.includes(OTHER_HOSTS))
    .map((line) => line.replace(/^\d+ listeners\[0\]\.http\./, ''));
}

const BEHIND = (index: number, route: string): string =>
  `routes[${String(index)}] is never reached: the route ${route} is tried first and takes all of its requests`;

describe('advice on routes', () => {
  it('says when hosts that no route names get to backends of a route with a host', () => {
    const config = (upstream: string, more = ''): string => `
listeners:
  - { listen: '127.0.0.1:1', upstream: ${upstream}, http: { routes: [{ name: a, host: a.test, upstream: u }]${more} } }
upstreams:
  - { name: u, backends: [{ address: '127.0.0.1:2' }] }
  - { name: others, backends: [{ address: '127.0.0.1:3' }] }
`;
    const advice = (text: string): string[] => adviceOn(text).filter((line) => line.includes(OTHER_HOSTS));
    expect(advice(config('u'))).toHaveLength(1);
    expect(advice(config('others'))).toEqual([]);
    expect(advice(config('u', ', default: 404'))).toEqual([]);
  });

  it('names routes behind one that takes all of their requests', () => {
    expect(
      adviceOnRoutes(['name: all, path_prefix: /', 'name: api, path_prefix: /api, priority: -1']),
    ).toEqual([BEHIND(1, 'all')]);
    expect(adviceOnRoutes(['name: a, path: /x', 'name: b, path: /x'])).toEqual([BEHIND(1, 'a')]);
    expect(
      adviceOnRoutes(['name: a, host: "*.test", priority: 1', 'name: b, host: a.b.test, path: /x']),
    ).toEqual([BEHIND(1, 'a')]);
    expect(
      adviceOnRoutes([
        'name: a, headers: { X-A: "1" }, priority: 1',
        'name: b, headers: { x-a: "1", x-b: "2" }',
      ]),
    ).toEqual([BEHIND(1, 'a')]);
  });

  it('looks at routes in the order in which requests do', () => {
    expect(adviceOnRoutes(['name: all, path_prefix: /', 'name: api, path_prefix: /api'])).toEqual([]);
    expect(adviceOnRoutes(['name: all, path_prefix: /', 'name: host, host: a.test'])).toEqual([]);
    expect(adviceOnRoutes(['name: any, path: /x', 'name: beta, path: /x, headers: { X-Beta: "1" }'])).toEqual(
      [],
    );
  });

  it.each([
    ['another host', 'host: a.test, path: /x', 'host: b.test, path: /x, priority: -1'],
    ['a host that the wildcard only looks like', 'host: "*.b.test"', 'host: b.test, priority: -1'],
    ['a neighbour of the prefix', 'path_prefix: /api', 'path: /apis, priority: -1'],
    ['a path above the prefix', 'path_prefix: /api/', 'path: /api, priority: -1'],
    ['what the prefix / does not hold', 'path_prefix: /', 'host: a.test, priority: -1'],
    ['another value of the header', 'headers: { X-A: "1" }', 'headers: { X-A: "2" }, priority: -1'],
    ['a header that need not be there', 'headers: { X-A: "1" }', 'path: /x, priority: -1'],
  ])('leaves alone %s', (_, first, second) => {
    expect(adviceOnRoutes([`name: a, ${first}`, `name: b, ${second}`])).toEqual([]);
  });

  it('names routes that nothing can match by themselves', () => {
    const reason = 'routes[0] is never reached: ';
    expect(adviceOnRoutes(['headers: { X-A: "1", x-a: "2" }'])).toEqual([
      `${reason}it wants two values of the header x-a`,
    ]);
    expect(adviceOnRoutes(['headers: { x_a: "1" }'])).toEqual([]);
    expect(adviceOnRoutes(['headers: { x_a: "1" }'], '      underscore_headers: drop\n')).toEqual([
      `${reason}underscore_headers: drop keeps the header x_a from routes`,
    ]);
    const normalized = '      normalize_path: true\n';
    for (const path of ['/a%2fb', '/a%5cb', '/%C0%AE', '/a/..;/b'])
      expect(adviceOnRoutes([`path_prefix: '${path}'`], normalized)).toEqual([
        `${reason}normalize_path refuses every request with this path`,
      ]);
    expect(adviceOnRoutes([`path_prefix: '/a%2fb'`])).toEqual([]);
    expect(
      adviceOnRoutes([`path_prefix: '/a%2fb'`], `${normalized}      ambiguous_paths: literal\n`),
    ).toEqual([]);
    for (const path of ['/a//b', '/a/../b', '/a/.', '/%2E/a'])
      expect(adviceOnRoutes([`path_prefix: '${path}'`], normalized)).toEqual([]);
    expect(adviceOnRoutes(["name: a, path: '/%61/./b'", 'name: b, path: /a/b'])).toEqual([BEHIND(1, 'a')]);
    for (const path of ['/.well-known', '/a/...', '/%20'])
      expect(adviceOnRoutes([`path: '${path}'`], normalized)).toEqual([]);
    expect(adviceOnRoutes(['path: /health'], '      health_endpoint: /health\n')).toEqual([
      `${reason}health_endpoint answers this path itself`,
    ]);
    expect(adviceOnRoutes(['path: /he%61lth'], '      health_endpoint: /health\n')).toEqual([
      `${reason}health_endpoint answers this path itself`,
    ]);
  });
});

describe('advice on what is used', () => {
  it('names backends that no request is routed to, and the listener upstream that no request gets to', () => {
    expect(
      adviceOn(`
listen: 127.0.0.1:1
health_check: { type: tcp }
backends:
  - { name: a, address: '127.0.0.1:2' }
  - { name: idle, address: '127.0.0.1:3' }
http:
  routes:
    - { name: all, backends: [a] }
`),
    ).toEqual([
      '3 backends gets nothing: the route all takes every request',
      '5 backends[1] gets nothing: no request is routed to it',
    ]);
  });

  it('is silent while some request gets there', () => {
    expect(
      adviceOn(`
listen: 127.0.0.1:1
backends: [{ name: a, address: '127.0.0.1:2' }]
http: { routes: [{ path_prefix: /, backends: [a] }] }
`),
    ).toEqual([]);
    expect(
      adviceOn(`
listeners: [{ listen: '127.0.0.1:1', mode: echo }, { listen: '127.0.0.1:2', upstream: a, http: { routes: [{ upstream: b }] } }]
upstreams: [{ name: a, backends: [{ address: '127.0.0.1:2' }] }, { name: b, backends: [{ address: '127.0.0.1:3' }] }]
`),
    ).toEqual([]);
  });
});

describe('advice on upstreams', () => {
  it('names doubled backends and missing health checks', () => {
    const text = `
listen: 127.0.0.1:1
backends:
  - { name: a, address: '127.0.0.1:2' }
  - { name: b, address: '127.0.0.1:2' }
`;
    expect(adviceOn(text)).toEqual([
      '2 backends have no health_check: one that is down goes on getting its share',
      '4 backends[1].address is the address of a too: it gets two shares',
    ]);
    expect(adviceOn(`${text}health_check: { enabled: false }`)[1]).toContain('health_check.enabled');
  });

  it('names limits that get in the way of each other', () => {
    expect(
      adviceOn(`
listen: 127.0.0.1:1
connection_pool:
  acquire_timeout: 1s
  max_age: 10s
  max_idle_time: 1m
backends: [{ name: a, address: '127.0.0.1:2' }]
`),
    ).toEqual([
      '5 connection_pool.max_idle_time is longer than max_age (10s), after which no socket is used again',
    ]);
  });
});

describe('advice on what others can reach', () => {
  const base = `listen: 127.0.0.1:1\nbackends: [{ name: a, address: '127.0.0.1:2' }]\n`;

  it('names metrics that everybody can read', () => {
    expect(adviceOn(`${base}metrics: { listen: ':9090' }`)).toEqual([
      expect.stringContaining('3 metrics.listen shows the metrics over plain HTTP to everybody') as string,
    ]);
    const guarded = `admin: { listen: ':9090', token: 0123456789abcdef }\nmetrics: { listen: ':9090' }`;
    for (const more of [`metrics: { listen: '127.0.0.1:9090' }`, `metrics: { listen: 'unix:/m' }`, guarded])
      expect(adviceOn(`${base}${more}`)).toEqual([]);
  });
});

describe('advice on certificates of clients', () => {
  const base = `listen: 127.0.0.1:1\nbackends: [{ name: a, address: '127.0.0.1:2' }]\n`;
  const pair = 'cert_file: a.crt, key_file: a.key';

  it('names listeners that demand a certificate and verify none', () => {
    const advice = 'lets in every client that shows a certificate, also one that it made itself:';
    expect(adviceOn(`${base}tls: { ${pair}, client_auth: require }`)).toEqual([
      expect.stringContaining(`3 tls.client_auth ${advice}`) as string,
    ]);
    expect(adviceOn(`${base}tls: { certificates: [{ ${pair}, client_auth: require }] }`)).toEqual([
      expect.stringContaining(`3 tls.certificates[0].client_auth ${advice}`) as string,
    ]);
  });

  it('is silent where somebody may verify them, and where none is demanded', () => {
    const headers = 'http: { client_certificate_headers: { certificate: Client-Cert } }';
    for (const more of [
      `tls: { ${pair}, client_auth: require-and-verify, client_ca_file: ca.crt }`,
      `tls: { ${pair}, client_auth: require }\n${headers}`,
      `tls: { ${pair}, client_auth: request }`,
      `tls: { ${pair} }`,
    ])
      expect(adviceOn(`${base}${more}`)).toEqual([]);
  });
});

describe('advice on TLS that is passed on', () => {
  const lists = (sni: string, pair = ''): string => `
listeners:
  - { listen: 127.0.0.1:1, mode: tcp, upstream: secure, tls: { ${pair}sni: ${sni} } }
upstreams:
  - { name: secure, backends: [{ address: '127.0.0.1:2' }], tls: true, health_check: {} }
  - { name: plain, backends: [{ address: '127.0.0.1:3' }], health_check: {} }
`;
  const twice = (path: string): unknown =>
    expect.stringContaining(
      `2 listeners[0].${path} passes TLS of clients on undecrypted to the upstream secure`,
    );

  it('names upstreams that would wrap it in a second TLS', () => {
    expect(adviceOn(lists('{ routes: { a.test: secure, b.test: plain } , default: plain }'))).toEqual([
      twice('tls.sni.routes["a.test"]'),
    ]);
    expect(adviceOn(lists('{ routes: { b.test: plain }, default: secure }'))).toEqual([
      twice('tls.sni.default'),
    ]);
    expect(adviceOn(lists('{ routes: { b.test: plain } }'))).toEqual([twice('upstream')]);
  });

  it('is silent where the listener decrypts what the upstream encrypts', () => {
    const pair = 'cert_file: a.crt, key_file: a.key, ';
    expect(adviceOn(lists('{ routes: { b.test: plain } }', pair))).toEqual([]);
  });
});
