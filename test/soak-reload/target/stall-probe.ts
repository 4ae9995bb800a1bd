/**
 * Preloaded into the proxy's process: writes a line for each time that its event loop was late. Wall time, and the time
 * in which the system let the thread wait although it could have run, so that a busy machine is told from a busy loop.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const TICK_MS = 2;
const SHOWN_MS = 4;

const file = process.env['STALL_LOG'];
if (file !== undefined && isMainThread) watch(file);

function watch(log: string): void {
  let lastMs = performance.now();
  let lastWaitMs = runQueueWaitMs();
  const tick = (): void => {
    const nowMs = performance.now();
    const waitMs = runQueueWaitMs();
    const lateMs = nowMs - lastMs - TICK_MS;
    if (lateMs >= SHOWN_MS) {
      const beganAtMs = performance.timeOrigin + lastMs;
      appendFileSync(
        log,
        `${beganAtMs.toFixed(1)} ${lateMs.toFixed(1)} ${(waitMs - lastWaitMs).toFixed(1)}\n`,
      );
    }
    lastMs = performance.now();
    lastWaitMs = waitMs;
    setTimeout(tick, TICK_MS).unref();
  };
  tick();
}

/** How long the main thread waited for a core since it began; 0 where the system does not tell. */
function runQueueWaitMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
