import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

/** Which cores a process is pinned to, as `taskset` takes them; undefined leaves it to the kernel. */
export interface Cores {
  /** The proxy under test has them for itself. */
  readonly proxy: string | undefined;
  /** The load generator and the backend share it. */
  readonly load: string | undefined;
}

/**
 * One core for the load and one for each worker, of those that this process may use. Where they are too few, all workers share one. Without
 * a second core or `taskset` nothing is pinned.
 */
export function chooseCores(workers: number): Cores {
  const status = readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(status)?.[1] ?? '';
  const allowed = list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  if (allowed.length < 2 || spawnSync('taskset', ['--version']).status !== 0) {
    return { proxy: undefined, load: undefined };
  }
  const ofProxy = allowed.length > workers ? workers : 1;
  return { proxy: allowed.slice(0, ofProxy).join(','), load: String(allowed[ofProxy]) };
}

/** The command that runs `command` on some cores. `taskset` replaces itself, so the pid stays the command's. */
export function pinned(cores: string | undefined, command: readonly string[]): readonly string[] {
  return cores === undefined ? command : ['taskset', '-c', cores, ...command];
}
