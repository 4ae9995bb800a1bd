import type { ConfigChange } from '../../../config/diff/config-change.ts';
import type { LoadedConfig } from '../../../config/load/loaded-config.ts';
import type { ReloadReading } from '../../../readings/reload.ts';

/** What asked for a reload: a changed file, a signal, the admin server, a changed plugin, a rollback by an operator or an automatic one, the program around it. */
export type ReloadSource =
  'start' | 'file' | 'signal' | 'admin' | 'plugins' | 'rollback' | 'guard' | 'program';

/** Why a reload runs, and what it is to make live. */
export interface ReloadCause {
  readonly source: ReloadSource;
  /** For `rollback` and `guard`: the config that is to be live again, instead of the one in the files. */
  readonly restore?: RestoredConfig;
  /** For `plugins`: whether the files of the config are read too, because the config in them was refused before. Default: false. */
  readonly readsConfig?: boolean;
  /** For `file`: whether a failure is told even when the files may still be changing. Default: false. */
  readonly isLastTry?: boolean;
}

/** A config that was live before: as it was loaded then, or its text from an earlier process. */
export type RestoredConfig = { readonly loaded: LoadedConfig } | { readonly text: string };

/** The outcome of a reload, or of the start. */
export interface ReloadOutcome extends ReloadReading {
  readonly source: ReloadSource;
  /** The changes one by one, with secrets masked; empty when the reload failed. */
  readonly changes: readonly ConfigChange[];
}

/** Where a reload can be asked for. */
export interface Reloads {
  /** Resolves with the outcome of a reload that begins after this call. Never rejects. */
  reload(cause: ReloadCause): Promise<ReloadOutcome>;
}
