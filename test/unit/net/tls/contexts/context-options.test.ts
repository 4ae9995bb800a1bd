import { constants } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { describe, expect, it } from 'vitest';

import {
  contextOptions,
  credentialOptions,
  defaultCurves,
} from '../../../../../src/net/tls/contexts/context-options.ts';
import { CertificateAuthority } from '../../../../support/certificates.ts';

describe('the options of a context', () => {
  it('are TLS 1.2 and 1.3, without renegotiation and compression, when the config says nothing', () => {
    const options = contextOptions({
      cipherSuites: ['TLS_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
    });
    expect(options).toEqual({
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256',
      ecdhCurve: defaultCurves(process.versions.openssl).join(':'),
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
    });
    expect(() => createSecureContext(options)).not.toThrow();
  });

  it('are what the config says', () => {
    expect(
      contextOptions({
        minVersion: '1.3',
        maxVersion: '1.3',
        cipherSuites: ['TLS_AES_256_GCM_SHA384'],
        curves: ['P-384', 'X25519'],
      }),
    ).toMatchObject({
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_256_GCM_SHA384',
      ecdhCurve: 'P-384:X25519',
    });
    expect(contextOptions({ minVersion: '1.2', maxVersion: '1.2', cipherSuites: ['A'] })).toMatchObject({
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
    });
  });

  it('leave the cipher suites to the runtime when the list is empty', () => {
    expect(contextOptions({ cipherSuites: [] })).not.toHaveProperty('ciphers');
  });
});

describe('the curves when the config names none', () => {
  it.each(['3.5.0', '3.5.4', '3.10.1', '4.0.0', '10.0.0'])(
    'begin with a hybrid one that withstands quantum computers, with OpenSSL %s',
    (version) => {
      expect(defaultCurves(version)).toEqual(['X25519MLKEM768', 'X25519', 'P-256', 'P-384']);
    },
  );

  it.each(['3.0.17', '3.4.9', '1.1.1', '0.0.0'])('do not, with OpenSSL %s', (version) => {
    expect(defaultCurves(version)).toEqual(['X25519', 'P-256', 'P-384']);
  });
});

describe('the options of credentials', () => {
  const ca = new CertificateAuthority();

  it('keep pairs in their order, of both types of key', () => {
    const ec = ca.issue();
    const rsa = ca.issue({ keyType: 'rsa' });
    const options = credentialOptions([ec, rsa].map(({ chain, key }) => ({ certificate: chain, key })));
    expect(options).toEqual({ cert: [ec.chain, rsa.chain], key: [{ pem: ec.key }, { pem: rsa.key }] });
    expect(() => createSecureContext(options)).not.toThrow();
  });

  it('open an encrypted key with its own password, beside a key without one', () => {
    const [locked, open] = [ca.issue({ keyPassword: 'sesame', keyType: 'rsa' }), ca.issue()];
    const options = (keyPassword: string) =>
      credentialOptions([
        { certificate: locked.chain, key: locked.key, keyPassword },
        { certificate: open.chain, key: open.key },
      ]);
    expect(() => createSecureContext(options('sesame'))).not.toThrow();
    expect(() => createSecureContext(options('barley'))).toThrow();
  });
});
