import { isPromise } from './is-promise.ts';

/** Calls a plugin's function. `failed` is called, once, when that throws or when what it promises is rejected; nothing else comes of it. */
export function callOut(call: () => unknown, failed: (error: unknown) => void): void {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    failed(error);
    return;
  }
  if (isPromise(result)) result.then(undefined, failed);
}
