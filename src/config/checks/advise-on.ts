import type { LoadedConfig } from '../loaded-config.ts';
import type { Problem } from '../problem.ts';

/** What a config is better off without, though it works: more than what every load warns of. */
export function adviseOn(_loaded: LoadedConfig): readonly Problem[] {
  return [];
}
