import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressKey,
  addressesCollide,
  formatAddress,
  parseAddress,
} from '../../../../src/config/values/address.ts';

const label = fc.stringMatching(/^[a-z_]([a-z0-9_-]{0,20}[a-z0-9_])?$/);
const host = fc.oneof(
  fc.constant(''),
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
  fc.ipV4(),
  fc.ipV6().map((text) => new URL(`http://[${text}]`).hostname.slice(1, -1)),
);
const tcp = fc.record({ kind: fc.constant('tcp' as const), host, port: fc.integer({ min: 0, max: 65_535 }) });
const unix = fc.record({
  kind: fc.constant('unix' as const),
  path: fc.stringMatching(/^(\/[\w. -]{1,12}){1,4}$/),
});

describe('parseAddress', () => {
  it.each([
    [':8080', { kind: 'tcp', host: '', port: 8080 }],
    ['localhost:80', { kind: 'tcp', host: 'localhost', port: 80 }],
    ['API.Example.com:80', { kind: 'tcp', host: 'api.example.com', port: 80 }],
    ['shop.example.com.:80', { kind: 'tcp', host: 'shop.example.com.', port: 80 }],
    ['my_service-1:80', { kind: 'tcp', host: 'my_service-1', port: 80 }],
    ['192.0.2.1:0', { kind: 'tcp', host: '192.0.2.1', port: 0 }],
    ['[::1]:80', { kind: 'tcp', host: '::1', port: 80 }],
    ['[2001:DB8:0:0::1]:80', { kind: 'tcp', host: '2001:db8::1', port: 80 }],
    ['[fe80::1%eth0]:80', { kind: 'tcp', host: 'fe80::1%eth0', port: 80 }],
    ['unix:/run/app.sock', { kind: 'unix', path: '/run/app.sock' }],
  ])('reads %s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each([
    ['localhost', /with a port/],
    ['8080', /with a port/],
    ['', /with a port/],
    ['localhost:', /port from 0 to 65535/],
    ['localhost:65536', /port from 0 to 65535/],
    ['localhost:080', /port from 0 to 65535/],
    ['localhost:+80', /port from 0 to 65535/],
    ['localhost:80 ', /port from 0 to 65535/],
    ['::1:80', /brackets around an IPv6/],
    ['[::1]', /port after the brackets/],
    ['[::g]:80', /IPv6 address between the brackets/],
    ['[127.0.0.1]:80', /IPv6 address between the brackets/],
    ['999.1.1.1:80', /host name or an IP address/],
    ['1.2.3:80', /host name or an IP address/],
    ['a b:80', /host name or an IP address/],
    ['-a:80', /host name or an IP address/],
    ['.:80', /host name or an IP address/],
    ['a..:80', /host name or an IP address/],
    ['a..b:80', /host name or an IP address/],
    [`${'a'.repeat(64)}:80`, /host name or an IP address/],
    ['http://localhost:80', /no URL: leave http:/],
    ['http://[::1]:80/', /no URL: leave http:/],
    ['unix:', /absolute path/],
    ['unix:run/app.sock', /absolute path/],
    ['unix:/run/', /absolute path/],
    [`unix:/${'a'.repeat(107)}`, /at most 107 bytes/],
  ])('refuses %j and says what is allowed', (text, message) => {
    expect(() => parseAddress(text)).toThrow(message);
  });

  it('reads back whatever formatAddress writes', () => {
    fc.assert(
      fc.property(fc.oneof(tcp, unix), (address) => {
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });
});

describe('addressKey', () => {
  it('is the same for two spellings of one address', () => {
    expect(addressKey(parseAddress('[0:0:0:0:0:0:0:1]:80'))).toBe(addressKey(parseAddress('[::1]:80')));
    expect(addressKey(parseAddress('LOCALHOST:80'))).toBe(addressKey(parseAddress('localhost:80')));
  });

  it('differs for different ports and kinds', () => {
    expect(addressKey(parseAddress(':80'))).not.toBe(addressKey(parseAddress(':81')));
    expect(addressKey(parseAddress('unix:/a'))).not.toBe(addressKey(parseAddress(':1')));
  });
});

describe('addressesCollide', () => {
  it.each([
    [':80', ':80', true],
    [':80', '127.0.0.1:80', true],
    ['[::]:80', '127.0.0.1:80', true],
    ['0.0.0.0:80', '127.0.0.1:80', true],
    ['0.0.0.0:80', '[::1]:80', false],
    ['127.0.0.1:80', '127.0.0.2:80', false],
    [':80', ':81', false],
    [':0', ':0', false],
    ['unix:/a', 'unix:/a', true],
    ['unix:/a', 'unix:/b', false],
    ['unix:/a', ':80', false],
  ])('%s and %s: %s', (a, b, collide) => {
    expect(addressesCollide(parseAddress(a), parseAddress(b))).toBe(collide);
    expect(addressesCollide(parseAddress(b), parseAddress(a))).toBe(collide);
  });
});
