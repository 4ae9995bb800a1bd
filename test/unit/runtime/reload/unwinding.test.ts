import { describe, expect, it } from 'vitest';

import { Unwinding } from '../../../../src/runtime/reload/unwinding.ts';

describe('unwinding', () => {
  it('takes all steps in reverse, once', () => {
    const taken: number[] = [];
    const undo = new Unwinding();
    for (const step of [1, 2, 3]) undo.push(() => taken.push(step));
    undo.unwind();
    undo.unwind();
    expect(taken).toEqual([3, 2, 1]);
  });

  it('takes the other steps when one throws, and throws the first error', () => {
    const taken: number[] = [];
    const undo = new Unwinding();
    undo.push(() => taken.push(1));
    undo.push(() => {
      throw new Error('second');
    });
    undo.push(() => {
      throw new Error('third');
    });
    expect(() => undo.unwind()).toThrow('third');
    expect(taken).toEqual([1]);
  });
});
