import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TrustedProxies } from '../../../../plugins/http/trusted-proxies.ts';

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
  const trusted = new TrustedProxies(['10.0.0.0/8', 'fd00::/8']);

  it.each<[string, string | undefined]>([
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4, 10.0.0.1', '1.2.3.4'],
    ['5.6.7.8, 1.2.3.4 ,\t10.0.0.1,fd00::1', '1.2.3.4'],
    ['garbage, 1.2.3.4', '1.2.3.4'],
    ['2001:db8::1', '2001:db8::1'],
    ['10.0.0.1', undefined],
    ['1.2.3.4, garbage', undefined],
    ['1.2.3.4, ', undefined],
    ['1.2.3.4, 1.2.3.4:80, 10.0.0.1', undefined],
    ['', undefined],
  ])('of %j is %s', (list, client) => {
    expect(trusted.clientOf(list)).toBe(client);
  });

  it('is nothing that could be chosen by who stands before it in the list', () => {
    fc.assert(
      fc.property(fc.string(), (claim) => {
        expect(trusted.clientOf(`${claim}, 198.51.100.1, 10.0.0.1`)).toBe('198.51.100.1');
      }),
    );
  });
});
