import type { HistoryReading } from '../../../readings/reload.ts';
import type { ReloadSource } from '../outcome/reload-outcome.ts';

/** Whether the config of an entry is still live, and if not, what replaced it: an edit, or a rollback. */
export type HistoryOutcome = 'live' | 'replaced' | 'rolled back';

/** A config that was live at some time. Its `id` counts from 1; with a history folder also across restarts. */
export interface HistoryEntry extends HistoryReading {
  readonly source: ReloadSource;
  readonly outcome: HistoryOutcome;
}
