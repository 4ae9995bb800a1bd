import { readFileSync, readlinkSync } from 'node:fs';

import { systemCodeOf } from '../../errors.ts';

/** The input of a process that has nothing to read. */
const NO_INPUT = '/dev/null';
/** How often the watch looks. Connections that the proxy accepts in between are drained like the others. */
const CHECK_INTERVAL_MS = 500;

/** Names of the shells that a package manager starts between itself and a program. */
const SHELLS: ReadonlySet<string> = new Set(['sh', 'dash', 'bash', 'ash', 'zsh', 'busybox']);
/** More shells than any package manager puts in between. */
const MAX_SHELLS = 4;

/** Why there is nothing to say about a process. */
type Missing = 'gone' | 'unknown';

/** The errors of opening a file in /proc whose process has ended. Other errors, such as EMFILE, say nothing about the process. */
const NO_PROCESS: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH']);

/** What the kernel says about a process. */
interface ProcessState {
  readonly name: string;
  readonly ended: boolean;
  readonly parent: number;
  /** The same number for all processes of one terminal, or of one service. */
  readonly session: number;
  /** Together with the pid it names one process, since the kernel uses pids again. */
  readonly startedAt: string;
}

/**
 * Watches the package manager (npm, npx, pnpm, yarn) that started this process. The manager puts a shell in between, which ends at
 * SIGTERM and does not pass it on. At SIGHUP the manager itself ends. In both cases the proxy would go on, with nobody left to stop
 * it, and would keep its ports.
 *
 * @param gone called once, when the package manager has ended
 * @returns a function that ends the watch
 */
export function watchLauncher(env: NodeJS.ProcessEnv, gone: () => void): () => void {
  const hasGone = env['npm_lifecycle_event'] === undefined ? undefined : launcherCheck();
  if (hasGone === undefined) return () => undefined;
  const timer = setInterval(() => {
    if (!hasGone()) return;
    clearInterval(timer);
    gone();
  }, CHECK_INTERVAL_MS).unref();
  return () => {
    clearInterval(timer);
  };
}

/** Tells whether the package manager has ended; undefined when there is none above this process. */
function launcherCheck(): (() => boolean) | undefined {
  const { ppid } = process;
  const own = stateOf(process.pid);
  // Without /proc, only the parent is known: the manager or its shell.
  if (own === 'unknown' || own === 'gone') return () => process.ppid !== ppid;
  let pid = ppid;
  let state = stateOf(pid);
  if (isShell(state) && isInBackground(pid)) return undefined;
  for (let shells = 0; shells < MAX_SHELLS && isShell(state); shells++) {
    pid = state.parent;
    state = stateOf(pid);
  }
  // A script that starts the proxy in the background (`balance run &`) and ends wants it to stay.
  if (typeof state === 'string' || pid <= 1) return undefined;
  // So does one that starts it with `setsid`, and a program that spawns it detached.
  const { startedAt, session } = state;
  if (session !== own.session) return undefined;
  return () => {
    const now = stateOf(pid);
    if (typeof now === 'string') return now === 'gone';
    return now.ended || now.startedAt !== startedAt;
  };
}

/** Whether the shell started this process with `&`: only then a shell gives a process no input although it has one itself. */
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

/** Reads /proc/[pid]/stat (source: proc(5)). The name in it may hold blanks and brackets. */
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
