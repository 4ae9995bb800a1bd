import { describe, expect, it } from 'vitest';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { maskConfig, maskSecrets } from '../../../../src/config/schema/mask-secrets.ts';

describe('maskSecrets', () => {
  it('hides what the schema marks, and shows the rest as it is', () => {
    const { config } = loadConfigText(
      'backends: [{ name: a, address: "a:1" }]\nadmin: { token: 0123456789abcdef, tls: { cert: c, key: k } }\n',
      'x.yaml',
      { modes: ['http', 'tcp'] },
    );
    const masked = maskConfig(config);
    expect(masked).toEqual({ ...config, admin: { ...config.admin, token: '***' } });
    expect(JSON.stringify(masked)).not.toContain('0123456789abcdef');
  });

  it('hides what is called a secret, in headers and in options of plugins', () => {
    const listeners = [
      {
        options: {
          password: 'p',
          tokens: ['a', 'b'],
          token: true,
          api_key: 4,
          clientSecret: 's',
          nested: [{ 'client-secret': 's', hash_key: 'source-ip' }],
        },
        http: {
          transform: {
            request_headers: [
              { action: 'set', name: 'Authorization', value: 'Bearer x' },
              { action: 'set', name: 'X-Api-Key', value: 'x' },
              { action: 'set', name: 'X-Proxy', value: 'balance' },
            ],
          },
        },
      },
    ];
    expect(maskSecrets({ listeners })).toEqual({
      listeners: [
        {
          options: {
            password: '***',
            tokens: ['***', '***'],
            token: true,
            api_key: '***',
            clientSecret: '***',
            nested: [{ 'client-secret': '***', hash_key: 'source-ip' }],
          },
          http: {
            transform: {
              request_headers: [
                { action: 'set', name: 'Authorization', value: '***' },
                { action: 'set', name: 'X-Api-Key', value: '***' },
                { action: 'set', name: 'X-Proxy', value: 'balance' },
              ],
            },
          },
        },
      ],
    });
  });

  it('hides the user information of URLs', () => {
    expect(maskSecrets({ tracing: { endpoint: 'https://me:pw@collector:14268/api' } })).toEqual({
      tracing: { endpoint: 'https://***@collector:14268/api' },
    });
  });

  it('takes a part of a config with the place where it belongs', () => {
    expect(maskSecrets('x', '#/$defs/admin/properties/token')).toBe('***');
    expect(maskSecrets('127.0.0.1:1', '#/$defs/admin/properties/listen')).toBe('127.0.0.1:1');
  });
});
