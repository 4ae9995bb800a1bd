import type { EventEmitter } from 'node:events';

/** Waits for whichever of these events comes first, and leaves no listener behind. Resolves with what came along. */
export function firstOf(emitter: EventEmitter, ...events: readonly string[]): Promise<unknown[]> {
  return new Promise((resolve) => {
    const happened = (...values: unknown[]): void => {
      for (const event of events) emitter.removeListener(event, happened);
      resolve(values);
    };
    for (const event of events) emitter.on(event, happened);
  });
}
