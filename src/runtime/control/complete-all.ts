import { messageOf } from '../../errors.ts';
import type { Logger } from '../../plugin-api/index.ts';

/**
 * Runs steps that must all be taken, in their order and in one turn: none waits for what another one has begun. A step that throws or
 * rejects is logged and keeps none of the others from being taken: half of a swap would be worse than a swap with one odd step.
 *
 * Resolves when what the steps have begun is done. Never rejects.
 */
export async function completeAll(
  steps: readonly (() => Promise<void> | void)[],
  logger: Logger,
): Promise<void> {
  const failed = (error: unknown): void => {
    logger.error('a step of the reload failed', { error: messageOf(error) });
  };
  const begun: Promise<void>[] = [];
  for (const step of steps) {
    try {
      const rest = step();
      if (rest !== undefined) begun.push(rest.catch(failed));
    } catch (error) {
      failed(error);
    }
  }
  await Promise.all(begun);
}
