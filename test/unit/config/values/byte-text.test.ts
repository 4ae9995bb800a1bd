import { expect, it } from 'vitest';

import { parseByteText } from '../../../../src/config/values/byte-text.ts';

it.each([
  ['PING', [0x50, 0x49, 0x4e, 0x47]],
  [String.raw`\r\n\t\0\\`, [13, 10, 9, 0, 92]],
  [String.raw`a\xffb\x0A`, [0x61, 0xff, 0x62, 0x0a]],
  [String.raw`\\x41`, [92, 0x78, 0x34, 0x31]],
  ['ü\n', [0xc3, 0xbc, 10]],
])('reads %j', (text, bytes) => {
  expect([...parseByteText(text)]).toEqual(bytes);
});

it.each(['\\', 'a\\q', String.raw`\x4`, String.raw`\xgg`, String.raw`\\\ `])('refuses %j', (text) => {
  expect(() => parseByteText(text)).toThrow('must be a text in which a backslash begins');
});
