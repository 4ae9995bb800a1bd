import { ConfigError } from '../../../config/load/config-error.ts';
import type { LoadedConfig } from '../../../config/load/loaded-config.ts';
import type { Problem } from '../../../config/problems/problem.ts';

/** The name of a config that is no file, in messages. */
export const TEXT_CONFIG = 'config';

/**
 * Loads a config that a program holds as a value. Lines and columns of the text that stands for it would lead nowhere, so
 * its problems are told by their keys: `config backends[1].weight must be a whole number`. Problems of files that it
 * includes keep their places.
 *
 * @param file what the load calls the config
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
