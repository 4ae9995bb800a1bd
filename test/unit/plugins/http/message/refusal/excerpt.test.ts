import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  excerpt,
  excerptUpTo,
  valueExcerpt,
} from '../../../../../../plugins/http/message/refusal/excerpt.ts';

describe('an excerpt for the log', () => {
  it.each([
    ['plain text', 'plain text'],
    ['/a?token=hush&b HTTP/1.1', '/a?*** HTTP/1.1'],
    ['http://user:hush@a.test/', 'http://***@a.test/'],
    ['a\r\n\tb\x00\x7f\xff\\', 'a\\x0d\\x0a\\x09b\\x00\\x7f\\xff\\\\'],
    ['x'.repeat(65), `${'x'.repeat(64)}...`],
  ])('of %j is %j', (text, shown) => {
    expect(excerpt(text)).toBe(shown);
  });

  it('is printable ASCII but for the sign of what is left out, and bounded', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.integer({ min: 0, max: 255 }),
        (text, byte) => {
          const latin1 = Buffer.from(text).toString('latin1');
          for (const shown of [
            excerpt(latin1),
            valueExcerpt('X-A', latin1),
            excerptUpTo('X-A', latin1, byte),
          ]) {
            expect(shown).toMatch(/^[ -~]*$/);
            expect(shown.length).toBeLessThan(64 * 4 + 10);
          }
        },
      ),
    );
  });

  it('shows nothing of a secret, not even when a control byte stands in it', () => {
    expect(valueExcerpt('Proxy-Authorization', 'Basic hush')).toBe('***');
    expect(excerptUpTo('Cookie', 'hush', 0x41)).toBe('***');
    expect(excerptUpTo('Cookie', 'hush', 0x00)).toBe('***<\\x00>');
    expect(excerptUpTo('', 'GET /?q=hush', 0x00)).toBe('GET /?***<\\x00>');
  });
});
