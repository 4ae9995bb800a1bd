export interface Timeout<T> {
  /** How long the wait may last, in ms. Default: without limit. */
  readonly limitMs?: number;
  /** Called when the limit is over. The wait then ends with what this returns, or rejects with what it throws. */
  readonly expired?: () => T;
  /** Ends the wait early: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Gets a result that comes after the wait has ended, so that it can be closed. A rejection that comes so late is ignored. */
  readonly late?: (result: T) => void;
}

/**
 * Waits for a promise, but not for ever. This is the only place where a promise gets a limit.
 *
 * @returns what `work` resolves to, or what `expired` returns
 * @throws what `work` rejects with, what `expired` throws, or the reason of the signal
 */
export function withTimeout<T>(work: Promise<T>, timeout: Timeout<T>): Promise<T> {
  const { limitMs, expired, signal, late } = timeout;
  return new Promise<T>((resolve, reject) => {
    let isWaiting = true;
    const end = (): boolean => {
      const was = isWaiting;
      isWaiting = false;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      return was;
    };
    const expire = (): void => {
      end();
      try {
        if (expired === undefined) throw new Error(`it takes longer than ${String(limitMs)} ms`);
        resolve(expired());
      } catch (error) {
        fail(error);
      }
    };
    const abort = (): void => {
      end();
      fail(signal?.reason);
    };
    const fail = (reason: unknown): void => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it is
      reject(reason);
    };
    const timer = limitMs === undefined ? undefined : setTimeout(expire, limitMs);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort);
    work.then(
      (result) => {
        if (end()) resolve(result);
        else late?.(result);
      },
      (reason: unknown) => {
        if (end()) fail(reason);
      },
    );
  });
}
