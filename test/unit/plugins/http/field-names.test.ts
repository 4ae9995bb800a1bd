import { describe, expect, it } from 'vitest';

import * as fieldNames from '../../../../plugins/http/field-names.ts';
import { identify, MANAGED_NAMES, UNKNOWN } from '../../../../plugins/http/field-names.ts';

/** The exported numbers, with the names that they stand for. */
const NUMBERS = Object.entries(fieldNames)
  .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  .map(([constant, number]) => ({ constant, number, name: constant.toLowerCase().replaceAll('_', '-') }));
const KNOWN = NUMBERS.filter(({ number }) => number !== UNKNOWN);

function identified(name: string): number {
  const bytes = Buffer.from(`-${name}:`);
  return identify(bytes, 1, bytes.length - 1);
}

describe('the number of a known field name', () => {
  it('is its own', () => {
    expect(new Set(NUMBERS.map(({ number }) => number)).size).toBe(NUMBERS.length);
    expect(KNOWN.map(({ name }) => name)).toEqual(expect.arrayContaining(['b3', 'referer']));
  });

  it.each(KNOWN)('is found for $name in any casing', ({ number, name }) => {
    expect(identified(name)).toBe(number);
    expect(identified(name.toUpperCase())).toBe(number);
    expect(identified(name.replace(/(^|-)./g, (start) => start.toUpperCase()))).toBe(number);
  });

  it.each(KNOWN)('is not found for what only resembles $name', ({ name }) => {
    const others = [
      name.slice(1),
      name.slice(0, -1),
      `${name}s`,
      `x${name.slice(1)}`,
      `${name.slice(0, -1)}~`,
    ];
    const names = new Set(KNOWN.map((known) => known.name));
    for (const other of others.filter((text) => text !== '' && !names.has(text)))
      expect(identified(other)).toBe(UNKNOWN);
  });
});

it('has each managed name once', () => {
  expect(new Set(MANAGED_NAMES).size).toBe(MANAGED_NAMES.length);
});
