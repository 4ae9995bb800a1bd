import { expect, it } from 'vitest';

import { crc32cWithZeros } from '../../../../src/net/proxy-protocol/crc32c.ts';

it('a checksum is that of RFC 3720, B.4', () => {
  const nowhere = 100;
  expect(crc32cWithZeros(Buffer.from('123456789'), nowhere)).toBe(0xe3069283);
  expect(crc32cWithZeros(Buffer.alloc(32), nowhere)).toBe(0x8a9136aa);
  expect(crc32cWithZeros(Buffer.alloc(32, 0xff), nowhere)).toBe(0x62a8ab43);
});

it('a checksum counts the four bytes of its own place as 0', () => {
  const bytes = Buffer.alloc(32);
  bytes.fill(7, 28);
  expect(crc32cWithZeros(bytes, 28)).toBe(0x8a9136aa);
});
