import { Session, type Profiler } from 'node:inspector';
import { AdminError } from '../endpoint/admin-error.ts';
import type { AdminRequest } from '../endpoint/admin-request.ts';
import type { AdminResponse } from '../endpoint/admin-response.ts';
import { post, type AdminRoute } from '../endpoint/admin-router.ts';

const MIN_SECONDS = 1;
const MAX_SECONDS = 60;
const DEFAULT_SECONDS = 10;
/** Time for collecting the profile after it was recorded. */
const SPARE_MS = 30_000;

/** `POST /debug/cpu-profile?seconds=`: records a CPU profile of this process. Only one can run at a time. */
export function cpuProfileRoute(): AdminRoute {
  let running = false;
  const handle = async (request: AdminRequest): Promise<AdminResponse> => {
    const seconds = secondsOf(request.query);
    if (running) throw new AdminError(409, 'busy', 'another CPU profile is being made');
    running = true;
    try {
      const profile = await recordProfile(seconds * 1_000, request.signal);
      return {
        status: 200,
        contentType: 'application/json; charset=utf-8',
        headers: { 'Content-Disposition': `attachment; filename="${fileName('cpuprofile')}"` },
        body: JSON.stringify(profile),
      };
    } finally {
      running = false;
    }
  };
  return post('/debug/cpu-profile', handle, { timeoutMs: MAX_SECONDS * 1_000 + SPARE_MS, maxBodyBytes: 0 });
}

/** A file name with the process id and the time. */
export function fileName(extension: string): string {
  return `balance-${String(process.pid)}-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.${extension}`;
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

/** Records a CPU profile. Rejects when the client leaves before the end. */
async function recordProfile(durationMs: number, signal: AbortSignal): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  try {
    await command(session, 'Profiler.enable');
    await command(session, 'Profiler.start');
    await pause(durationMs, signal);
    return await stopProfile(session);
  } finally {
    // This also ends a profile that still runs.
    session.disconnect();
  }
}

function command(session: Session, method: 'Profiler.enable' | 'Profiler.start'): Promise<void> {
  return new Promise((resolve, reject) => {
    session.post(method, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

function stopProfile(session: Session): Promise<Profiler.Profile> {
  return new Promise((resolve, reject) => {
    session.post('Profiler.stop', (error, result) => {
      if (error === null) resolve(result.profile);
      else reject(error);
    });
  });
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, durationMs);
    const stop = (): void => {
      clearTimeout(timer);
      reject(new AdminError(503, 'cancelled', 'the client left before the profile was complete'));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
