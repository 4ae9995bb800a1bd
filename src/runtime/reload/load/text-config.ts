import { ConfigError } from '../../../config/load/config-error.ts';
import type { LoadedConfig } from '../../../config/load/loaded-config.ts';
import type { Problem } from '../../../config/problems/problem.ts';

/** How messages call a config that is no file. */
export const TEXT_CONFIG = 'config';

/**
 * Loads a config that a program gives as a value. Lines and columns of its text would help nobody, so its problems name keys alone:
 * `config backends[1].weight must be a whole number`. Problems in files that it includes keep line and column.
 *
 * @param file the name under which the config is loaded
 */
export async function loadTextConfig(file: string, load: () => Promise<LoadedConfig>): Promise<LoadedConfig> {
  const inValue = (problem: Problem): Problem =>
    problem.file === file ? { ...problem, file: TEXT_CONFIG, line: 0, column: 0 } : problem;
  try {
    const loaded = await load();
    return {
      ...loaded,
      warnings: loaded.warnings.map(inValue),
      problem: (path, message) => inValue(loaded.problem(path, message)),
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.problems.map(inValue), { sources: error.sources });
  }
}
