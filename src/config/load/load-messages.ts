import type { ConfigSources } from '../files/config-sources.ts';
import type { LoadResult } from './loaded-config.ts';
import type { PluginSettings } from './plugin-settings.ts';
import type { Problem } from '../problems/problem.ts';
import type { Environment } from '../document/substitute-env.ts';

/** A message to the thread that loads configs. */
export type LoadRequest =
  | {
      readonly kind: 'load';
      readonly id: number;
      readonly file: string;
      readonly env: Environment;
      readonly text: string | undefined;
      readonly filesInUse: ReadonlySet<string> | undefined;
    }
  /** Answers the {@link LoadAnswer} `modes`. Without modes the load is given up. */
  | { readonly kind: 'modes'; readonly id: number; readonly modes: readonly string[] | undefined };

/** A message from the thread. */
export type LoadAnswer =
  /** Asks for the modes that plugins add. */
  | { readonly kind: 'modes'; readonly id: number; readonly settings: PluginSettings }
  | { readonly kind: 'loaded'; readonly id: number; readonly result: LoadResult }
  | {
      readonly kind: 'refused';
      readonly id: number;
      readonly problems: readonly Problem[];
      readonly sources: ConfigSources | undefined;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
