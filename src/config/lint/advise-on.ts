import type { LoadedConfig } from '../load/loaded-config.ts';
import { sortProblems, type Problem } from '../problems/problem.ts';
import type { AdviceContext } from './advice-context.ts';
import { adviseOnBackends } from './advise-on-backends.ts';
import { adviseOnExposure } from './advise-on-exposure.ts';
import { adviseOnRoutes } from './advise-on-routes.ts';
import { adviseOnTimeouts } from './advise-on-timeouts.ts';
import { adviseOnUse } from './advise-on-use.ts';

const PIECES: readonly ((context: AdviceContext) => void)[] = [
  adviseOnRoutes,
  adviseOnUse,
  adviseOnBackends,
  adviseOnTimeouts,
  adviseOnExposure,
];

/** What a config is better off without, though it works: more than what every load warns of. In the order of the file. */
export function adviseOn(loaded: LoadedConfig): readonly Problem[] {
  const problems: Problem[] = [];
  const context: AdviceContext = {
    config: loaded.config,
    advise: (path, message) => problems.push(loaded.problem(path, message)),
  };
  for (const advise of PIECES) advise(context);
  return sortProblems(problems);
}
