import type { ReloadSource } from '../outcome/reload-outcome.ts';

/** What became of a config that went live. */
export type HistoryOutcome = 'live' | 'replaced' | 'rolled back';

/** A config that went live once. */
export interface HistoryEntry {
  /** Counted from 1, over restarts too where there is a folder. */
  readonly id: number;
  /** When it went live, ms since 1970. */
  readonly atMs: number;
  readonly hash: string;
  /** Who asked for it. */
  readonly source: ReloadSource;
  /** Its number in the process that it went live in. */
  readonly generation: number;
  /** What it changed, in a line. */
  readonly summary: string;
  readonly outcome: HistoryOutcome;
}
