import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { textOfBytes } from '../../../../src/plugin-api/values/text-of-bytes.ts';

const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

describe('the text of a field', () => {
  it('is what was written, when its bytes are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(textOfBytes(bytesOf(text))).toBe(text);
      }),
    );
  });

  it('keeps a byte order mark and the sign for what can not be read', () => {
    expect(textOfBytes(bytesOf('\ufeffa\ufffd'))).toBe('\ufeffa\ufffd');
  });

  it.each(['Zo\xeb', '\xff', 'cut \xc3', bytesOf('ü') + '\xfc', '\xc0\xaf', '\xed\xa0\x80'])(
    'is one character a byte, when its bytes are no UTF-8: %j',
    (bytes) => {
      expect(textOfBytes(bytes)).toBe(bytes);
    },
  );
});
