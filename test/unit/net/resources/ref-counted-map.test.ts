import { describe, expect, it } from 'vitest';

import { RefCountedMap } from '../../../../src/net/resources/ref-counted-map.ts';

function values() {
  const closed: object[] = [];
  const made: object[] = [];
  const map = new RefCountedMap<object>((value) => closed.push(value));
  const refer = (key: string) =>
    map.refer(key, () => {
      const value = { key };
      made.push(value);
      return value;
    });
  return { map, refer, closed, made };
}

describe('shared values', () => {
  it('are made once for all who refer to the same key', () => {
    const { refer, made, map } = values();
    expect(refer('a').value).toBe(refer('a').value);
    expect(refer('b').value).not.toBe(refer('a').value);
    expect(made).toHaveLength(2);
    expect(map.values()).toHaveLength(2);
  });

  it('are closed when the last reference is released', () => {
    const { refer, closed, map } = values();
    const [first, second] = [refer('a'), refer('a')];
    first.release();
    expect(closed).toEqual([]);
    second.release();
    expect(closed).toEqual([first.value]);
    expect(map.values()).toHaveLength(0);
  });

  it('count each reference once, however often it is released', () => {
    const { refer, closed } = values();
    const first = refer('a');
    refer('a');
    first.release();
    first.release();
    expect(closed).toEqual([]);
  });

  it('are made anew after they were closed', () => {
    const { refer, closed } = values();
    const first = refer('a');
    first.release();
    const second = refer('a');
    expect(second.value).not.toBe(first.value);
    first.release();
    expect(closed).toHaveLength(1);
  });

  it('are not kept when making them fails', () => {
    const { map, refer } = values();
    expect(() =>
      map.refer('a', () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(map.values()).toHaveLength(0);
    expect(refer('a').value).toEqual({ key: 'a' });
  });
});
