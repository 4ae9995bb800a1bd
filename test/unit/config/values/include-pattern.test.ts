import { describe, expect, it } from 'vitest';
import {
  checkIncludePattern,
  includeMatches,
  isPattern,
} from '../../../../src/config/values/include-pattern.ts';

describe('an include pattern', () => {
  it.each([
    ['*.yaml', 'a.yaml', true],
    ['*.yaml', '.yaml', false],
    ['*.yaml', 'a.yml', false],
    ['*.yaml', 'a.yaml~', false],
    ['*', 'anything', true],
    ['*', '.hidden', false],
    ['.*', '.hidden', true],
    ['?.yaml', 'a.yaml', true],
    ['?.yaml', 'ab.yaml', false],
    ['?.yaml', '.yaml', false],
    ['*-?*.yaml', 'shop-1.yaml', true],
    ['*-?*.yaml', 'shop-.yaml', false],
    ['a*b*c', 'abbbcbc', true],
    ['a*b*c', 'abbbcb', false],
    ['a.yaml', 'a.yaml', true],
    ['a.yaml', 'axyaml', false],
    ['[a].yaml', 'a.yaml', false],
    ['[a].yaml', '[a].yaml', true],
    ['?', '😀', true],
    ['/etc/conf.d/*.yaml', 'a.yaml', true],
  ])('%s and the name %s: %s', (pattern, name, expected) => {
    expect(includeMatches(pattern, name)).toBe(expected);
  });

  it('takes no long time for a name that nearly matches', () => {
    expect(includeMatches(`${'*a'.repeat(100)}b`, 'a'.repeat(20_000))).toBe(false);
  });

  it('is told from a plain name', () => {
    expect(isPattern('conf.d/*.yaml')).toBe(true);
    expect(isPattern('conf.d/a?.yaml')).toBe(true);
    expect(isPattern('conf.d/a.yaml')).toBe(false);
  });

  it.each(['', 'conf.d/', 'a\0b'])('is refused when it can name no file: %j', (text) => {
    expect(() => checkIncludePattern(text)).toThrow('must be the name of a file, or a pattern');
  });

  it.each(['*/a.yaml', 'conf.?/*.yaml', '**/*.yaml'])('is refused with wildcards in a folder: %s', (text) => {
    expect(() => checkIncludePattern(text)).toThrow('in the last part of the path only');
  });
});
