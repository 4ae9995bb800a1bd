import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';

/** Which core a process is pinned to; undefined leaves it to the kernel. */
export interface Cores {
  /** The proxy under test has it for itself. */
  readonly proxy: number | undefined;
  /** The load generator and the backend share it. */
  readonly load: number | undefined;
}

/** Two of the cores that this process may use. Without a second core or `taskset` nothing is pinned. */
export function chooseCores(): Cores {
  const status = readFileSync('/proc/self/status', 'utf8');
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(status)?.[1] ?? '';
  const allowed = list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  if (allowed.length < 2 || spawnSync('taskset', ['--version']).status !== 0) {
    return { proxy: undefined, load: undefined };
  }
  return { proxy: allowed[0], load: allowed[1] };
}

/** The command that runs `command` on a core. `taskset` replaces itself, so the pid stays the command's. */
export function pinned(core: number | undefined, command: readonly string[]): readonly string[] {
  return core === undefined ? command : ['taskset', '-c', String(core), ...command];
}
