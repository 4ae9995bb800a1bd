import { describe, expect, it } from 'vitest';

import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';

const OWN = 'X-Powered-By: PHP\r\nServer: old\r\nX-Frame-Options: DENY\r\n';

async function careful(options = '') {
  const { address } = await backend(answering(() => ok('page', OWN)));
  const yaml = (more: string): string => `
mode: http
listen: '127.0.0.1:0'
backends: [{ address: '${address}' }]
http: { trusted_proxies: [127.0.0.1], filters: [{ use: security-headers${more} }] }
`;
  const proxy = await labProxy(yaml(options));
  const ask = async (headers: Readonly<Record<string, string>> = {}): Promise<Headers> => {
    const response = await fetch(`http://${proxy.address()}/`, { headers });
    return response.headers;
  };
  return { proxy, ask, yaml };
}

const OVER_TLS = { 'X-Forwarded-Proto': 'https' };

describe('the filter security-headers', () => {
  it('adds what breaks hardly any site, and leaves what the backend says', async () => {
    const { ask } = await careful();
    const headers = await ask(OVER_TLS);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBe('old');
    for (const name of ['strict-transport-security', 'content-security-policy', 'permissions-policy'])
      expect(headers.get(name)).toBeNull();
  });

  it('sends HSTS over TLS alone', async () => {
    const { ask } = await careful(', hsts: { max_age: 365d, include_subdomains: true, preload: true }');
    const field = 'strict-transport-security';
    expect((await ask(OVER_TLS)).get(field)).toBe('max-age=31536000; includeSubDomains; preload');
    expect((await ask()).get(field)).toBeNull();
  });

  it('follows an edit, and replaces and removes what it is told to', async () => {
    const { ask, proxy, yaml } = await careful();
    await proxy.change(
      yaml(', override: true, remove: [Server], content_security_policy: "default-src \'self\'"'),
    );
    const headers = await ask();
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(headers.get('content-security-policy')).toBe("default-src 'self'");
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBe('PHP');
    await proxy.change(yaml(', content_type_options: false, frame_options: off, referrer_policy: off'));
    const plain = await ask();
    for (const name of ['x-content-type-options', 'referrer-policy']) expect(plain.get(name)).toBeNull();
    expect(plain.get('x-frame-options')).toBe('DENY');
  });

  it('does not preload by half, and leaves framing to the proxy', async () => {
    const { proxy, yaml } = await careful();
    const outcome = await proxy.edit(yaml(', hsts: { preload: true }, remove: [Server, Connection]'));
    expect(outcome.message).toMatch(/filters\[0\]\.hsts\.preload needs include_subdomains: true/);
    expect(outcome.message).toMatch(/filters\[0\]\.remove\[1\] belongs to the connection/);
  });
});
