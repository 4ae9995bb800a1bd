import { getCiphers } from 'node:tls';
import { expect, it } from 'vitest';

import {
  DEFAULT_CIPHER_SUITES,
  isTls13Suite,
  keyTypeOfSuite,
  parseCipherSuite,
  weaknessOf,
} from '../../../../../src/config/values/tls/cipher-suite.ts';
import { parseCurve } from '../../../../../src/config/values/tls/curve.ts';

it.each([
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['ecdhe-rsa-aes128-gcm-sha256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ['tls_aes_128_gcm_sha256', 'TLS_AES_128_GCM_SHA256'],
  ['TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
])('reads the suite %s', (text, name) => {
  expect(parseCipherSuite(text)).toBe(name);
});

it.each([
  ['TLS_RSA_WITH_RC4_128_SHA', 'is not a safe cipher suite'],
  ['TLS_RSA_WITH_3DES_EDE_CBC_SHA', 'is not a safe cipher suite'],
  ['TLS_DHE_RSA_WITH_AES_128_GCM_SHA256', 'use the suite with ECDHE instead of DHE'],
  ['ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384', 'write each suite as an item of the list'],
  ['ECDHE-RSA-AES128-GCM-SHA265', 'did you mean "ECDHE-RSA-AES128-GCM-SHA256"?'],
  ['', 'must be a cipher suite'],
])('does not take %j', (text, words) => {
  expect(() => parseCipherSuite(text)).toThrow(words);
});

it('offers by default what the runtime has, and nothing weak, for both kinds of keys', () => {
  const known = new Set(getCiphers());
  expect(DEFAULT_CIPHER_SUITES.filter((name) => !known.has(name.toLowerCase()))).toEqual([]);
  expect(DEFAULT_CIPHER_SUITES.filter((name) => weaknessOf(name) !== undefined)).toEqual([]);
  const kinds = DEFAULT_CIPHER_SUITES.filter((name) => !isTls13Suite(name)).map(keyTypeOfSuite);
  expect(kinds.sort()).toEqual(['ec', 'ec', 'ec', 'rsa', 'rsa', 'rsa']);
  expect(DEFAULT_CIPHER_SUITES.map((name) => parseCipherSuite(name))).toEqual(DEFAULT_CIPHER_SUITES);
});

it('knows groups by the names of OpenSSL, SECG and Go', () => {
  expect(['x25519', 'prime256v1', 'CurveP256', 'secp384r1', 'P-521'].map(parseCurve)).toEqual([
    'X25519',
    'P-256',
    'P-256',
    'P-384',
    'P-521',
  ]);
  expect(() => parseCurve('X2519')).toThrow('did you mean "X25519"?');
});
