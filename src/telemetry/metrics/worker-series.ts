import type { WorkerEndReason, WorkerReading } from '../../readings/workers/worker.ts';
import { labelText, type Series } from './exposition/exposition.ts';
import type { MetricsSnapshot } from './snapshot/metrics-snapshot.ts';
import type { MetricsReadings } from './snapshot/metrics-source.ts';

/** Shown with 0 from the start: a rate does not see the first increase in a series that begins with it. */
const END_REASONS = Object.keys({
  exception: true,
  out_of_memory: true,
  exit: true,
  terminated: true,
  hung: true,
} satisfies Record<WorkerEndReason, true>);

/** The series of workers. Where one thread does all, its metrics have no label of their own. */
export function workerSeries(
  { workers, workersCrash, proxy, reloads }: MetricsReadings,
  { listeners }: Pick<MetricsSnapshot, 'listeners'>,
) {
  const shown = workers.length > 1 ? workers : [];
  const each = (value: (worker: WorkerReading) => number) => (): Series[] =>
    shown.map((worker) => ({ labels: labelText({ worker: worker.id }), value: value(worker) }));
  const unanswered = new Set(proxy.unanswered);
  return {
    balance_workers: (): Series[] => [{ labels: '', value: workers.length }],
    balance_worker_up: each(({ id, state }) => Number(state === 'serving' && !unanswered.has(id))),
    balance_worker_connections: each(({ connections }) => connections),
    *balance_listener_accept_rests_total(): Iterable<Series> {
      if (shown.length === 0) return;
      for (const [listener, { counts }] of listeners)
        yield { labels: labelText({ listener }), value: counts.rests };
    },
    *balance_worker_restarts_total(): Iterable<Series> {
      for (const { id: worker, restarts } of shown) {
        for (const reason of END_REASONS) {
          const value = restarts.find((each) => each.reason === reason)?.count ?? 0;
          yield { labels: labelText({ worker, reason }), value };
        }
      }
    },
    balance_workers_crashing: (): Series[] => [{ labels: '', value: Number(workersCrash) }],
    balance_worker_event_loop_utilization_ratio: each(({ utilization }) => utilization),
    balance_config_commit_skew_seconds: (): Series[] =>
      reloads.lastSkewMs === undefined ? [] : [{ labels: '', value: reloads.lastSkewMs / 1_000 }],
  };
}
