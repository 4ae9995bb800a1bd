import { describe, expect, it } from 'vitest';
import type { Config } from '../../../../src/config/config.generated.ts';
import { diffConfigs } from '../../../../src/config/diff/diff-configs.ts';
import { summarizeChanges } from '../../../../src/config/diff/summarize-changes.ts';
import { loadConfigText } from '../../../../src/config/load-config.ts';

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

  it('shows no secrets, and still sees that they changed', () => {
    const withSecret = (secret: string): string => `
backends: [{ name: a, address: '127.0.0.1:1001' }]
transform: { request_headers: [{ action: set, name: Authorization, value: ${secret} }] }
tracing: { endpoint: 'http://user:${secret}@127.0.0.1/x' }
`;
    const changes = diffConfigs(configOf(withSecret('hunter2')), configOf(withSecret('swordfish')));
    expect(changes).toHaveLength(2);
    expect(JSON.stringify(changes)).not.toMatch(/hunter2|swordfish|u0000/);
  });

  it('sums up many changes in one line', () => {
    const change = { path: 'x', kind: 'changed', effect: 'hot', summary: 'x 1 → 2' } as const;
    expect(summarizeChanges([change])).toBe('x 1 → 2');
    expect(summarizeChanges(Array.from({ length: 30 }, () => change))).toMatch(/ and 22 more$/);
  });
});
