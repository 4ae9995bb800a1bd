/** What a worker says to the supervisor about its log, so that the supervisor writes it. */
export type LogReport =
  /** The worker uses an output from now on, and calls it by a number. */
  | { readonly kind: 'log-open'; readonly output: number; readonly name: string }
  /** Whole lines, and how many were dropped since the last message. The next ones come when these were taken. */
  | {
      readonly kind: 'log-lines';
      readonly output: number;
      readonly bytes: Uint8Array;
      readonly droppedLines: number;
    }
  /** Nothing more comes for the output. */
  | { readonly kind: 'log-close'; readonly output: number };

/** What the supervisor says to a worker: its last lines for that output were taken. */
export interface LogTaken {
  readonly kind: 'log-taken';
  readonly output: number;
}
