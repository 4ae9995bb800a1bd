import { afterEach, beforeEach, expect } from 'vitest';

/** Holds the tests of the file that calls this to leave no error behind that would end a process: each one fails that does. */
export function expectNoStrayErrors(): void {
  const stray: unknown[] = [];
  const note = (error: unknown): void => {
    stray.push(error);
  };
  beforeEach(() => {
    stray.length = 0;
    process.on('uncaughtException', note);
    process.on('unhandledRejection', note);
  });
  afterEach(() => {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
    expect(stray).toEqual([]);
  });
}
