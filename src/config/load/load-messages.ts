import type { ConfigSources } from '../files/config-sources.ts';
import type { LoadResult } from './loaded-config.ts';
import type { PluginSettings } from './plugin-settings.ts';
import type { Problem } from '../problems/problem.ts';
import type { Environment } from '../document/substitute-env.ts';

/** What a thread that loads configs is told. */
export type LoadRequest =
  | {
      readonly kind: 'load';
      readonly id: number;
      readonly file: string;
      readonly env: Environment;
      readonly text: string | undefined;
    }
  /** Answers {@link LoadAnswer} `modes`; undefined when there is no answer, and the load is over. */
  | { readonly kind: 'modes'; readonly id: number; readonly modes: readonly string[] | undefined };

/** What it says. */
export type LoadAnswer =
  /** It asks for the modes that plugins bring. */
  | { readonly kind: 'modes'; readonly id: number; readonly settings: PluginSettings }
  | { readonly kind: 'loaded'; readonly id: number; readonly result: LoadResult }
  | {
      readonly kind: 'refused';
      readonly id: number;
      readonly problems: readonly Problem[];
      readonly sources: ConfigSources | undefined;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
