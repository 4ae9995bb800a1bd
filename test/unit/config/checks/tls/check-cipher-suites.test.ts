import { describe, expect, it } from 'vitest';

import { problemsOf, warningsOf } from '../../problems-of.ts';

const flat = (keys: string): string =>
  `listen: ':1'\nbackends: [{ address: 'a:1' }]\ntls: { cert_file: a, key_file: b, ${keys} }\n`;
const upstream = (keys: string): string =>
  `listeners: [{ listen: ':1', upstream: up }]\nupstreams: [{ name: up, backends: [{ address: 'a:1' }], tls: { ${keys} } }]\n`;

const inShort = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/^x\.yaml:\d+:\d+ /, ''));

describe('versions, suites and curves', () => {
  it.each([
    [flat('min_version: "1.3", max_version: "1.2"'), 'tls.min_version must not be above max_version (1.2)'],
    [
      upstream('min_version: "1.3", max_version: "1.2"'),
      'upstreams[0].tls.min_version must not be above max_version (1.2)',
    ],
    [flat('min_version: "1.1"'), 'tls.min_version must be one of 1.2, 1.3; did you mean "1.2"?'],
    [
      flat('cipher_suites: [ECDHE-RSA-RC4-SHA]'),
      'tls.cipher_suites[0] is not a safe cipher suite, and is not supported: leave it out',
    ],
    [
      flat('cipher_suites: [DHE-RSA-AES128-GCM-SHA256]'),
      'tls.cipher_suites[0] is not supported: use the suite with ECDHE instead of DHE',
    ],
    [
      flat('cipher_suites: ["HIGH:!aNULL:!MD5"]'),
      'tls.cipher_suites[0] is not a safe cipher suite, and is not supported: leave it out',
    ],
  ])('%j is refused', (text, problem) => {
    expect(inShort(problemsOf(text))).toEqual([problem]);
  });

  it.each([
    [
      flat('cipher_suites: [ECDHE-RSA-AES128-GCM-SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]'),
      'tls.cipher_suites[1] is in the list twice',
    ],
    [
      flat('max_version: "1.2", cipher_suites: [TLS_AES_128_GCM_SHA256, ECDHE-RSA-AES128-GCM-SHA256]'),
      'tls.cipher_suites[0] has no effect with max_version 1.2: it is a suite of TLS 1.3',
    ],
    [
      upstream('min_version: "1.3", cipher_suites: [ECDHE-RSA-AES128-GCM-SHA256]'),
      'upstreams[0].tls.cipher_suites[0] has no effect with min_version 1.3: it is a suite of TLS 1.2',
    ],
    [
      flat('cipher_suites: [AES128-GCM-SHA256]'),
      'tls.cipher_suites[0] has no forward secrecy: whoever gets the private key later can read what was recorded',
    ],
    [
      flat('cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]'),
      'tls.cipher_suites[0] uses CBC, which has had many attacks: prefer a suite with GCM or CHACHA20',
    ],
  ])('%j gets a warning', (text, warning) => {
    expect(inShort(warningsOf(text))).toEqual([warning]);
  });

  it('may all be given', () => {
    const keys =
      'min_version: "1.2", max_version: "1.3", curves: [X25519, prime256v1, CurveP384], cipher_suites: [TLS_AES_256_GCM_SHA384, ECDHE-ECDSA-AES256-GCM-SHA384]';
    expect([...problemsOf(flat(keys)), ...warningsOf(flat(keys))]).toEqual([]);
  });
});
