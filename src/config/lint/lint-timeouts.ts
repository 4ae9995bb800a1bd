import type { Path } from '../problems/problem.ts';
import { formatDuration } from '../values/units.ts';
import type { LintContext } from './lint-context.ts';

/** Limits that belong together leave each other room. */
export function lintTimeouts({ config, warn }: LintContext): void {
  for (const [index, upstream] of config.upstreams.entries()) {
    const at: Path = ['upstreams', index];
    const { connection_pool: pool } = upstream;
    if (!pool.enabled) continue;
    if (pool.max_age > 0 && pool.max_age < pool.max_idle_time) {
      warn(
        [...at, 'connection_pool', 'max_idle_time'],
        `is longer than max_age (${formatDuration(pool.max_age)}), after which no socket is used again`,
      );
    }
  }
}
