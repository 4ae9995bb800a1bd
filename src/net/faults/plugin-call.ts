import type { LogSubject } from '../../plugin-api/index.ts';

/** A reader of a stream as a plugin may write it: a callback that should be done when it returns may return a promise instead. */
export interface PluginReader extends LogSubject {
  readonly buffer?: Buffer | undefined;
  data(bytes: Buffer, start: number, end: number): unknown;
  end(): unknown;
  drained(): unknown;
  closed(error: Error | undefined): unknown;
}

/** Whether a callback that should be done when it returns gave a promise instead. */
export function isPromise(result: unknown): result is PromiseLike<unknown> {
  return typeof (result as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

/** Calls a plugin's function. When it throws, or when the promise that it returns is rejected, `failed` is called once and nothing else happens. */
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
