import { messageOf } from '../../errors.ts';
import type { Logger } from '../../plugin-api/index.ts';

/**
 * Runs steps that must all be taken, in their order. A step that throws is logged and keeps none of the others from being taken:
 * half of a swap would be worse than a swap with one odd step.
 */
export function completeAll(steps: readonly (() => void)[], logger: Logger): void {
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      logger.error('a step of the reload failed', { error: messageOf(error) });
    }
  }
}
