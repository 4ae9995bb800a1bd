import { describe, expect, it } from 'vitest';

import { problemsOf, warningsOf } from '../problems-of.ts';

const REST = 'backends: [{ name: a, address: "a:1" }]\n';

describe('the proxy_protocol section', () => {
  it.each([
    'proxy_protocol: { trusted: [10.0.0.0/8, "2001:db8::1"], timeout: 1s }',
    'proxy_protocol: { accept: true, trusted: [192.0.2.0/24] }',
    'proxy_protocol: { accept: false }',
    'proxy_protocol: { send: v2 }',
    'listen: "unix:/run/balance.sock"\nproxy_protocol: { accept: true }',
  ])('%s is fine', (text) => {
    expect(problemsOf(REST + text)).toEqual([]);
    expect(warningsOf(REST + text)).toEqual([]);
  });

  it.each([
    [
      'proxy_protocol: { accept: true }',
      'x.yaml:2:1 proxy_protocol needs trusted: the addresses and networks of the proxies that send the header, as in [10.0.0.0/8]',
    ],
    ['proxy_protocol: { trusted: [10.0.0.0/33] }', /^x\.yaml:2:29 proxy_protocol\.trusted\[0\] must be/],
    ['proxy_protocol: { send: v3 }', /^x\.yaml:2:25 proxy_protocol\.send must be/],
  ])('%s is refused', (text, problem) => {
    expect(problemsOf(REST + text)).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  });

  it('warns of trust in everybody, as trusted_proxies does', () => {
    expect(warningsOf(`${REST}proxy_protocol: { trusted: [10.0.0.0/8, 0.0.0.0/0, '::/0'] }`)).toEqual([
      'x.yaml:2:41 proxy_protocol.trusted[1] trusts everybody: any client can send a PROXY header and claim any address',
      'x.yaml:2:52 proxy_protocol.trusted[2] trusts everybody: any client can send a PROXY header and claim any address',
    ]);
    expect(warningsOf(`mode: http\n${REST}http: { trusted_proxies: [10.0.0.0/8, '::/0'] }`)).toEqual([
      'x.yaml:3:39 http.trusted_proxies[1] trusts everybody: any client can claim any address',
    ]);
  });

  it('warns of sockets that can not be kept ready', () => {
    const text = 'proxy_protocol: { send: v1 }\nconnection_pool: { min_idle: 2 }';
    expect(warningsOf(REST + text)).toEqual([
      'x.yaml:3:30 connection_pool.min_idle has no effect with proxy_protocol: each connection begins with the address of one client',
    ]);
  });

  it('belongs to each listener and each upstream', () => {
    const text = `
listeners: [{ name: web, address: '127.0.0.1:0', mode: http, upstream: a, proxy_protocol: {} }]
upstreams: [{ name: a, proxy_protocol: v1, backends: [{ name: a, address: 'a:1' }] }]
`;
    expect(problemsOf(text)).toEqual([
      'x.yaml:2:75 listeners[0].proxy_protocol needs trusted: the addresses and networks of the proxies that send the header, as in [10.0.0.0/8]',
    ]);
  });
});
