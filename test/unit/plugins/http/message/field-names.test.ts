import { describe, expect, it } from 'vitest';

import * as fieldNames from '../../../../../plugins/http/message/field-names.ts';
import {
  foldedName,
  identify,
  LOOK_ALIKE,
  MANAGED_NAMES,
  UNKNOWN,
} from '../../../../../plugins/http/message/field-names.ts';

/** The exported numbers, with the names that they stand for. */
const NUMBERS = Object.entries(fieldNames)
  .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  .map(([constant, number]) => ({ constant, number, name: constant.toLowerCase().replaceAll('_', '-') }));
const KNOWN = NUMBERS.filter(({ number }) => number !== UNKNOWN && number !== LOOK_ALIKE);
/** The signs of a token that are neither letters nor digits nor a dash. */
const SIGNS = Array.from("!#$%&'*+.^_`|~");

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

describe('a name that applications could take for a managed one', () => {
  it.each(MANAGED_NAMES.filter((name) => name.includes('-')))('is found for %s', (name) => {
    for (const sign of SIGNS) {
      const places = [...name.matchAll(/-/g)].map(({ index }) => index);
      // Each mix of dashes and signs but the one of dashes alone.
      for (let mix = 1; mix < 1 << places.length; mix++) {
        const other = Array.from(name, (letter, at) =>
          mix & (1 << places.indexOf(at)) ? sign : letter,
        ).join('');
        expect(foldedName(other)).toBe(name);
        expect(identified(other)).toBe(LOOK_ALIKE);
        expect(identified(other.toUpperCase())).toBe(LOOK_ALIKE);
      }
    }
  });

  it.each([
    'user_agent',
    'x_user',
    'x_forwarded_foo',
    'xxforwarded-for',
    'x0real_ip',
    'x-b3_trace-d',
    'ho_t',
    '_e',
  ])('is not %s', (name) => {
    expect(identified(name)).toBe(UNKNOWN);
  });
});

it('has each managed name once', () => {
  expect(new Set(MANAGED_NAMES).size).toBe(MANAGED_NAMES.length);
});
