import type { ReloadSource } from '../outcome/reload-outcome.ts';

/** Whether the config of an entry is still live, and if not, what replaced it: an edit, or a rollback. */
export type HistoryOutcome = 'live' | 'replaced' | 'rolled back';

/** A config that was live at some time. */
export interface HistoryEntry {
  /** Counted from 1; with a history folder also across restarts. */
  readonly id: number;
  /** When it went live, ms since 1970. */
  readonly atMs: number;
  readonly hash: string;
  /** What asked for the reload that made it live. */
  readonly source: ReloadSource;
  /** Number of its generation, in the process in which it went live. */
  readonly generation: number;
  /** What the edit changed, in a line. */
  readonly summary: string;
  readonly outcome: HistoryOutcome;
}
