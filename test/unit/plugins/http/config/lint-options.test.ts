import { describe, expect, it } from 'vitest';

import { lintConfig } from '../../../../../src/config/lint/lint-config.ts';
import { formatProblem } from '../../../../../src/config/problems/problem.ts';
import { loadConfigText, rulesOf } from '../../../../support/labs/load-config.ts';

const TLS =
  'tls: { certificates: [{ cert_file: a.crt, key_file: a.key, domains: [a.test] }], client_auth: NONE }';

/** The warnings of the load and the advice, about a listener with these keys. */
function said(http: string, tls = '', auth = 'none'): string[] {
  const section = tls === '' ? '' : `, ${tls.replace('NONE', auth)}`;
  const loaded = loadConfigText(
    `listeners: [{ listen: '127.0.0.1:1', upstream: u, http: ${http}${section} }]
upstreams: [{ name: u, backends: [{ address: '127.0.0.1:2' }] }]
`,
    'x.yaml',
    { modes: ['http', 'tcp'] },
  );
  const problems = [...loaded.warnings, ...lintConfig(loaded, rulesOf)];
  return problems.map(formatProblem).flatMap((line) => / listeners\[0\]\.http\.(.*)/.exec(line)?.[1] ?? []);
}

describe('warnings about https', () => {
  it('name a redirect on a listener whose connections are encrypted already', () => {
    expect(said('{ redirect_https: true }')).toEqual([]);
    expect(said('{ redirect_https: true }', TLS)).toEqual([
      'redirect_https has no effect: all connections of this listener are encrypted',
    ]);
    expect(said('{ redirect_https: false }', TLS)).toEqual([]);
  });

  it('name hsts on a listener that never learns of an encrypted connection', () => {
    expect(said('{ hsts: true }')).toEqual([expect.stringMatching(/^hsts has no effect: no connection/)]);
    expect(said('{ hsts: true }', TLS)).toEqual([]);
    expect(said('{ hsts: true, trusted_proxies: [127.0.0.1] }')).toEqual([]);
  });

  it('name what the lists of browsers want', () => {
    const preload = (more: string): string[] => said(`{ hsts: { preload: true${more} } }`, TLS);
    const advice = [expect.stringMatching(/^hsts\.preload has no effect: the lists of browsers also want/)];
    expect(preload('')).toEqual(advice);
    expect(preload(', include_subdomains: true, max_age: 364d')).toEqual(advice);
    expect(preload(', include_subdomains: true')).toEqual([]);
  });

  it('name headers about certificates that nobody is asked for', () => {
    const headers = '{ client_certificate_headers: { subject: X-A } }';
    const advice = [expect.stringMatching(/^client_certificate_headers only removes these headers/)];
    expect(said(headers)).toEqual(advice);
    expect(said(headers, TLS)).toEqual(advice);
    expect(said(headers, TLS, 'request')).toEqual([]);
  });
});
