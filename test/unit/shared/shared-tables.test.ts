import { describe, expect, it } from 'vitest';

import { SharedTables } from '../../../src/shared/shared-tables.ts';

const NONE: ReadonlySet<string> = new Set();

/** Tables of 16 bytes with these keys; `made` notes each that was made. */
function wanted(made: string[], ...keys: readonly string[]) {
  return new Map(
    keys.map((key) => [
      key,
      () => {
        made.push(key);
        return new SharedArrayBuffer(16);
      },
    ]),
  );
}

describe('the tables that workers share', () => {
  it('are made once, and keep their memory over generations', () => {
    const [tables, made] = [new SharedTables(), [] as string[]];
    const first = tables.grant(wanted(made, 'a', 'b'), NONE);
    const second = tables.grant(wanted(made, 'b', 'a', 'c'), new Set(['a', 'b']));
    expect(made).toEqual(['a', 'b', 'c']);
    expect([...second.keys()]).toEqual(['b', 'a', 'c']);
    expect(second.get('a')).toBe(first.get('a'));
    expect(second.get('b')).toBe(first.get('b'));
    expect(second.get('c')).not.toBe(first.get('a'));
  });

  it('keep the memory of the live generation while an edit that drops it may be taken back', () => {
    const [tables, made] = [new SharedTables(), [] as string[]];
    const first = tables.grant(wanted(made, 'a'), NONE);
    expect([...tables.grant(wanted(made, 'b'), new Set(['a'])).keys()]).toEqual(['b']);
    // The edit failed, and the next one has the table again.
    expect(tables.grant(wanted(made, 'a'), new Set(['a'])).get('a')).toBe(first.get('a'));
  });

  it('are empty again for who comes back after a live generation without them', () => {
    const [tables, made] = [new SharedTables(), [] as string[]];
    const first = tables.grant(wanted(made, 'a'), NONE);
    tables.grant(wanted(made), new Set(['a']));
    tables.grant(wanted(made), NONE);
    expect(tables.grant(wanted(made, 'a'), NONE).get('a')).not.toBe(first.get('a'));
    expect(made).toEqual(['a', 'a']);
  });
});
