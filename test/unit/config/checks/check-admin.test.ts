import { describe, expect, it } from 'vitest';
import { problemsOf, warningsOf } from '../problems-of.ts';

const rest = 'backends: [{ name: a, address: "a:1" }]\n';
const token = 'token: 0123456789abcdef';
const tls = 'tls: { cert: c.pem, key: k.pem }';

describe('the admin section', () => {
  it.each([
    'admin: {}',
    'admin: { listen: "127.0.0.2:9" }',
    'admin: { listen: "[::1]:9" }',
    'admin: { listen: "localhost:9" }',
    'admin: { listen: "unix:/run/balance.sock" }',
    `admin: { listen: ":9", ${token}, ${tls} }`,
    `admin: { listen: ":9", token_file: t, ${tls}, public: [health, metrics] }`,
    'admin: { listen: "10.0.0.1:9", tls: { cert: c, key: k, client_ca: ca } }',
  ])('%s is fine', (text) => {
    expect(problemsOf(rest + text)).toEqual([]);
    expect(warningsOf(rest + text)).toEqual([]);
  });

  it.each([
    [
      'admin: { listen: ":9" }',
      'x.yaml:2:18 admin.listen can be reached from other machines: set admin.token, admin.token_file or admin.tls.client_ca_file, or listen on 127.0.0.1',
    ],
    [
      `admin: { listen: "10.0.0.1:9", ${tls} }`,
      'x.yaml:2:18 admin.listen can be reached from other machines: set admin.token, admin.token_file or admin.tls.client_ca_file, or listen on 127.0.0.1',
    ],
    [
      'admin: { listen: ":9", token: short }',
      'x.yaml:2:31 admin.token must be a token of at least 16 characters: letters, digits and - . _ ~ + / =, as `openssl rand -hex 32` writes one',
    ],
    [`admin: { ${token}, token_file: t }`, "x.yaml:2:47 admin.token_file can't be used together with token"],
    ['admin: { tls: { cert: c } }', 'x.yaml:2:10 admin.tls must have the key key_file'],
    [
      'admin: { public: [config] }',
      'x.yaml:2:19 admin.public[0] must be one of health, live, ready, version, metrics',
    ],
  ])('%s is refused', (text, problem) => {
    expect(problemsOf(rest + text)).toEqual([problem]);
  });

  it('warns of a token that anybody on the way can read', () => {
    expect(warningsOf(`${rest}admin: { listen: ":9", ${token} }`)).toEqual([
      'x.yaml:2:18 admin.listen takes its token over the network in plain text: set admin.tls, unless something in front encrypts',
    ]);
  });
});
