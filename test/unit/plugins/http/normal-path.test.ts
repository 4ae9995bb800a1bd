import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { normalTarget } from '../../../../plugins/http/normal-path.ts';

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
        expect(path).not.toMatch(/\/\/|\/\.\.?(\/|$)|%2e|%2f|%5c|%00|\\/i);
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
        const url = new URL(`http://h${merged}`).pathname.replace(/%2e/gi, '.').replace(/\/+/g, '/');
        expect(pathOf(normal)).toBe(url);
      }),
      { numRuns: 5000 },
    );
  });

  it('is refused only for what it must not hold', () => {
    fc.assert(
      fc.property(target, (text) => {
        expect(normalTarget(text) === undefined).toBe(/%2f|%5c|%00|\\/i.test(pathOf(text)));
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
