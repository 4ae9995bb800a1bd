import { messageOf } from '../../errors.ts';

/** What becomes of work that takes too long. */
export interface TimeLimit<T> {
  readonly limitMs: number;
  /** Ends the wait early, with its reason. */
  readonly signal: AbortSignal;
  /** Rejected with when time is up. */
  readonly error: () => Error;
  /** What came after all, when nobody waits for it any more. */
  readonly late: (result: T) => void;
}

/** Waits for `work` as long as the limit allows. Rejects with what it rejects with, when time is up, or when the signal is aborted. */
export function inTime<T>(work: Promise<T>, { limitMs, signal, error, late }: TimeLimit<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let waiting = true;
    const giveUp = (reason: Error): void => {
      if (!settle()) return;
      reject(reason);
    };
    const timer = setTimeout(() => {
      giveUp(error());
    }, limitMs);
    const aborted = (): void => {
      giveUp(asError(signal.reason));
    };
    function settle(): boolean {
      const was = waiting;
      waiting = false;
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      return was;
    }
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted);
    work.then(
      (result) => {
        if (settle()) resolve(result);
        else late(result);
      },
      (reason: unknown) => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it is
        if (settle()) reject(reason);
      },
    );
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(messageOf(reason));
}
