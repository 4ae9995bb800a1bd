import { describe, expect, it } from 'vitest';

import { Pattern } from '../../../../../plugins/http/routing/pattern.ts';
import { SeededRandom } from '../../../../support/seeded-random.ts';

const PARTS = [
  'a',
  'b',
  '/',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '^',
  '$',
  '0',
  '-',
  '\\.',
  '(?:ab|b)',
  '(a|)',
];
const QUANTIFIERS = ['', '', '', '*', '+', '?', '{2}', '{1,3}', '{0,}', '*?'];

describe('a pattern', () => {
  it('matches what the regular expression of JavaScript matches, for 3,000 random ones', () => {
    const random = new SeededRandom(7);
    const made = (depth: number): string => {
      let text = '';
      for (let count = Math.floor(random.next() * 4) + 1; count > 0; count--) {
        const part =
          depth > 0 && random.next() < 0.25 ? `(${made(depth - 1)}|${made(depth - 1)})` : random.pick(PARTS);
        text += part === '^' || part === '$' ? part : part + random.pick(QUANTIFIERS);
      }
      return text;
    };
    for (let round = 0; round < 3_000; round++) {
      const source = made(2);
      const pattern = new Pattern(source);
      const expected = new RegExp(source);
      for (let each = 0; each < 8; each++) {
        const text = Array.from({ length: Math.floor(random.next() * 8) }, () =>
          random.pick(['a', 'b', '/', '0', '-', '.']),
        ).join('');
        expect(`${source} ${text} ${String(pattern.test(text))}`).toBe(
          `${source} ${text} ${String(expected.test(text))}`,
        );
      }
    }
  });

  it.each(['^(a+)+$', '^(a|a)*$', '^(.*a){20}$', '(x+x+)+y', '^a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaaa$'])(
    'reads each byte once: %s',
    (source) => {
      // With backtracking this would not end before the machine does.
      expect(new Pattern(source).test(`${'a'.repeat(8_000)}${'x'.repeat(100)}!`)).toBe(false);
    },
  );

  it('stays fast and right when a text leads to ever new positions', () => {
    const random = new SeededRandom(3);
    const source = 'a.{12}b$';
    const pattern = new Pattern(source);
    for (let round = 0; round < 100; round++) {
      const text = Array.from({ length: 400 }, () => random.pick(['a', 'b', 'x'])).join('');
      expect(pattern.test(text)).toBe(new RegExp(source).test(text));
    }
    const text = Array.from({ length: 4_000 }, () => random.pick(['a', 'x'])).join('');
    const slow = new Pattern('a.{50}b');
    slow.test(text);
    const begunAt = performance.now();
    for (let round = 0; round < 10; round++) expect(slow.test(text)).toBe(false);
    // Making a position for each byte took 700 ms a text.
    expect(performance.now() - begunAt).toBeLessThan(3_000);
  });

  it('ignores case where it says so', () => {
    expect(new Pattern('(?i)\\.php$').test('/A.PHP')).toBe(true);
    expect(new Pattern('(?i)[a-c]$').test('/B')).toBe(true);
    expect(new Pattern('\\.php$').test('/A.PHP')).toBe(false);
  });

  it('repeats whole characters beyond ASCII', () => {
    const bytes = (text: string): string => Buffer.from(text).toString('latin1');
    expect(new Pattern('^é+$').test(bytes('ééé'))).toBe(true);
    expect(new Pattern('^a\\é?€{2}$').test(bytes('a€€'))).toBe(true);
    expect(new Pattern('^é?$').test('\xc3')).toBe(false);
  });

  it.each([
    ['(a', 'a ( is not closed'],
    ['a)', 'a ) has no ( before it'],
    ['[a', 'a [ is not closed'],
    ['*a', 'there is nothing to repeat before a quantifier'],
    ['a**', 'there is nothing to repeat before a quantifier'],
    ['(a)\\1', '\\1 is not supported: there are no back references and no \\b'],
    ['a\\b', '\\b is not supported: there are no back references and no \\b'],
    ['(?=a)', '(?= (?! (?<= (?<! and flags other than (?i) at the beginning are not supported'],
    ['a{2,1}', 'the counts in { } are in the wrong order'],
    ['a{1000}', 'a count in { } may be at most 100'],
    ['((a{100}){100})', 'it is too large'],
    ['(((((){100}){100}){100}){100}){100}', 'it is too large'],
    ['[b-a]', 'a range in [ ] is in the wrong order'],
    ['a\\', 'it ends with a backslash'],
    ['[é]', 'characters in [ ] must be ASCII'],
  ])('refuses %s', (source, message) => {
    expect(() => new Pattern(source)).toThrow(message);
  });
});
