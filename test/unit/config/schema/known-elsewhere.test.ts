import { describe, expect, it } from 'vitest';
import {
  NAMES_ELSEWHERE,
  NAMES_IN_SECTION,
  ON_BY_DEFAULT,
  pathsOfKey,
} from '../../../../src/config/schema/known-elsewhere.ts';
import { CONFIG_SCHEMA, resolveSchema, type SchemaNode } from '../../../../src/config/schema/schema.ts';
import { problemsOf } from '../problems-of.ts';

/** What the only unknown key of a text gets to hear. */
function hearsAt(text: string): string {
  const found = problemsOf(text).filter((line) => line.includes('is not a known key'));
  expect(found).toHaveLength(1);
  return (found[0] ?? '').replace(/^x\.yaml:\d+:\d+ /, '');
}

const flat = (line: string) => `listen: ':1'\n${line}\nbackends: [{ address: 'a:1' }]\n`;
const lists = (listener: string, upstream: string) =>
  `listeners: [{ listen: ':1', upstream: up${listener} }]\n` +
  `upstreams: [{ name: up, backends: [{ address: 'a:1' }]${upstream} }]\n`;

describe('a key in the wrong place is told its place', () => {
  it.each([
    ['algorithm: random', 'load_balancer.algorithm'],
    ['interval: 3s', 'health_check.interval or outlier_detection.interval'],
    ['level: debug', 'logging.level'],
    ['metrics: { access_log: true }', 'logging.access_log'],
    ['http: { request_headers: [] }', 'http.routes[].transform.request_headers'],
  ])('%s in a flat file', (line, place) => {
    expect(hearsAt(flat(line)).split('is not a known key here; its place is ')[1]).toBe(place);
  });

  it.each([
    [', routes: []', '', 'listeners[].http.routes'],
    [', timeouts: {}', '', 'listeners[].http.timeouts or listeners[].tcp.timeouts'],
    [', load_balancer: {}', '', 'upstreams[].load_balancer'],
    [', http: { health_check: {} }', '', 'upstreams[].health_check'],
    ['', ', interval: 3s', 'upstreams[].health_check.interval or upstreams[].outlier_detection.interval'],
    ['', ', http: {}', 'listeners[].http'],
  ])('listener {%s}, upstream {%s}', (listener, upstream, place) => {
    expect(hearsAt(lists(listener, upstream)).split('its place is ')[1]).toBe(place);
  });

  it.each([
    "listen: ':1'\nbackends: [{ address: 'a:1' }]\nhttp: { routes: [{ path: /a, upstream: b }] }\n",
    "listen: ':1'\nroutes: [{ path: /a, upstream: b, backends: ['http://a:1'] }]\n",
  ])('tells a route of which form its upstream is: %j', (text) => {
    expect(problemsOf(text).join('\n')).toContain(
      '.upstream is a key of files with listeners and upstreams; here a route names its backends instead',
    );
  });

  it.each([
    [flat('').replace('a:1', "a:1', tls: true, name: 'b"), 'tls.backend'],
    [flat('').replace('a:1', "a:1', proxy_protocol: v2, name: 'b"), 'proxy_protocol.send'],
    [lists('', '').replace('a:1', "a:1', tls: true, name: 'b"), 'upstreams[].tls'],
  ])('tells where the connections to a backend are described: %j', (text, place) => {
    expect(hearsAt(text).split('its place is ')[1]).toBe(place);
  });

  it('says what is known here where the key could stand in many places, or nowhere', () => {
    expect(hearsAt(flat('enabled: true'))).toContain('known here: include, mode');
    expect(hearsAt(flat('colour: red'))).toContain('known here: include, mode');
  });

  it.each(['admin', 'metrics'])(
    'sends nobody from the server of %s to the PROXY headers of listeners',
    (server) => {
      const text = flat(`${server}: { listen: '127.0.0.1:0', proxy_protocol: { accept: true } }`);
      expect(problemsOf(text)).toEqual([
        expect.stringContaining(
          `${server}.proxy_protocol is not allowed here: only listeners read PROXY headers`,
        ),
      ]);
    },
  );

  it('rather takes a key for a misspelt one of its own section', () => {
    expect(hearsAt(lists('', ', timeout: 3s'))).toContain('did you mean "timeouts"?');
  });

  it('keeps its hands off the schemas of plugins', () => {
    expect(pathsOfKey('algorithm', { properties: { limit: {} } }, '/options')).toBe('');
  });
});

