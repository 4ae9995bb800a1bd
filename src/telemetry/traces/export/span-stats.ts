import type { SpanCounts } from '../../../readings/telemetry.ts';

/**
 * Counts exported and lost spans since the start. It outlives the queues that count into it: an edit of `tracing` replaces the queue, and
 * the old one still exports or drops spans while it ends.
 */
export class SpanStats implements SpanCounts {
  exported = 0;
  dropped = 0;
}
