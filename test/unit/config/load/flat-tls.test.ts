import { expect, it } from 'vitest';

import type { Config } from '../../../../src/config/schema/config.generated.ts';
import { formatProblem } from '../../../../src/config/problems/problem.ts';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { yaml } from '../problems-of.ts';

/** The keys that the flat form of the first documents has for TLS, each with a value that is not its default. */
const ALL_KEYS = yaml`
  mode: http
  listen: "127.0.0.1:8443"
  backends:
    - { name: one, address: "backend.test:443" }
  tls:
    enabled: true
    cert_file: a.crt
    key_file: a.key
    certificates:
      - { cert_file: b.crt, key_file: b.key, domains: ["B.test", "*.b.test"], default: true }
      - { cert_file: c.crt, key_file: c.key }
    min_version: "1.2"
    max_version: "1.2"
    cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
    prefer_server_cipher_suites: false
    session_tickets_disabled: true
    alpn_protocols: [h2, http/1.1]
    client_auth: require-and-verify
    client_ca_file: ca.crt
    backend:
      enabled: true
      insecure_skip_verify: false
      ca_file: backend-ca.crt
      client_cert_file: client.crt
      client_key_file: client.key
    sni:
      routes:
        "Other.test": ["10.0.0.1:443", "10.0.0.2:443"]
        "*.d.test": ["10.0.0.3:443"]
`;

function load(text: string): { config: Config; warnings: string[] } {
  const { config, warnings } = loadConfigText(text, 'x.yaml', { modes: ['http', 'tcp'] });
  return { config, warnings: warnings.map(formatProblem) };
}

it('takes all keys about TLS of the flat form, with the meaning that they have there', () => {
  const { config, warnings } = load(ALL_KEYS);
  const { tls } = config.listeners[0]!;
  expect(tls).toMatchObject({
    min_version: '1.2',
    max_version: '1.2',
    prefer_server_cipher_suites: false,
    session_tickets_disabled: true,
    // HTTP/2 is not there yet, and a warning says so.
    alpn_protocols: ['http/1.1'],
    client_auth: 'require-and-verify',
    client_ca_file: 'ca.crt',
    sni: {
      routes: [
        { name: 'other.test', upstream: 'sni:other.test' },
        { name: '*.d.test', upstream: 'sni:*.d.test' },
      ],
    },
  });
  expect(tls?.certificates).toMatchObject([
    { cert_file: 'a.crt', key_file: 'a.key', default: false },
    { cert_file: 'b.crt', key_file: 'b.key', domains: ['b.test', '*.b.test'], default: true },
    { cert_file: 'c.crt', key_file: 'c.key', domains: [], default: false },
  ]);
  expect(tls?.cipher_suites.filter((name) => !name.startsWith('TLS_'))).toEqual([
    'ECDHE-RSA-AES128-GCM-SHA256',
  ]);
  const [own, ...routed] = config.upstreams;
  expect(own?.tls).toMatchObject({
    insecure_skip_verify: false,
    ca_file: 'backend-ca.crt',
    client_cert_file: 'client.crt',
    client_key_file: 'client.key',
    min_version: '1.2',
    session_reuse: true,
  });
  // What is passed on is encrypted already.
  expect(routed.map(({ name, tls: encrypted, backends }) => [name, encrypted, backends.length])).toEqual([
    ['sni:other.test', undefined, 2],
    ['sni:*.d.test', undefined, 1],
  ]);
  expect(warnings).toEqual([
    'x.yaml:17:20 tls.alpn_protocols[0] is not offered until the proxy speaks HTTP/2: h2 is left out',
  ]);
});

it('has defaults that are safe', () => {
  const text = ALL_KEYS.replace(/ {2}certificates:[^]*/, '').replace('mode: http', 'mode: tcp');
  expect(load(text).config.listeners[0]?.tls).toMatchObject({
    min_version: '1.2',
    max_version: '1.3',
    prefer_server_cipher_suites: true,
    session_tickets_disabled: false,
    client_auth: 'none',
    strict_sni: false,
    certificates: [{ cert_file: 'a.crt', key_file: 'a.key', default: true }],
  });
});

it.each(['none', 'request', 'require', 'verify', 'require-and-verify'] as const)(
  'takes client_auth: %s',
  (auth) => {
    const text = ALL_KEYS.replace('client_auth: require-and-verify', `client_auth: ${auth}`);
    expect(load(text).config.listeners[0]?.tls?.client_auth).toBe(auth);
  },
);

it('turns TLS off with enabled: false, on either side', () => {
  const off = load(ALL_KEYS.replace('enabled: true', 'enabled: false')).config;
  expect(off.listeners[0]?.tls).toBeUndefined();
  expect(off.upstreams[0]?.tls).toMatchObject({ ca_file: 'backend-ca.crt' });
  const plain = load(ALL_KEYS.replace(/(backend:\s+enabled:) true/, '$1 false')).config;
  expect(plain.listeners[0]?.tls).toBeDefined();
  expect(plain.upstreams[0]?.tls).toBeUndefined();
});

it('terminates nothing with backend alone, or with sni alone', () => {
  const listen = 'listen: "127.0.0.1:8443"\nbackends: [{ address: "backend.test:443" }]\n';
  const behind = load(`${listen}tls: { backend: { enabled: true } }\n`).config;
  expect([behind.listeners[0]?.tls, behind.upstreams[0]?.tls?.insecure_skip_verify]).toEqual([
    undefined,
    false,
  ]);
  const routed = load(
    `mode: tcp\n${listen}tls: { sni: { routes: { "a.test": ["10.0.0.1:443"] } } }\n`,
  ).config;
  expect(routed.listeners[0]?.tls).toMatchObject({
    certificates: [],
    sni: { routes: [{ name: 'a.test', upstream: 'sni:a.test' }] },
  });
});
