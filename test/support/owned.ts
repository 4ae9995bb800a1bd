import { onTestFinished } from 'vitest';

/** Something that must be closed at the end of a test. */
export interface Closable {
  close(): unknown;
}

/** Closes `thing` when the running test is over, whatever its result; returns it. What was owned last closes first. */
export function owned<T extends Closable>(thing: T): T {
  onTestFinished(async () => {
    await thing.close();
  });
  return thing;
}
