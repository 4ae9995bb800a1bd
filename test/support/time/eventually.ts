import { PATIENCE_MS } from './patience.ts';

const PAUSE_MS = 10;

/**
 * Waits until `condition` gives something other than undefined or false, for state that announces no event.
 *
 * @param what for the error; a function is asked when it is thrown
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  what: string | (() => string),
  patienceMs = PATIENCE_MS,
): Promise<NonNullable<T>> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > untilMs)
      throw new Error(`waited in vain until ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
