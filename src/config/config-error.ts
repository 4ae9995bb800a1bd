import { BalanceError } from '../errors.ts';
import type { Problem } from './problem.ts';
import { formatProblem, sortProblems } from './problem.ts';

/** A config that can't be used, with all that is wrong with it: one line a problem in `message`. */
export class ConfigError extends BalanceError {
  /** In the order of the file. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], cause?: unknown) {
    const sorted = sortProblems(problems);
    super('config_invalid', sorted.map(formatProblem).join('\n'), { origin: 'config', cause });
    this.name = 'ConfigError';
    this.problems = sorted;
  }
}
