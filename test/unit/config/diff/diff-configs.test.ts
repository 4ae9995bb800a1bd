import { describe, expect, it } from 'vitest';
import type { Config } from '../../../../src/config/schema/config.generated.ts';
import { diffConfigs as diff } from '../../../../src/config/diff/diff-configs.ts';
import type { BoundAddresses } from '../../../../src/config/diff/socket-plan.ts';
import { summarizeChanges } from '../../../../src/config/diff/config-change.ts';
import { loadConfigText, rulesOf } from '../../../support/labs/load-config.ts';

const diffConfigs = (before: Config | undefined, after: Config, addresses?: BoundAddresses) =>
  diff(before, after, { rulesOf, ...(addresses === undefined ? {} : { addresses }) });

const configOf = (text: string): Config =>
  loadConfigText(text, 'test.yaml', { modes: ['http', 'tcp', 'echo'] }).config;

/** path, effect and summary of each change. */
function changed(before: string, after: string): [string, string, string][] {
  return diffConfigs(configOf(before), configOf(after)).map(({ path, effect, summary }) => [
    path,
    effect,
    summary,
  ]);
}

const BASE = `
listeners:
  - { name: web, listen: '127.0.0.1:8080', upstream: api, http: { routes: [{ name: r1, path_prefix: /a, upstream: api }] } }
  - { name: db, listen: '127.0.0.1:5432', mode: tcp, upstream: pg }
upstreams:
  - name: api
    backends: [{ name: a, address: '127.0.0.1:1001' }, { name: b, address: '127.0.0.1:1002', weight: 2 }]
    load_balancer: { algorithm: weighted-round-robin }
  - { name: pg, backends: [{ name: p, address: '127.0.0.1:2001' }] }
`;
const edited = (...edits: readonly [string, string][]): [string, string, string][] =>
  changed(
    BASE,
    edits.reduce((text, [from, to]) => {
      expect(text).toContain(from);
      return text.replace(from, to);
    }, BASE),
  );

