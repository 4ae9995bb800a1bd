/**
 * Hears exactly once how a probe ended: undefined when it passed, otherwise why it failed. Never before the probe was returned.
 *
 * @param shortage the system's code when it could not even be tried for lack of our own resources: that says nothing about the backend
 */
export type ProbeEnded = (failure: string | undefined, shortage?: string) => void;

/** One check of one backend, under way. */
export interface Probe {
  /** Gives it up and closes its socket now; nobody hears of it any more. */
  destroy(): void;
}

export type StartProbe = (ended: ProbeEnded) => Probe;
