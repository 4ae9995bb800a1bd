import { describe, expect, it } from 'vitest';

import { settingsKey, SettingsKeys } from '../../../../src/net/dial/settings-key.ts';
import type { DialerSettings } from '../../../../src/config/sockets/dialer-settings.ts';
import type { BackendTlsSettings } from '../../../../src/config/sockets/tls-settings.ts';
import { SocketDialer } from '../../../../src/net/dial/socket-dialer.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import type { PoolSettings } from '../../../../src/config/sockets/pool-settings.ts';
import { fixedNames } from '../../../support/addresses/fixed-names.ts';

const POOL: Required<PoolSettings> = {
  maxSize: 1,
  minIdle: 1,
  maxIdle: 1,
  maxIdleTimeMs: 1,
  maxAgeMs: 1,
  validateOnBorrow: true,
};
const TLS: Required<BackendTlsSettings> = {
  serverName: undefined,
  minVersion: '1.2',
  maxVersion: '1.3',
  cipherSuites: [],
  curves: undefined,
  alpnProtocols: undefined,
  isVerified: true,
  reusesSessions: true,
  authorities: undefined,
  certificate: undefined,
  certificateKey: undefined,
  certificateKeyPassword: undefined,
};
const SETTINGS: DialerSettings = { connectTimeoutMs: 1_000, keepAliveMs: 0 };
/** Another value of each field: a field that is added to the type has to be added here, or this does not compile. */
const OTHERS: Required<DialerSettings> = {
  connectTimeoutMs: 2_000,
  keepAliveMs: 60_000,
  proxyProtocol: 'v1',
  tls: TLS,
};

function keyOf(settings: DialerSettings): string {
  const parts = { names: fixedNames(), buffers: new ReadBuffers(), onFault: () => undefined };
  return new SocketDialer(settings, parts).key;
}

describe('the key of a dialer', () => {
  it.each(Object.keys(OTHERS) as (keyof DialerSettings)[])('differs when %s does', (field) => {
    expect(keyOf({ ...SETTINGS, [field]: OTHERS[field] })).not.toBe(keyOf(SETTINGS));
  });

  it('is the same for the same settings', () => {
    const { connectTimeoutMs, keepAliveMs } = SETTINGS;
    expect(keyOf({ keepAliveMs, connectTimeoutMs })).toBe(keyOf(SETTINGS));
  });
});

describe('the key of a dialer with TLS', () => {
  const others: Required<BackendTlsSettings> = {
    serverName: 'api.internal',
    minVersion: '1.3',
    maxVersion: '1.2',
    cipherSuites: ['TLS_AES_128_GCM_SHA256'],
    curves: ['P-256'],
    alpnProtocols: ['http/1.1'],
    isVerified: false,
    reusesSessions: false,
    authorities: 'other',
    certificate: 'other',
    certificateKey: 'other',
    certificateKeyPassword: 'other',
  };

  it.each(Object.keys(others) as (keyof BackendTlsSettings)[])('differs when %s does', (field) => {
    const key = keyOf({ ...SETTINGS, tls: { ...TLS, [field]: others[field] } });
    expect(key).not.toBe(keyOf({ ...SETTINGS, tls: TLS }));
  });
});

describe('the key of pool settings', () => {
  it.each(Object.keys(POOL) as (keyof PoolSettings)[])('differs when %s does', (field) => {
    const keys = new SettingsKeys<PoolSettings>();
    const other = { ...POOL, [field]: field === 'validateOnBorrow' ? false : 2 };
    expect(keys.keyOf(other)).not.toBe(keys.keyOf(POOL));
    expect(keys.keyOf({ ...POOL })).toBe(keys.keyOf(POOL));
  });
});

describe('a settings key', () => {
  it('has every field at every depth, whatever the order', () => {
    const key = settingsKey({ b: [1, 'x', { d: true }], a: { c: undefined, e: 'é"' } });
    expect(key).toBe(settingsKey({ a: { e: 'é"', c: undefined }, b: [1, 'x', { d: true }] }));
    expect(key).toBe('{"a":{"e":"é\\""},"b":[1,"x",{"d":true}]}');
  });

  it('tells values of different types and lengths apart', () => {
    const values = [
      '1',
      1,
      true,
      'true',
      Number.POSITIVE_INFINITY,
      'Infinity',
      [],
      [''],
      ['', ''],
      [1, 2],
      ['1,2'],
    ];
    const keys = values.map((value) => settingsKey({ value } as { value: string }));
    expect(new Set(keys).size).toBe(values.length);
  });

  it('takes nothing whose text does not say all about it', () => {
    for (const value of [() => 1, Symbol('s'), new Map([[1, 2]]), new Date()])
      expect(() => settingsKey({ value } as unknown as { value: string })).toThrow(TypeError);
  });
});
