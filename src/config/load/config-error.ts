import { BalanceError } from '../../errors.ts';
import type { ConfigSources } from '../files/config-sources.ts';
import type { Problem } from '../problems/problem.ts';
import { formatProblem, sortProblems } from '../problems/problem.ts';

export interface ConfigErrorOptions {
  readonly cause?: unknown;
  readonly sources?: ConfigSources | undefined;
}

/** A config that can't be used, with all that is wrong with it: one line a problem in `message`. */
export class ConfigError extends BalanceError {
  /** In the order of the file. */
  readonly problems: readonly Problem[];
  /** What was read before the load gave up, so that an edit of any of it can be noticed. */
  readonly sources: ConfigSources | undefined;

  constructor(problems: readonly Problem[], options: ConfigErrorOptions = {}) {
    const sorted = sortProblems(problems);
    super('config_invalid', sorted.map(formatProblem).join('\n'), { origin: 'config', cause: options.cause });
    this.name = 'ConfigError';
    this.problems = sorted;
    this.sources = options.sources;
  }
}
