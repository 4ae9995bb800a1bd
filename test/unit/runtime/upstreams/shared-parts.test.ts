import { describe, expect, it } from 'vitest';

import { SharedParts } from '../../../../src/runtime/upstreams/shared-parts.ts';

function parts() {
  const closed: object[] = [];
  const made: object[] = [];
  const shared = new SharedParts<object>((part) => closed.push(part));
  const hold = (key: string) =>
    shared.hold(key, () => {
      const part = { key };
      made.push(part);
      return part;
    });
  return { shared, hold, closed, made };
}

describe('shared parts', () => {
  it('are made once for all who hold the same key', () => {
    const { hold, made, shared } = parts();
    expect(hold('a').part).toBe(hold('a').part);
    expect(hold('b').part).not.toBe(hold('a').part);
    expect(made).toHaveLength(2);
    expect(shared.size).toBe(2);
  });

  it('are closed when the last one lets go', () => {
    const { hold, closed, shared } = parts();
    const [first, second] = [hold('a'), hold('a')];
    first.release();
    expect(closed).toEqual([]);
    second.release();
    expect(closed).toEqual([first.part]);
    expect(shared.size).toBe(0);
  });

  it('count each holder once, however often it lets go', () => {
    const { hold, closed } = parts();
    const first = hold('a');
    hold('a');
    first.release();
    first.release();
    expect(closed).toEqual([]);
  });

  it('are made anew after they were closed', () => {
    const { hold, closed } = parts();
    const first = hold('a');
    first.release();
    const second = hold('a');
    expect(second.part).not.toBe(first.part);
    first.release();
    expect(closed).toHaveLength(1);
  });

  it('are not kept when making them fails', () => {
    const { shared, hold } = parts();
    expect(() =>
      shared.hold('a', () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(shared.size).toBe(0);
    expect(hold('a').part).toEqual({ key: 'a' });
  });
});
