import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { normalTarget } from '../../../../../plugins/http/routing/normal-path.ts';

/** Targets made of what matters to paths. */
const target = fc
  .array(
    fc.constantFrom(
      '/',
      '/',
      '.',
      '..',
      '%2e',
      '%2E',
      '%2f',
      '%5C',
      '%00',
      '\\',
      'a',
      'b%20',
      '%61',
      '%4a',
      '%c0%ae',
      '%25',
      ';',
      '?',
      '#',
    ),
    {
      maxLength: 14,
    },
  )
  .map((parts) => `/${parts.join('')}`);

function pathOf(text: string): string {
  return text.split('?')[0]!;
}

/** The letters and dots among the encodings of {@link target}. */
function decoded(path: string): string {
  return path.replace(/%2e/gi, '.').replace(/%61/g, 'a').replace(/%4a/g, 'J');
}

describe('a normal path', () => {
  it('has nothing left to change', () => {
    fc.assert(
      fc.property(target, (text) => {
        const normal = normalTarget(text);
        if (normal !== undefined) expect(normalTarget(normal)).toBe(normal);
      }),
      { numRuns: 5000 },
    );
  });

  it('holds no empty segment, no dot segment and no encoded dot, slash, backslash or NUL', () => {
    fc.assert(
      fc.property(target, (text) => {
        const normal = normalTarget(text);
        if (normal === undefined) return;
        const path = pathOf(normal);
        expect(path).toMatch(/^\/(?!\/)/);
        expect(path).not.toMatch(/\/\/|\/\.\.?(\/|;|$)|%2e|%61|%4a|%2f|%5c|%00|%c0|\\/i);
        expect(path).not.toMatch(/%(?:[a-f].|.[a-f])/);
      }),
      { numRuns: 5000 },
    );
  });

  it('is what a client of URLs makes of it, but for merged slashes', () => {
    fc.assert(
      fc.property(target, (text) => {
        const normal = normalTarget(text);
        if (normal === undefined || text.includes('#')) return;
        const merged = pathOf(text).replace(/\/+/g, '/');
        const url = decoded(new URL(`http://h${merged}`).pathname).replace(/\/+/g, '/');
        expect(pathOf(normal)).toBe(url);
      }),
      { numRuns: 5000 },
    );
  });

  it('is refused only for what it must not hold', () => {
    fc.assert(
      fc.property(target, (text) => {
        expect(normalTarget(text) === undefined).toBe(
          /%2f|%5c|%00|%c0|\\|\/(\.|%2e){1,2};/i.test(pathOf(text)),
        );
        expect(normalTarget(text, true)).toBeDefined();
      }),
      { numRuns: 5000 },
    );
  });

  it('has the query of the target, byte for byte', () => {
    fc.assert(
      fc.property(target, fc.string(), (text, query) => {
        const normal = normalTarget(`${pathOf(text)}?${query}`);
        if (normal !== undefined) expect(normal.slice(normal.indexOf('?') + 1)).toBe(query);
      }),
    );
  });
});

it('is nothing that other forms of a target have', () => {
  expect(normalTarget('*')).toBe('*');
});
