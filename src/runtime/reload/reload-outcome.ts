import type { ConfigChange } from '../../config/diff/config-change.ts';
import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import type { Problem } from '../../config/problems/problem.ts';

/** Who asked for a reload. */
export type ReloadSource =
  'start' | 'file' | 'signal' | 'admin' | 'plugins' | 'rollback' | 'guard' | 'program';

/** Why a reload runs. */
export interface ReloadCause {
  readonly source: ReloadSource;
  /** For `rollback` and `guard`: what is to be live again, instead of what the files say. */
  readonly restore?: RestoredConfig;
  /** For `plugins`: the files of the config are read too, because the config in them was refused before. Default: false. */
  readonly readsConfig?: boolean;
}

/** A config that was live before: as it was loaded then, or its text from an earlier process. */
export type RestoredConfig = { readonly loaded: LoadedConfig } | { readonly text: string };

/** What became of a reload. */
export interface ReloadOutcome {
  readonly ok: boolean;
  /** Number of the generation that is live afterwards; 0 when there is none. */
  readonly generation: number;
  /** Hash of the config that is live afterwards; '' when there is none. */
  readonly hash: string;
  readonly source: ReloadSource;
  /** When it began, ms since 1970. */
  readonly atMs: number;
  readonly durationMs: number;
  /** What changed, or why nothing did. */
  readonly message: string;
  /** What changed, one by one; none when the reload failed. */
  readonly changes: readonly ConfigChange[];
  /** What is wrong with the config, with its places; none when the reload worked, or failed for another reason. */
  readonly problems: readonly Problem[];
  /** What the config is allowed to say but hardly means. */
  readonly warnings: readonly Problem[];
}
