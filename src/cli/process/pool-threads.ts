import { readdirSync, readFileSync } from 'node:fs';

const TASKS = '/proc/self/task';
/** The name and the state of a thread, of `proc_pid_stat(5)`. */
const STAT = /^\d+ \((?<name>.*)\) (?<state>\S)/s;
/** The name of the threads of Node's pool, since Node 22. */
const POOL_THREAD = 'libuv-worker';
/** Where a thread waits for work, or for another thread. "0": the system does not tell. */
const AT_REST = /^(?:futex|0$)/;

/**
 * Whether a thread of Node's pool is at work, as far as the system tells: on Linux, and where it names threads. Since Node 26, the reading of
 * a whole file is not in `process.getActiveResourcesInfo()`.
 */
export function isPoolAtWork(): boolean {
  try {
    return readdirSync(TASKS).some(isAtWork);
  } catch {
    return false; // No Linux.
  }
}

function isAtWork(task: string): boolean {
  try {
    const { name, state } = STAT.exec(readFileSync(`${TASKS}/${task}/stat`, 'utf8'))?.groups ?? {};
    if (name !== POOL_THREAD) return false;
    return state === 'R' || !AT_REST.test(readFileSync(`${TASKS}/${task}/wchan`, 'utf8'));
  } catch {
    return false; // The thread has ended.
  }
}
