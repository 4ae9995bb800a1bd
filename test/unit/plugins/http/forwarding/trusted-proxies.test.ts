import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { claimedAddress, claimedAddressIn } from '../../../../../plugins/http/forwarding/claimed-address.ts';
import { TrustedProxies } from '../../../../../plugins/http/forwarding/trusted-proxies.ts';

describe('trusted proxies', () => {
  it('are none without entries', () => {
    const nobody = new TrustedProxies([]);
    expect(['127.0.0.1', '::1', '', 'unix'].map((address) => nobody.has(address))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it.each<[string, string[], string[]]>([
    ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '192.0.2.8', '::c000:207']],
    ['192.0.2.4/30', ['192.0.2.4', '192.0.2.7'], ['192.0.2.3', '192.0.2.8']],
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::1']],
    ['2001:db8::7', ['2001:db8::7', '2001:0DB8:0:0:0:0:0:7'], ['2001:db8::8']],
    ['2001:db8::/32', ['2001:db8::', '2001:db8:ffff:ffff::1'], ['2001:db9::', '2001:db7:ffff::']],
    ['fe80::/10', ['fe80::1', 'febf::1'], ['fec0::1']],
    ['::/0', ['::', 'ffff::'], []],
  ])('in %s are those in it, to its edges', (entry, inside, outside) => {
    const trusted = new TrustedProxies([entry]);
    expect(inside.filter((address) => !trusted.has(address))).toEqual([]);
    expect(outside.filter((address) => trusted.has(address))).toEqual([]);
  });

  it('are never what is no address', () => {
    const all = new TrustedProxies(['0.0.0.0/0', '::/0']);
    for (const text of [
      '',
      'unix',
      'unknown',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.4:80',
      '[::1]',
      'localhost',
      ':::',
    ]) {
      expect(all.has(text)).toBe(false);
    }
  });
});

describe('the client behind trusted proxies', () => {
  const trusted = new TrustedProxies(['10.0.0.0/8', 'fd00::/8', 'fe80::/10']);

  it.each<[string, string | undefined]>([
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4, 10.0.0.1', '1.2.3.4'],
    ['5.6.7.8, 1.2.3.4 ,\t10.0.0.1,fd00::1', '1.2.3.4'],
    ['garbage, 1.2.3.4', '1.2.3.4'],
    ['2001:db8::1', '2001:db8::1'],
    // Ports, brackets, quotes, zones, and IPv4 in IPv6, of clients and of proxies.
    ['9.9.9.9, 1.2.3.4:1234, 10.0.0.1:80', '1.2.3.4'],
    ['[2001:db8::1]:99, [fd00::1]:1', '2001:db8::1'],
    ['"[2001:db8::1]:99", "10.0.0.1"', '2001:db8::1'],
    ['1.2.3.4, fe80::1%eth0', '1.2.3.4'],
    ['1.2.3.4, ::ffff:10.0.0.1, ::ffff:a00:2', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    // Nobody else is named, or not by an address: the last proxy that is known for sure.
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['1.2.3.4, unknown, 10.0.0.1', '10.0.0.1'],
    ['1.2.3.4, _hidden, 10.0.0.1:80', '10.0.0.1'],
    ['1.2.3.4, , 10.0.0.1', '10.0.0.1'],
    ['1.2.3.4, garbage', undefined],
    ['1.2.3.4, ', undefined],
    ['', undefined],
    // A quote that the client left open hides nothing.
    ['"1.1.1.1, 1.2.3.4', '1.2.3.4'],
    ['", 1.2.3.4, 10.0.0.1', '1.2.3.4'],
  ])('of %j is %s', (list, client) => {
    expect(trusted.clientOf(list, claimedAddress)).toBe(client);
  });

  it.each<[string, string | undefined]>([
    ['for=1.2.3.4', '1.2.3.4'],
    ['for=9.9.9.9, FOR="1.2.3.4:80";proto=https, for=10.0.0.1;host=a', '1.2.3.4'],
    ['proto=https;For="[2001:DB8::1]:4711"', '2001:db8::1'],
    ['for="[2001:db8::1]:_obfuscated"', '2001:db8::1'],
    ['host="a,b";for=1.2.3.4', '1.2.3.4'],
    ['for=1.2.3.4, for=unknown', undefined],
    ['for=1.2.3.4, for=_gazonk, for=10.0.0.1', '10.0.0.1'],
    ['for=1.2.3.4, proto=https', undefined],
    ['for="1.1.1.1, for=1.2.3.4', '1.2.3.4'],
    ['xfor=1.2.3.4', undefined],
  ])('is found in Forwarded: %j is %s', (list, client) => {
    expect(trusted.clientOf(list, claimedAddressIn)).toBe(client);
  });

  it('is nothing that could be chosen by who stands before it in the list', () => {
    fc.assert(
      fc.property(fc.string(), (claim) => {
        expect(trusted.clientOf(`${claim}, 198.51.100.1:7, 10.0.0.1`, claimedAddress)).toBe('198.51.100.1');
        expect(trusted.clientOf(`${claim}, for=198.51.100.1, for=10.0.0.1`, claimedAddressIn)).toBe(
          '198.51.100.1',
        );
      }),
    );
  });
});
