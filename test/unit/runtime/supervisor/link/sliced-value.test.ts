import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  partsOf,
  ValueAssembly,
  type ValuePart,
} from '../../../../../src/runtime/supervisor/link/sliced-value.ts';

/** The value after its parts were sent one by one. */
function sent(value: unknown): { readonly parts: readonly ValuePart[]; readonly value: unknown } {
  const parts = [...partsOf(value)];
  const assembly = new ValueAssembly();
  for (const part of parts) assembly.add(structuredClone(part));
  return { parts, value: assembly.value };
}

/** Takes about as long to copy as the routes and backends of a config. */
function entry(index: number) {
  return {
    name: `n${index}`,
    match: { path: `/a/${index}`, methods: ['GET', 'PUT'] },
    backends: [{ weight: 1 }],
  };
}

describe('a value that is sent in parts', () => {
  it('is one part when it is small', () => {
    const small = { config: { listeners: [entry(1)] }, files: new Map([['a', 'b']]) };
    expect(sent(small)).toEqual({ parts: [{ path: [], kind: 'whole', value: small }], value: small });
  });

  it('is the same again, with the order of its keys', () => {
    const long = Array.from({ length: 3_000 }, (_, index) => entry(index));
    const large = {
      first: 1,
      config: {
        a: 'x',
        upstreams: long,
        b: undefined,
        listeners: [{ name: 'web', http: { routes: long, z: 1 } }],
      },
      files: new Map(long.map(({ name }) => [name, 'text'.repeat(400)])),
      last: [1, 2],
    };
    const { value, parts } = sent(large);
    expect(parts.length).toBeGreaterThan(20);
    expect(value).toEqual(large);
    expect(Object.keys(value as object)).toEqual(Object.keys(large));
    expect(Object.keys((value as typeof large).config)).toEqual(Object.keys(large.config));
  });

  it('has no part that is much larger than others, wherever its long lists are', () => {
    const routes = Array.from({ length: 10_000 }, (_, index) => entry(index));
    const sizes = [...partsOf({ a: [{ b: { routes } }], routes })].map((part) => JSON.stringify(part).length);
    expect(Math.max(...sizes)).toBeLessThan(100_000);
  });

  it('keeps keys that are dangerous elsewhere', () => {
    const fields = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as object;
    const large = { fields, many: Array.from({ length: 5_000 }, (_, index) => index) };
    const { value } = sent({ ...large, deep: [fields, large] });
    expect(JSON.stringify(value)).toBe(JSON.stringify({ ...large, deep: [fields, large] }));
    expect(Object.getPrototypeOf((value as typeof large).fields)).toBe(Object.prototype);
  });

  it('is the same again, whatever it is', () => {
    const filler = Array.from({ length: 4_100 }, () => 0);
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (some) => {
        const value = { filler, some, list: [some, filler, some], map: new Map([['k', [filler, some]]]) };
        expect(sent(value).value).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });
});
