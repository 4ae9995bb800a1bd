import type { LogSubject } from '../../plugin-api/index.ts';

/** A reader of a stream as a plugin may have written it: its callbacks should finish before they return, but may return a promise instead. */
export interface PluginReader extends LogSubject {
  readonly buffer?: Buffer | undefined;
  data(bytes: Buffer, start: number, end: number): unknown;
  end(): unknown;
  drained(): unknown;
  closed(error: Error | undefined): unknown;
}

/** Whether a callback that should finish before it returns has returned a promise instead. */
export function isPromise(result: unknown): result is PromiseLike<unknown> {
  return typeof (result as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

/** Calls a plugin's function. `failed` is called once when the function throws or rejects; the error goes nowhere else. */
export function callPlugin(call: () => unknown, failed: (error: unknown) => void): void {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    failed(error);
    return;
  }
  if (isPromise(result)) result.then(undefined, failed);
}
