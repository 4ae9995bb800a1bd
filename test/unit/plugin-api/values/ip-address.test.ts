import { expect, it } from 'vitest';

import {
  bytesAsV6,
  bytesOf,
  canonicalV6,
  textOfV4,
  textOfV6,
  unmapped,
} from '../../../../src/plugin-api/values/ip-address.ts';

const SPELLINGS: readonly (readonly [text: string, canonical: string, hex: string])[] = [
  ['2001:DB8::1', '2001:db8::1', '20010db8000000000000000000000001'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
  ['::', '::', '00000000000000000000000000000000'],
  ['::1', '::1', '00000000000000000000000000000001'],
  ['fe80::', 'fe80::', 'fe800000000000000000000000000000'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8', '00010000000300040005000600070008'],
  ['fe80::1%eth0', 'fe80::1', 'fe800000000000000000000000000001'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221', '0064ff9b0000000000000000c0000221'],
  ['::ffff:1', '::ffff:1', '000000000000000000000000ffff0001'],
  ['::ffff:192.0.2.33', '::ffff:c000:221', '00000000000000000000ffffc0000221'],
];

it.each(SPELLINGS)('%s is %s', (text, canonical, hex) => {
  expect(canonicalV6(text)).toBe(canonical);
  expect(bytesAsV6(text).toString('hex')).toBe(hex);
  expect(textOfV6(Buffer.from(`00${hex}`, 'hex'), 1)).toBe(canonical);
});

it('an IPv4 address has four bytes, and sixteen where IPv6 maps it', () => {
  expect(bytesOf('192.0.2.33').toString('hex')).toBe('c0000221');
  expect(bytesAsV6('192.0.2.33').toString('hex')).toBe('00000000000000000000ffffc0000221');
  expect(textOfV4(Buffer.from('00c0000221', 'hex'), 1)).toBe('192.0.2.33');
});

it.each([
  ['::ffff:c000:221', '192.0.2.33'],
  ['::ffff:0:1', '0.0.0.1'],
  ['::ffff:1', '::ffff:1'],
  ['2001:db8::1', '2001:db8::1'],
  ['192.0.2.33', '192.0.2.33'],
])('%s is, without the mapping, %s', (address, plain) => {
  expect(unmapped(address)).toBe(plain);
});
