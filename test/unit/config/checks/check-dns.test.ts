import { describe, expect, it } from 'vitest';

import { resolverSettings } from '../../../../src/runtime/reload/resolver-participant.ts';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { problemsOf, warningsOf } from '../problems-of.ts';

const rest = 'backends: [{ name: a, address: "a:1" }]\n';

describe('the dns section', () => {
  it.each([
    'dns: {}',
    'dns: { servers: [10.0.0.2, "10.0.0.3:5353", "2001:db8::53", "[2001:db8::53]:5353"] }',
    'dns: { timeout: 500ms, attempts: 1, min_ttl: 1s, max_ttl: 1s, hold: 0 }',
  ])('%s is fine', (text) => {
    expect(problemsOf(rest + text)).toEqual([]);
    expect(warningsOf(rest + text)).toEqual([]);
  });

  it.each([
    [
      'dns: { servers: [ns.example.com] }',
      'x.yaml:2:18 dns.servers[0] must be the IP address of a name server: 10.0.0.2, 10.0.0.2:5353, 2001:db8::53 or [2001:db8::53]:5353',
    ],
    ['dns: { min_ttl: 500ms }', 'x.yaml:2:17 dns.min_ttl must be at least 1s'],
    ['dns: { min_ttl: 10m }', 'x.yaml:2:17 dns.min_ttl must not be above max_ttl (5m)'],
    ['dns: { max_ttl: 2s }', 'x.yaml:2:17 dns.max_ttl must not be below min_ttl (5s)'],
  ])('%s is refused', (text, problem) => {
    expect(problemsOf(rest + text)).toEqual([problem]);
  });

  it('is there in all forms, with the settings of the resolver', () => {
    const dns = 'dns: { servers: ["10.0.0.2:53", "[2001:DB8:0::53]:5353"], timeout: 1s, attempts: 3 }\n';
    for (const form of [
      rest,
      'routes: [{ path: /, backends: ["a:1"] }]\n',
      'listeners: [{ name: a, listen: ":1", mode: http, upstream: a }]\nupstreams: [{ name: a, backends: [] }]\n',
    ]) {
      const { config } = loadConfigText(form + dns, 'x.yaml', { modes: ['http', 'tcp'] });
      expect(resolverSettings(config.dns)).toEqual({
        servers: ['10.0.0.2', '[2001:db8::53]:5353'],
        timeoutMs: 1_000,
        attempts: 3,
        minTtlMs: 5_000,
        maxTtlMs: 300_000,
        holdMs: 30_000,
      });
    }
  });
});
