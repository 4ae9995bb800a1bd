import { describe, expect, it } from 'vitest';

import { loggedPath } from '../../../../../plugins/http/records/logged-path.ts';

describe('the path that is logged of a target that is not sound', () => {
  it.each([
    ['/a/b?token=hush', '/a/b'],
    ['/a#hush', '/a'],
    ['/a?x#y', '/a'],
    ['a/b', 'a/b'],
    ['http://user:hush@a.test/b?c', '/b'],
    ['ftp://user:hush@a.test', '/'],
    ['a.test:443', 'a.test:443'],
    ['user:hush@a.test:443', 'a.test:443'],
    ['/a;sid=hush/b;p=hush?q', '/a;***/b;***'],
    ['/a@b', '/a@b'],
    ['*', '*'],
    ['', ''],
  ])('of %j is %j', (target, path) => {
    expect(loggedPath(target)).toBe(path);
  });

  it('is bounded', () => {
    expect(loggedPath(`/${'x'.repeat(1023)}`)).toBe(`/${'x'.repeat(1023)}`);
    expect(loggedPath(`/${'x'.repeat(20_000)}`)).toBe(`/${'x'.repeat(1023)}...`);
  });
});
