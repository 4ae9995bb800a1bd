import type { Readable } from 'node:stream';
import type { Profiler } from 'node:inspector';
import { getHeapSnapshot } from 'node:v8';

import { BalanceError } from '../../errors.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import type { CpuProfile, DebugControl, ThreadName } from '../control/proxy-control.ts';
import { recordCpuProfile } from '../control/thread-debug.ts';
import { mergeProfiles } from './merge/merge-profiles.ts';
import type { WorkerLife } from './life/worker-life.ts';

/** A worker that does not answer within this time is not profiled. */
const ANSWER_LIMIT_MS = 1_000;
/** Time for the answer beyond that of the recording. */
const COLLECT_LIMIT_MS = 20_000;
const SNAPSHOT_LIMIT_MS = 60_000;

/** Looks into the threads of workers, and into that of the supervisor. */
export class WorkerDebug implements DebugControl {
  readonly #workers: readonly WorkerLife[];

  constructor(workers: readonly WorkerLife[]) {
    this.#workers = workers;
  }

  async cpuProfile(of: ThreadName | undefined, durationMs: number, signal: AbortSignal): Promise<CpuProfile> {
    if (of === 'main') return { profile: await recordCpuProfile(durationMs, signal), unanswered: [] };
    if (of !== undefined) {
      const worker = this.#workerOf(of);
      await worker.ask({ kind: 'ping' }, ANSWER_LIMIT_MS, signal);
      return { profile: await profileOf(worker, durationMs, signal), unanswered: [] };
    }
    return this.#profileAll(durationMs, signal);
  }

  async heapSnapshot(of: ThreadName): Promise<Readable> {
    if (of === 'main') return getHeapSnapshot();
    const { thread } = this.#workerOf(of);
    if (thread === undefined) throw gone(of);
    return withTimeout(thread.worker.getHeapSnapshot(), {
      limitMs: SNAPSHOT_LIMIT_MS,
      expired: () => {
        throw new BalanceError('worker_hung', `worker ${of} does not answer`);
      },
      late: (unwanted) => {
        unwanted.destroy();
      },
    });
  }

  async #profileAll(durationMs: number, signal: AbortSignal): Promise<CpuProfile> {
    const asked = await Promise.allSettled(
      this.#workers.map(async (worker) => {
        await worker.ask({ kind: 'ping' }, ANSWER_LIMIT_MS, signal);
        return { worker: worker.number, profile: await profileOf(worker, durationMs, signal) };
      }),
    );
    signal.throwIfAborted();
    const profiles = asked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    if (profiles.length === 0) throw new BalanceError('worker_gone', 'no worker answers');
    const answered = new Set(profiles.map(({ worker }) => worker));
    return {
      profile: mergeProfiles(profiles),
      unanswered: this.#workers.map(({ number }) => number).filter((number) => !answered.has(number)),
    };
  }

  #workerOf(number: number): WorkerLife {
    const worker = this.#workers.find((each) => each.number === number);
    if (worker === undefined) throw gone(number);
    return worker;
  }
}

function profileOf(worker: WorkerLife, durationMs: number, signal: AbortSignal): Promise<Profiler.Profile> {
  return worker.ask({ kind: 'profile', durationMs }, durationMs + COLLECT_LIMIT_MS, signal);
}

function gone(worker: number): BalanceError {
  return new BalanceError('worker_gone', `there is no worker ${worker} at the moment`);
}
