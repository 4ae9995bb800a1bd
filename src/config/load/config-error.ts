import { BalanceError } from '../../errors.ts';
import type { ConfigSources } from '../files/config-sources.ts';
import type { Problem } from '../problems/problem.ts';
import { formatProblem, sortProblems } from '../problems/problem.ts';

export interface ConfigErrorOptions {
  readonly cause?: unknown;
  readonly sources?: ConfigSources | undefined;
}

/** Thrown when a config can't be used. Has all its problems; `message` has one line for each. */
export class ConfigError extends BalanceError {
  /** Sorted by file, line and column. */
  readonly problems: readonly Problem[];
  /** The files that were read before the load failed, so that an edit of any of them is noticed. */
  readonly sources: ConfigSources | undefined;

  constructor(problems: readonly Problem[], options: ConfigErrorOptions = {}) {
    const sorted = sortProblems(problems);
    super('config_invalid', sorted.map(formatProblem).join('\n'), { origin: 'config', cause: options.cause });
    this.name = 'ConfigError';
    this.problems = sorted;
    this.sources = options.sources;
  }
}
