import { setImmediate } from 'node:timers/promises';
import { errorFrom } from '../../errors.ts';
import { withTimeout } from '../../time/with-timeout.ts';

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
  // Aborted with an error that escaped.
  const escaped = new AbortController();
  const { signal } = escaped;
  const strayed = (error: unknown): void => {
    if (isOurs(error)) escaped.abort(errorFrom(error));
    // Without this handler the error would have ended the process.
    else if (process.listenerCount('uncaughtException') === 1) throw error;
  };
  process.on('uncaughtException', strayed);
  process.on('unhandledRejection', strayed);
  try {
    const running = (async () => work())();
    const expired = (): never => {
      throw new Error(`it takes longer than ${String(limitMs)} ms`);
    };
    const result = await withTimeout(running, { limitMs, expired, signal, late });
    // One more turn of the event loop, for errors of what the code did not wait for.
    await withTimeout(setImmediate(), { signal }).catch((error: unknown) => {
      late(result);
      throw error;
    });
    return result;
  } finally {
    process.off('uncaughtException', strayed);
    process.off('unhandledRejection', strayed);
  }
}

/** What the loader may change about the process while it runs the code of plugins. */
export interface ProcessGuards {
  /** Reports errors that nobody caught; the loader listens while a plugin is imported or provisions a listener. */
  readonly strayErrors: StrayErrors;
  /** Whether `process.exit` is replaced by one that throws when a plugin calls it. */
  readonly guardsExit: boolean;
}

/** For a process that runs nothing but the proxy. */
export const OWN_PROCESS: ProcessGuards = { strayErrors: process, guardsExit: true };

/** For a process of another program, which embeds the proxy: that program handles uncaught errors and `process.exit` of plugins itself. */
export const FOREIGN_PROCESS: ProcessGuards = {
  strayErrors: { on: () => undefined, off: () => undefined, listenerCount: () => 0 },
  guardsExit: false,
};
