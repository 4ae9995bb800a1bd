/** Advice: what works and is better changed. `balance validate --strict` shows it; a load does not. */
import type { LoadedConfig } from '../load/loaded-config.ts';
import type { RulesOf } from '../options/listener-options.ts';
import { UpstreamUses } from '../options/upstream-uses.ts';
import { sortProblems, type Problem } from '../problems/problem.ts';
import type { LintContext } from './lint-context.ts';
import { lintExposure } from './lint-exposure.ts';
import { lintListeners } from './lint-listeners.ts';
import { lintUpstreams } from './lint-upstreams.ts';

/** Advice on a config that passed its checks, in the order of the file. It does not repeat the warnings of the load. */
export function lintConfig(loaded: LoadedConfig, rulesOf: RulesOf): readonly Problem[] {
  const { config } = loaded;
  const problems: Problem[] = [];
  const context: LintContext = {
    config,
    rulesOf,
    uses: new UpstreamUses(config, rulesOf),
    warn: (path, message) => problems.push(loaded.problem(path, message)),
  };
  lintListeners(context);
  lintUpstreams(context);
  lintExposure(context);
  return sortProblems(problems);
}
