import { setImmediate } from 'node:timers/promises';

/** The part of the process that tells of errors which nobody caught. */
export interface StrayErrors {
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
  off(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
  listenerCount(event: 'uncaughtException' | 'unhandledRejection'): number;
}

export interface GuardOptions<T> {
  readonly limitMs: number;
  /** Whether an error that nobody caught comes from the code that is called. */
  readonly isOurs: (error: unknown) => boolean;
  /** Gets a result that came after the limit or after a stray error, when nobody waits for it any more. */
  readonly late: (result: T) => void;
  readonly process: StrayErrors;
}

/**
 * Calls a stranger's code, and rejects when it throws, rejects, takes too long, or lets an error escape while it runs (from
 * a timer, an event or a promise that nobody awaits). What never gives control back can't be stopped.
 */
export async function guardedCall<T>(work: () => T | Promise<T>, options: GuardOptions<T>): Promise<T> {
  const { limitMs, isOurs, late, process } = options;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const strayed = (error: unknown): void => {
    if (isOurs(error)) fail(error);
    // Without us this error would have ended the process.
    else if (process.listenerCount('uncaughtException') === 1) throw error;
  };
  const limit = setTimeout(() => {
    fail(new Error(`it takes longer than ${String(limitMs)} ms`));
  }, limitMs);
  process.on('uncaughtException', strayed);
  process.on('unhandledRejection', strayed);
  let over = false;
  const running = (async () => work())();
  running.then(
    (result) => {
      if (over) late(result);
    },
    () => undefined,
  );
  try {
    const result = await Promise.race([running, failed]);
    // One turn for what it did not wait for.
    await Promise.race([setImmediate(), failed]).catch((error: unknown) => {
      late(result);
      throw error;
    });
    return result;
  } finally {
    over = true;
    clearTimeout(limit);
    process.off('uncaughtException', strayed);
    process.off('unhandledRejection', strayed);
  }
}
