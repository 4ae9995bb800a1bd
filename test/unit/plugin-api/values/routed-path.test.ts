import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { normalTarget } from '../../../../plugins/http/routing/normal-path.ts';
import type { PathCondition } from '../../../../plugins/http/routing/route-conditions.ts';
import { otherReadings } from '../../../../plugins/http/routing/path-readings.ts';
import {
  plainBytes,
  plainLength,
  routedConfigPath,
  routedPath,
} from '../../../../src/plugin-api/values/routed-path.ts';

const TOKENS = [
  '/',
  '/',
  '.',
  '..',
  '%2e',
  '%2f',
  '%5C',
  '\\',
  'a',
  '%61',
  ';',
  '%3b',
  '%40',
  '@',
  '%25',
  '%',
  '"',
];
const path = fc
  .array(fc.constantFrom(...TOKENS, '%c3%a4', '%00', '%c0%ae'), { maxLength: 12 })
  .map((parts) => `/${parts.join('')}`);

describe('the path that routes compare', () => {
  it.each([
    ['/', '/'],
    ['/a/b.c/~d_e-f', '/a/b.c/~d_e-f'],
    ['/%61dmin', '/admin'],
    ['/%4A%4a', '/JJ'],
    ['//a///b/./c/../d/', '/a/b/d/'],
    ['/%2e%2E/a', '/a'],
    // What a path may hold as it is, is decoded; what it may not hold is encoded.
    ['/%40a%3Ab%2b%21', '/@a:b+!'],
    ['/a"b%22|', '/a%22b%22%7C'],
    ['/a\\b%5c', '/a%5Cb%5C'],
    ['/%c3%a4', '/%C3%A4'],
    // Encodings are read once, and a stray percent sign stands for itself.
    ['/%2561', '/%2561'],
    ['/%', '/%25'],
    ['/%zz', '/%25zz'],
    ['/a%2fb%2F..', '/a%2Fb%2F..'],
    ['/a;v=1/b', '/a;v=1/b'],
    ['*', '*'],
  ])('of %s is %s', (given, routed) => {
    expect(routedPath(given)).toBe(routed);
  });

  it('of the config may have characters beyond ASCII', () => {
    expect(routedConfigPath('/größe/x')).toBe(routedPath('/gr%C3%B6%c3%9fe/x'));
  });

  it('is the same for itself and for what normalize_path makes of it', () => {
    fc.assert(
      fc.property(path, (text) => {
        const routed = routedPath(text);
        expect(routedPath(routed)).toBe(routed);
        expect(routedPath(normalTarget(text, true)!)).toBe(routed);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('how much of a target is plain', () => {
  it.each([
    ['/a/b.c', -1],
    ['/a?b', 2],
    ['/a/.b', 2],
    ['//a', 0],
    ['/a%20', 2],
    ['/a;b', 2],
    ['/a..', -1],
    ['*', -1],
  ])('of %s is %i', (text, plain) => {
    expect(plainLength(text)).toBe(plain);
  });

  it('is the same for its bytes', () => {
    fc.assert(
      fc.property(path, fc.string(), (text, more) => {
        const bytes = Buffer.from(`x${text}${more}y`);
        const latin = bytes.toString('latin1', 1, bytes.length - 1);
        expect(plainBytes(bytes, 1, bytes.length - 1)).toBe(plainLength(latin));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('other readings of a path', () => {
  it.each<[string, string, readonly string[], boolean]>([
    ['/%61//b', '', [], false],
    ['/a%2Fb', '', ['/a/b'], false],
    ['/a%5cb', '', ['/a/b'], false],
    ['/a\\b', '', ['/a/b'], false],
    ['/a;v=1/b', '', ['/a/b'], false],
    ['/a%00.html', '', ['/a'], false],
    ['/%c0%aea%c1%9c', '', ['/.a%5C'], false],
    ['/%e0%80%af%f0%80%80%ae', '', ['/'], false],
    // Dots that routes see already, with each way to resolve them, or none.
    ['/a/../b', '', ['/a/../b'], false],
    ['/a/.././/b', '', ['/a/../b'], false],
    ['/a//../b', '', ['/a/b', '/a/../b'], false],
    // Dots that only some see.
    ['/a/..%2fb', '', ['/b', '/a/../b'], true],
    ['/a/..;x/b', '', ['/b', '/a/../b'], true],
    ['/a/%c0%ae./b', '', ['/b', '/a/../b'], true],
    // Two ways to read a path may be taken one after the other, in either order.
    ['/a;%2fb', '', ['/a;/b', '/a', '/a/b'], false],
    // The route's own spellings are no question.
    ['/a%2Fb', '/a%2Fb', [], false],
    ['/a;v=1/b%2fc', '/a;v=1', ['/a;v=1/b/c'], false],
  ])('of %s under the route %s are %j', (text, routePath, paths, hidesDots) => {
    const readings = otherReadings(text, pathsOf(routePath))!;
    expect([...readings.paths].sort()).toEqual([...paths].sort());
    expect(readings.hidesDots).toBe(hidesDots);
  });

  it('are too many where a path has three kinds of spellings', () => {
    expect(otherReadings('/a;b%2f\\', [])).toBeUndefined();
  });

  it('are few', () => {
    fc.assert(
      fc.property(path, (text) => {
        expect(otherReadings(text, [])?.paths.size ?? 0).toBeLessThanOrEqual(15);
      }),
    );
  });
});

function pathsOf(text: string): PathCondition[] {
  return text === '' ? [] : [{ kind: 'exact', text, pattern: undefined }];
}
