import type { Config } from '../schema/config.generated.ts';
import type { Path } from '../problems/problem.ts';

/** What a piece of advice looks at, and how it is given. All paths are those of {@link config}. */
export interface LintContext {
  readonly config: Config;
  readonly warn: (path: Path, message: string) => void;
}
