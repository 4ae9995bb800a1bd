import type { BalanceError, ErrorCode } from '../../errors.ts';

/** Hears how the leases of one member go. Called on the data path: it must be quick, and must not throw. */
export interface LeaseOutcomes {
  /** Connecting failed or took too long: nothing was sent. */
  connectFailed(error: BalanceError): void;
  /** The head of the final response is there, with that status, so long after the lease got its channel. */
  responded?(firstByteMs: number, status: number): void;
  /**
   * An exchange or a tunnel is over.
   *
   * @param error what went wrong, whoever was to blame; undefined when nothing did
   * @param status the status of the response; 0 where there was none
   * @param heldMs time since the lease got its channel
   */
  ended(error: ErrorCode | undefined, status: number, heldMs: number): void;
}

/** Tells several, one after the other. Undefined where there is none. */
export function joinOutcomes(all: readonly LeaseOutcomes[]): LeaseOutcomes | undefined {
  if (all.length < 2) return all[0];
  return {
    connectFailed: (error) => {
      for (const outcomes of all) outcomes.connectFailed(error);
    },
    responded: (firstByteMs, status) => {
      for (const outcomes of all) outcomes.responded?.(firstByteMs, status);
    },
    ended: (error, status, heldMs) => {
      for (const outcomes of all) outcomes.ended(error, status, heldMs);
    },
  };
}
