import { describe, expect, it } from 'vitest';

import { UndoStack } from '../../../../src/runtime/reload/undo-stack.ts';

describe('the undo stack', () => {
  it('takes all steps in reverse, once', () => {
    const taken: number[] = [];
    const undo = new UndoStack();
    for (const step of [1, 2, 3]) undo.push(() => taken.push(step));
    undo.undo();
    undo.undo();
    expect(taken).toEqual([3, 2, 1]);
  });

  it('takes the other steps when one throws, and throws the first error', () => {
    const taken: number[] = [];
    const undo = new UndoStack();
    undo.push(() => taken.push(1));
    undo.push(() => {
      throw new Error('second');
    });
    undo.push(() => {
      throw new Error('third');
    });
    expect(() => undo.undo()).toThrow('third');
    expect(taken).toEqual([1]);
  });
});
