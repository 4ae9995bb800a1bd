import type { RulesOf } from '../options/listener-options.ts';
import type { UpstreamUses } from '../options/upstream-uses.ts';
import type { Path } from '../problems/problem.ts';
import type { Config } from '../schema/config.generated.ts';

/** What a lint looks at, and how it gives advice. All paths are those of {@link config}. */
export interface LintContext {
  readonly config: Config;
  readonly rulesOf: RulesOf;
  readonly uses: UpstreamUses;
  readonly warn: (path: Path, message: string) => void;
}