describe('diffConfigs', () => {
  it('finds nothing between equal configs', () => {
    expect(changed(BASE, BASE)).toEqual([]);
    expect(summarizeChanges([])).toBe('nothing');
  });

  it('takes everything for new where there was no config', () => {
    const changes = diffConfigs(undefined, configOf(BASE));
    expect(changes.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      'added listeners[web]',
      'added listeners[db]',
      'added upstreams[api]',
      'added upstreams[pg]',
    ]);
  });

  it('names a setting by the items it belongs to', () => {
    expect(edited(['weight: 2', 'weight: 5'])).toEqual([
      ['upstreams[api].backends[b].weight', 'hot', 'upstream api: backend b: weight 2 → 5'],
    ]);
    expect(edited(['/a,', '/b,'])).toEqual([
      ['listeners[web].http.routes[r1].path_prefix', 'hot', 'listener web: route r1: path_prefix /a → /b'],
    ]);
  });

  it('lets removed backends drain', () => {
    expect(edited([", { name: b, address: '127.0.0.1:1002', weight: 2 }", ''])).toEqual([
      ['upstreams[api].backends[b]', 'drains', 'upstream api: backend b removed'],
    ]);
  });

  it('re-binds a listener that moves, also to where its own socket is in the way', () => {
    expect(edited(['127.0.0.1:8080', '127.0.0.1:8081'])).toEqual([
      ['listeners[web].address', 're-binds', 'listener web: address 127.0.0.1:8080 → 127.0.0.1:8081'],
    ]);
    expect(edited(['127.0.0.1:8080', '0.0.0.0:8080'])).toEqual([
      ['listeners[web].address', 're-binds', 'listener web: address 127.0.0.1:8080 → 0.0.0.0:8080'],
    ]);
  });

  it('keeps the sockets of listeners that swap their addresses', () => {
    const changes = edited(
      ['127.0.0.1:8080', 'X'],
      ['127.0.0.1:5432', '127.0.0.1:8080'],
      ['X', '127.0.0.1:5432'],
    );
    expect(changes.map(([path, effect]) => `${path} ${effect}`)).toEqual([
      'listeners[web].address hot',
      'listeners[db].address hot',
    ]);
  });

  it('says of listeners on any port what stands in the way of a running proxy', () => {
    const anyPort = (more: string): string => `
listeners:
  - { name: a, listen: '127.0.0.1:0', upstream: u }
${more}
upstreams: [{ name: u, backends: [{ address: '127.0.0.1:1' }] }]`;
    const before = configOf(anyPort(''));
    const after = configOf(anyPort(`  - { name: b, listen: ':41234', upstream: u }`));
    const bound = new Map([['a', '127.0.0.1:41234']]);
    expect(diffConfigs(before, after, bound)).toMatchObject([
      { effect: 'refused', note: "can't bind :41234: listener a stays at 127.0.0.1:41234" },
    ]);
    expect(diffConfigs(before, after)).toMatchObject([{ effect: 're-binds', note: 'binds :41234' }]);
  });

  it('shows no secrets, and still sees that they changed', () => {
    const withSecret = (secret: string): string => `
backends: [{ name: a, address: '127.0.0.1:1001' }]
transform: { request_headers: [{ action: set, name: Authorization, value: ${secret} }] }
http: { routes: [{ name: r, headers: { X-Api-Key: ${secret} }, backends: [a] }] }
tracing: { endpoint: 'http://user:${secret}@127.0.0.1/x' }
admin: { token: ${secret}${secret} }
`;
    const changes = diffConfigs(
      configOf(withSecret('hunter2-hunter2')),
      configOf(withSecret('swordfish-swordfish')),
    );
    expect(changes.map(({ path, summary }) => `${path} ${summary.replace(/^.*: /, '')}`)).toEqual([
      'listeners[default].http.routes[r].headers.X-Api-Key headers.X-Api-Key has another value',
      'listeners[default].http.transform.request_headers[set Authorization].value value has another value',
      'admin.token admin.token has another value',
      'tracing.endpoint tracing.endpoint has another value',
    ]);
    expect(JSON.stringify(changes)).not.toMatch(/hunter2|swordfish/);
  });

  it('names a list with the section that it is in', () => {
    const asked = (servers: string): string => `
backends: [{ name: a, address: '127.0.0.1:1001' }]
dns: { servers: [${servers}] }
`;
    const summaries = (before: string, after: string): string[] =>
      changed(asked(before), asked(after)).map(([, , summary]) => summary);
    expect(summaries('127.0.0.53', '10.0.0.2')).toEqual(['dns.servers + 10.0.0.2, - 127.0.0.53']);
    expect(summaries('127.0.0.53, 10.0.0.2', '10.0.0.2, 127.0.0.53')).toEqual([
      'dns.servers in another order',
    ]);
  });

  it('names changes of headers one by one', () => {
    const withHeaders = (headers: string): string => `
backends: [{ name: a, address: '127.0.0.1:1001' }]
transform: { request_headers: [${headers}] }
`;
    const before = withHeaders(
      '{ action: set, name: A, value: "1" }, { action: add, name: B, value: x }, { action: remove, name: C }',
    );
    const after = withHeaders(
      '{ action: remove, name: C }, { action: set, name: A, value: "2" }, { action: add, name: D, value: y }',
    );
    expect(changed(before, after).map(([, , summary]) => summary)).toEqual([
      'listener default: request header add B removed',
      'listener default: request header add D added',
      'listener default: request header set A: value 1 → 2',
      'listener default: request headers in another order',
    ]);
  });

  it('takes routes without names for what they do, wherever they stand', () => {
    const withRoutes = (...routes: readonly string[]): string =>
      `backends: [{ name: a, address: 'a:1' }, { name: b, address: 'b:1' }]\nhttp: { routes: [${routes.join(', ')}] }`;
    const [first, second] = ['{ path: /1, backends: [a] }', '{ path: /2, backends: [b] }'];
    const before = withRoutes(first, second);
    expect(changed(before, withRoutes('{ path: /0, backends: [a, b] }', first, second))).toEqual([
      ['listeners[default].http.routes[route-1]', 'hot', 'listener default: route route-1 added'],
      ['upstreams[route:route-1]', 'hot', 'upstream route:route-1 added'],
    ]);
    expect(changed(before, withRoutes(second)).map(([path]) => path)).toEqual([
      'listeners[default].http.routes[route-1]',
      'upstreams[route:route-1]',
    ]);
    expect(changed(before, withRoutes(second, first)).map(([, , summary]) => summary)).toEqual([
      'listener default: routes in another order',
    ]);
  });

  it('compares lists by what is in them', () => {
    const trusting = (list: string): string =>
      `backends: [{ name: a, address: 'a:1' }]\nhttp: { trusted_proxies: [${list}] }`;
    expect(changed(trusting('10.0.0.1, 10.0.0.2'), trusting('10.0.0.2, 10.0.0.1'))).toEqual([]);
    expect(changed(trusting('10.0.0.1, 10.0.0.2'), trusting('10.0.0.3, 10.0.0.1'))).toEqual([
      [
        'listeners[default].http.trusted_proxies',
        'hot',
        'listener default: trusted_proxies + 10.0.0.3, - 10.0.0.2',
      ],
    ]);
  });

  it('does not speak of pools where there are none, nor where another upstream keeps them', () => {
    const tunnelled = edited(['{ name: p,', '{ name: q,']);
    expect(tunnelled).toEqual([
      ['upstreams[pg].backends[q].name', 'drains', 'upstream pg: backend q: name p → q'],
    ]);
    const withPool = BASE.replace('- { name: pg,', '- { name: pg, connection_pool: { max_idle_time: 5s },');
    expect(changed(BASE, withPool).map(([, effect]) => effect)).toEqual(['hot']);
    const shared = (more: string): string => `
listeners: [{ listen: ':1', http: { routes: [{ path: /, upstream: one }, { path: /2, upstream: two }] } }]
upstreams:
  - { name: one, backends: [{ name: a, address: 'a:1' }] }
  - { name: two, backends: [{ name: b, address: 'b:1' }${more}] }
`;
    const [change] = diffConfigs(configOf(shared(", { name: a, address: 'a:1' }")), configOf(shared('')));
    expect(change?.note).toBe('gets nothing new; exchanges and tunnels on it finish');
  });

  it('says which servers of admin and metrics are bound and closed', () => {
    const serving = (more: string): string => `backends: [{ name: a, address: 'a:1' }]\n${more}`;
    const note = (before: string, after: string) =>
      diffConfigs(configOf(serving(before)), configOf(serving(after))).map(
        ({ path, effect, note: words }) => `${path} ${effect} ${words ?? ''}`,
      );
    expect(note('', 'admin: { listen: 127.0.0.1:1 }')).toEqual(['admin re-binds binds 127.0.0.1:1']);
    expect(note('admin: { listen: 127.0.0.1:1 }', 'admin: { listen: 127.0.0.1:2 }')).toEqual([
      'admin.listen re-binds binds 127.0.0.1:2; closes 127.0.0.1:1, when answers under way are sent',
    ]);
    const both = 'admin: { listen: 127.0.0.1:1 }\nmetrics: { listen: 127.0.0.1:1 }';
    expect(note('admin: { listen: 127.0.0.1:1 }', both)).toContain('metrics.enabled hot ');
    expect(note('listen: 127.0.0.1:5\nadmin: { listen: 127.0.0.1:6 }', 'listen: 127.0.0.1:5')).toEqual([
      'admin re-binds closes 127.0.0.1:6, when answers under way are sent',
    ]);
  });

  it('sums up many changes in one line', () => {
    const change = { path: 'x', kind: 'changed', effect: 'hot', summary: 'x 1 → 2' } as const;
    expect(summarizeChanges([change])).toBe('x 1 → 2');
    expect(summarizeChanges(Array.from({ length: 30 }, () => change))).toMatch(/ and 22 more$/);
  });
});
