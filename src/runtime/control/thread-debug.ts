import { Session, type Profiler } from 'node:inspector';
import type { Readable } from 'node:stream';
import { getHeapSnapshot } from 'node:v8';

import type { CpuProfile, DebugControl } from './proxy-control.ts';

/** Looks into this thread, whichever is asked for: it does the work of all. */
export class ThreadDebug implements DebugControl {
  async cpuProfile(_of: unknown, durationMs: number, signal: AbortSignal): Promise<CpuProfile> {
    return { profile: await recordCpuProfile(durationMs, signal), unanswered: [] };
  }

  heapSnapshot(): Promise<Readable> {
    return new Promise((resolve) => {
      resolve(getHeapSnapshot());
    });
  }
}

/** Records a CPU profile of this thread. Rejects with the reason of `signal` when that aborts before the end. */
export async function recordCpuProfile(durationMs: number, signal: AbortSignal): Promise<Profiler.Profile> {
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
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
