import { readFileSync, readlinkSync } from 'node:fs';

import { systemCodeOf } from '../../errors.ts';

/** Where a process reads from that has nothing to read. */
const NO_INPUT = '/dev/null';
/** How often it is looked at. What the proxy still accepts meanwhile is drained like the rest. */
const LOOK_INTERVAL_MS = 500;

/** Names of processes that only stand between a package manager and what it starts. */
const SHELLS: ReadonlySet<string> = new Set(['sh', 'dash', 'bash', 'ash', 'zsh', 'busybox']);
/** More shells than any package manager puts in between. */
const MAX_SHELLS = 4;

/** Why nothing is told of a process. */
type Missing = 'gone' | 'unknown';

/** What opening a file of /proc fails with when that process has ended. Any other failure, as of no descriptor left, says nothing. */
const NO_PROCESS: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH']);

/** A process, as the kernel tells of it. */
interface ProcessState {
  readonly name: string;
  readonly ended: boolean;
  readonly parent: number;
  /** Processes of one terminal, or of one service. */
  readonly session: number;
  /** With the pid it names one process: pids are used again. */
  readonly startedAt: string;
}

/**
 * Follows the package manager (npm, npx, pnpm, yarn) that started this process. It puts a shell in between, which ends at
 * SIGTERM and does not pass it on; at SIGHUP the manager itself ends. Either way the proxy would go on without anybody who
 * could stop it, and hold its ports.
 *
 * @param gone called once, when the package manager has ended
 * @returns what ends the watch
 */
export function watchLauncher(env: NodeJS.ProcessEnv, gone: () => void): () => void {
  const hasGone = env['npm_lifecycle_event'] === undefined ? undefined : launcherCheck();
  if (hasGone === undefined) return () => undefined;
  const timer = setInterval(() => {
    if (!hasGone()) return;
    clearInterval(timer);
    gone();
  }, LOOK_INTERVAL_MS).unref();
  return () => {
    clearInterval(timer);
  };
}

/** Tells whether the package manager has ended; undefined when there is none above this process. */
function launcherCheck(): (() => boolean) | undefined {
  const { ppid } = process;
  const own = stateOf(process.pid);
  // Without /proc only the parent is known, be it the manager or its shell.
  if (own === 'unknown' || own === 'gone') return () => process.ppid !== ppid;
  let pid = ppid;
  let state = stateOf(pid);
  if (isShell(state) && isInBackground(pid)) return undefined;
  for (let shells = 0; shells < MAX_SHELLS && isShell(state); shells++) {
    pid = state.parent;
    state = stateOf(pid);
  }
  // A script that leaves its processes behind (`balance run &`) wants them to stay.
  if (typeof state === 'string' || pid <= 1) return undefined;
  // So does one that starts them with `setsid`, and whoever spawns them detached.
  const { startedAt, session } = state;
  if (session !== own.session) return undefined;
  return () => {
    const now = stateOf(pid);
    if (typeof now === 'string') return now === 'gone';
    return now.ended || now.startedAt !== startedAt;
  };
}

/** Whether a shell, which may still run, started this process with `&`: only then it gives it no input although it has one itself. */
function isInBackground(shell: number): boolean {
  const input = inputOf(process.pid);
  return input === NO_INPUT && ![NO_INPUT, undefined].includes(inputOf(shell));
}

function inputOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/0`);
  } catch {
    return undefined;
  }
}

function isShell(state: ProcessState | Missing): state is ProcessState {
  return typeof state !== 'string' && SHELLS.has(state.name);
}

/** Source: proc(5), /proc/[pid]/stat. The name may hold blanks and brackets. */
function stateOf(pid: number): ProcessState | Missing {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const nameEnd = text.lastIndexOf(')');
    const fields = text.slice(nameEnd + 2).split(' ');
    return {
      name: text.slice(text.indexOf('(') + 1, nameEnd),
      ended: fields[0] === 'Z' || fields[0] === 'X',
      parent: Number(fields[1]),
      session: Number(fields[3]),
      startedAt: fields[19] ?? '',
    };
  } catch (error) {
    return NO_PROCESS.has(systemCodeOf(error)) ? 'gone' : 'unknown';
  }
}
