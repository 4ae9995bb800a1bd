const PATIENCE_MS = 10_000;
const PAUSE_MS = 10;

/** Waits until `condition` gives something other than undefined or false, for state that announces no event. */
export async function eventually<T>(condition: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > untilMs) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
