import type { AdviceContext } from './advice-context.ts';
import { unreachableRoutes } from './route-reach.ts';

/** Every route can be reached by some request. */
export function adviseOnRoutes({ config, advise }: AdviceContext): void {
  for (const [index, { http }] of config.listeners.entries()) {
    if (http === undefined) continue;
    for (const { index: route, reason } of unreachableRoutes(http)) {
      advise(['listeners', index, 'http', 'routes', route], `is never reached: ${reason}`);
    }
  }
}
