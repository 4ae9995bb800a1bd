/**
 * Preloaded into the proxy's process: writes a line for each time that its event loop was late. Wall time, and the time
 * in which the thread could have run and was not let, so that a busy machine is told from a busy loop: the system ran
 * another one, or a virtual machine's host took a core away.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const TICK_MS = 2;
const SHOWN_MS = 4;

const file = process.env['STALL_LOG'];
if (file !== undefined && isMainThread) watch(file);

function watch(log: string): void {
  let lastMs = performance.now();
  let lastWaitMs = waitedMs();
  const tick = (): void => {
    const nowMs = performance.now();
    const waitMs = waitedMs();
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

const CLOCK_TICK_MS = 10;

/** How long the main thread waited for a core since it began, and all cores for their host; 0 where the system does not tell. */
function waitedMs(): number {
  try {
    const inQueueMs = Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1e6;
    const stolen = /^cpu +(?:\d+ ){7}(\d+)/.exec(readFileSync('/proc/stat', 'latin1'))?.[1];
    return inQueueMs + Number(stolen ?? 0) * CLOCK_TICK_MS;
  } catch {
    return 0;
  }
}
