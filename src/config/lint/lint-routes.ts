import type { LintContext } from './lint-context.ts';
import { unreachableRoutes } from './route-reach.ts';

/** Every route can be reached by some request. */
export function lintRoutes({ config, warn }: LintContext): void {
  for (const [index, { http }] of config.listeners.entries()) {
    if (http === undefined) continue;
    for (const { index: route, reason } of unreachableRoutes(http)) {
      warn(['listeners', index, 'http', 'routes', route], `is never reached: ${reason}`);
    }
  }
}
