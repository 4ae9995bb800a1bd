import type { CheckContext } from './check-context.ts';

/** A histogram's buckets can be filled. */
export function checkMetrics(context: CheckContext): void {
  const { buckets } = context.config.metrics;
  for (const [index, bound] of buckets.entries()) {
    const before = buckets[index - 1];
    if (before === undefined || bound > before) continue;
    const message = `must be greater than the one before it, which is ${String(before)}`;
    context.error(['metrics', 'buckets', index], message);
    return;
  }
}
