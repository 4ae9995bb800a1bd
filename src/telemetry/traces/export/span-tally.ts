import type { SpanCounts } from '../../metrics/metrics-source.ts';

/**
 * What became of spans since the start. It outlives the queues that count into it: an edit of `tracing` replaces those, and
 * what the last one drops or still gets rid of by then counts too.
 */
export class SpanTally implements SpanCounts {
  exported = 0;
  dropped = 0;
}
