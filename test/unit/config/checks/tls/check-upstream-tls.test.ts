import { expect, it } from 'vitest';

import { problemsOf, warningsOf } from '../../problems-of.ts';

const upstream = (backend: string, more: string): string =>
  `listeners: [{ listen: ':1', upstream: up }]\nupstreams: [{ name: up, backends: [{ address: '${backend}' }], ${more} }]\n`;

const inShort = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/^x\.yaml:\d+:\d+ /, ''));

it('warns of backends that are not verified, and of authorities that then help nobody', () => {
  expect(warningsOf(upstream('a:1', 'tls: { insecure_skip_verify: true, ca_file: ca.crt }'))).toEqual([
    'x.yaml:2:86 upstreams[0].tls.insecure_skip_verify is true, so the certificates of the backends are not verified: anyone in between can read and change the traffic',
    'x.yaml:2:101 upstreams[0].tls.ca_file has no effect while insecure_skip_verify is true',
  ]);
});

it('needs a name for a backend that has none', () => {
  expect(inShort(problemsOf(upstream('unix:/run/app.sock', 'tls: true')))).toEqual([
    'upstreams[0].backends[0].address is a unix socket, which has no name that a certificate could have: set tls.server_name',
  ]);
  for (const tls of ['{ server_name: a.test }', '{ insecure_skip_verify: true }'])
    expect(problemsOf(upstream('unix:/run/app.sock', `tls: ${tls}`))).toEqual([]);
});

it('warns of a health check in plain text of backends with TLS', () => {
  expect(inShort(warningsOf(upstream('a:1', 'tls: true, health_check: { path: /, type: http }')))).toEqual([
    'upstreams[0].health_check.type asks in plain text, although the backends are used with TLS: write https',
  ]);
  for (const more of ['health_check: { path: /, type: https }', 'health_check: { path: / }'])
    expect(warningsOf(upstream('a:1', `tls: true, ${more}`))).toEqual([]);
});
