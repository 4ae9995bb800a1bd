import { AdminError } from '../endpoint/admin-error.ts';
import type { AdminRequest } from '../endpoint/admin-request.ts';
import type { AdminResponse } from '../endpoint/admin-response.ts';
import { post, type AdminRoute } from '../endpoint/admin-router.ts';
import { fileName } from './file-name.ts';
import { silenceOf, threadOf, type ThreadName, type ThreadNames } from './thread-name.ts';

const MIN_SECONDS = 1;
const MAX_SECONDS = 60;
const DEFAULT_SECONDS = 10;
/** Time for collecting the profile after it was recorded. */
const SPARE_MS = 30_000;

/** Records CPU profiles. */
export interface CpuProfiler {
  /** Rejects when `signal` aborts. `unanswered` are the numbers of workers that are missing in the profile. */
  cpuProfile(
    of: ThreadName | undefined,
    durationMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly profile: object; readonly unanswered: readonly number[] }>;
}

/** `POST /debug/cpu-profile?seconds=&worker=`: records a CPU profile of all workers, or of one thread. Only one can run at a time. */
export function cpuProfileRoute(profiler: CpuProfiler, names: ThreadNames): AdminRoute {
  let running = false;
  const handle = async (request: AdminRequest): Promise<AdminResponse> => {
    const seconds = secondsOf(request.query);
    const of = threadOf(request.query, names);
    if (running) throw new AdminError(409, 'busy', 'another CPU profile is being made');
    running = true;
    try {
      const { profile, unanswered } = await profiler
        .cpuProfile(of, seconds * 1_000, request.signal)
        .catch((error: unknown) => {
          throw request.signal.aborted ? cancelled() : silenceOf(error);
        });
      return {
        status: 200,
        contentType: 'application/json; charset=utf-8',
        headers: {
          'Content-Disposition': `attachment; filename="${fileName('cpuprofile')}"`,
          ...(unanswered.length > 0 ? { 'Balance-Unanswered': unanswered.join(', ') } : undefined),
        },
        body: JSON.stringify(profile),
      };
    } finally {
      running = false;
    }
  };
  return post('/debug/cpu-profile', handle, { timeoutMs: MAX_SECONDS * 1_000 + SPARE_MS, maxBodyBytes: 0 });
}

function secondsOf(query: URLSearchParams): number {
  const text = query.get('seconds') ?? String(DEFAULT_SECONDS);
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return seconds;
  throw new AdminError(
    400,
    'bad_query',
    `seconds must be from ${String(MIN_SECONDS)} to ${String(MAX_SECONDS)}`,
  );
}

function cancelled(): AdminError {
  return new AdminError(503, 'cancelled', 'the client left before the profile was complete');
}
