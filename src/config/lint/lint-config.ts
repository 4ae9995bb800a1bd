import type { LoadedConfig } from '../load/loaded-config.ts';
import { sortProblems, type Problem } from '../problems/problem.ts';
import type { LintContext } from './lint-context.ts';
import { lintBackends } from './lint-backends.ts';
import { lintExposure } from './lint-exposure.ts';
import { lintRoutes } from './lint-routes.ts';
import { lintTimeouts } from './lint-timeouts.ts';
import { lintUse } from './lint-use.ts';

const PIECES: readonly ((context: LintContext) => void)[] = [
  lintRoutes,
  lintUse,
  lintBackends,
  lintTimeouts,
  lintExposure,
];

/** What a config is better off without, though it works: more than what every load warns of. In the order of the file. */
export function lintConfig(loaded: LoadedConfig): readonly Problem[] {
  const problems: Problem[] = [];
  const context: LintContext = {
    config: loaded.config,
    warn: (path, message) => problems.push(loaded.problem(path, message)),
  };
  for (const warn of PIECES) warn(context);
  return sortProblems(problems);
}