describe('names of nginx and HAProxy', () => {
  it.each([
    [flat('server_name: a.test'), 'server_name is not a known key; this proxy calls it http.routes[].host'],
    [flat('maxconn: 9'), 'maxconn is not a known key; this proxy calls it max_connections'],
    [flat('health_check: { fall: 3 }'), 'this proxy calls it health_check.unhealthy_threshold'],
    [lists('', ', servers: []'), 'this proxy calls it upstreams[].backends'],
    [lists(', bind: ":2"', ''), 'this proxy calls it listeners[].listen'],
    [flat('ssl_certificate: a.crt'), 'this proxy calls it tls.cert_file'],
    [flat('ssl: {}'), 'this proxy calls it tls'],
    [lists(', tls: { ssl_certificate_key: a.key }', ''), 'this proxy calls it listeners[].tls.key_file'],
    [lists(', tls: { ssl_protocols: [] }', ''), 'this proxy calls it listeners[].tls.min_version'],
    [lists(', send-proxy: true', ''), 'this proxy calls it listeners[].proxy_protocol'],
    [lists('', ', tls: { proxy_ssl_name: a }'), 'this proxy calls it upstreams[].tls.server_name'],
    [flat('worker_processes: 2'), 'this proxy calls it workers'],
    [flat('resilience: { retries: 2 }'), 'this proxy calls it resilience.retry'],
    [flat('resilience: { retry: { max_retries: 2 } }'), 'this proxy calls it resilience.retry.max_attempts'],
    [flat('retry_on: [503]'), 'this proxy calls it resilience.retry.on or routes[].retry.on'],
    [flat('sticky_session: true'), 'this proxy calls it sticky'],
    [
      flat('outlier_detection: { consecutive_5xx: 3 }'),
      'this proxy calls it health_check.passive_checks.consecutive_failures',
    ],
    [
      flat('').replace('a:1', "a:1', fail_timeout: 30s, name: 'b"),
      'calls it outlier_detection.base_ejection_time',
    ],
    [
      flat('').replace('a:1', "a:1', down: true, name: 'b"),
      'weight: 0 keeps new clients away, and the command balance backends disable NAME takes the backend out',
    ],
  ])('%s', (text, words) => {
    expect(hearsAt(text)).toContain(words);
  });

  it.each([
    [flat('tls: { cert: a.crt }'), 'tls.cert is not a known key; here it is called cert_file'],
    [flat('tls: { key: a.key }'), 'here it is called key_file'],
    [flat('tls: { key_password: x }'), 'here it is called key_password_file'],
    [flat('tls: { ca: a.crt }'), 'here it is called client_ca_file'],
    [flat('tls: { backend: { ca: a.crt } }'), 'here it is called ca_file'],
    [flat('tls: { backend: { sni: a.test } }'), 'here it is called server_name'],
    [flat('tls: { verify: true }'), 'here it is called client_auth'],
    [flat('metrics: { tls: { ca: a.crt } }'), 'here it is called client_ca_file'],
    [lists(', tls: { backend: true }', ''), 'is not a known key here; write tls of an upstream instead'],
    [flat('load_balancer: { key: a }'), 'known here: algorithm'],
  ])('that mean one thing only in a section of TLS: %s', (text, words) => {
    expect(hearsAt(text)).toContain(words);
  });

  it.each([
    [
      flat('load_balancer: { method: random }'),
      'load_balancer.method is not a known key; here it is called algorithm',
    ],
    [flat('load_balancer: { type: random }'), 'here it is called algorithm'],
    [flat('queue: { size: 10 }'), 'here it is called max_size'],
    [flat('slow_start: { duration: 30s }'), 'here it is called window'],
    [flat('health_check: { uri: /health }'), 'here it is called path'],
    [flat('health_check: { failure_threshold: 3 }'), 'here it is called unhealthy_threshold'],
    [flat('resilience: { circuit_breaker: { failure_threshold: 3 } }'), 'here it is called max_failures'],
    [flat('resilience: { retry: { budget: { ratio: 0.2 } } }'), 'here it is called percent'],
    [flat('sticky: { cookie_name: X }'), 'here it is called name'],
    [flat('workers: { number: 2 }'), 'here it is called count'],
  ])('that mean one thing only in a section of backends that fail: %s', (text, words) => {
    expect(hearsAt(text)).toContain(words);
  });

  it.each([
    [flat('http: { cors: {} }'), 'write it as filters: [{ use: cors, … }] of http or of a route'],
    [flat('whitelist: [10.0.0.0/8]'), 'write it as filters: [{ use: address-list, … }]'],
  ])('of what a filter does: %s', (text, words) => {
    expect(hearsAt(text)).toContain(words);
  });

  it.each([
    [flat('split: []'), 'its place is http.routes[].split'],
    [flat('http: { dns: {} }'), 'its place is dns'],
  ])('do not call what there is not supported: %s', (text, words) => {
    expect(hearsAt(text)).toContain(words);
  });

  it.each([
    [flat('tls: { backend: { proxy_ssl_verify: on } }'), 'insecure_skip_verify'],
    [lists('', ', tls: { verify: true }'), 'insecure_skip_verify'],
    [flat('tls: { ssl_session_tickets: on }'), 'session_tickets_disabled'],
  ])('with the opposite sense are not called by our name: %s', (text, ours) => {
    expect(hearsAt(text)).toContain(
      `is not a known key; this is on by default, and only ${ours}: true turns it off`,
    );
  });

  it.each([
    ['least_conn', 'weighted-least-connections'],
    ['leastconn', 'weighted-least-connections'],
    ['roundrobin', 'round-robin'],
    ['static-rr', 'weighted-round-robin'],
    ['ip_hash', 'consistent-hash'],
    ['source', 'consistent-hash'],
  ])('of the algorithm %s', (theirs, ours) => {
    const problems = problemsOf(flat(`load_balancer: { algorithm: ${theirs} }`));
    expect(problems.join('\n')).toContain(`did you mean "${ours}"?`);
  });

  it('lead to keys that exist', () => {
    const keys = new Set<string>();
    const seen = new Set<SchemaNode>();
    (function collect(node: SchemaNode): void {
      if (seen.has(node)) return;
      seen.add(node);
      for (const [key, property] of Object.entries(node.properties ?? {})) {
        keys.add(key);
        collect(resolveSchema(property));
      }
      if (node.items !== undefined) collect(resolveSchema(node.items));
    })(CONFIG_SCHEMA);
    for (const [theirs, ours] of NAMES_ELSEWHERE) expect(keys, theirs).toContain(ours);
    for (const ours of [...NAMES_IN_SECTION.values()].flat()) expect(keys).toContain(ours);
    for (const ours of ON_BY_DEFAULT.values()) expect(keys).toContain(ours);
  });
});
