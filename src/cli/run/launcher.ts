import { readlinkSync } from 'node:fs';

import { processState, type MissingProcess, type ProcessState } from '../../app/upgrade/process-state.ts';

/** The input of a process that has nothing to read. */
const NO_INPUT = '/dev/null';
/** How often the watch looks. Connections that the proxy accepts in between are drained like the others. */
const CHECK_INTERVAL_MS = 500;

/** Names of the shells that a package manager starts between itself and a program. */
const SHELLS: ReadonlySet<string> = new Set(['sh', 'dash', 'bash', 'ash', 'zsh', 'busybox']);
/** More shells than any package manager puts in between. */
const MAX_SHELLS = 4;

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
  const own = processState(process.pid);
  // Without /proc, only the parent is known: the manager or its shell.
  if (own === 'unknown' || own === 'gone') return () => process.ppid !== ppid;
  let pid = ppid;
  let state = processState(pid);
  if (isShell(state) && isInBackground(pid)) return undefined;
  for (let shells = 0; shells < MAX_SHELLS && isShell(state); shells++) {
    pid = state.parent;
    state = processState(pid);
  }
  // A script that starts the proxy in the background (`balance run &`) and ends wants it to stay.
  if (typeof state === 'string' || pid <= 1) return undefined;
  // So does one that starts it with `setsid`, and a program that spawns it detached.
  const { startedAt, session } = state;
  if (session !== own.session) return undefined;
  return () => {
    const now = processState(pid);
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

function isShell(state: ProcessState | MissingProcess): state is ProcessState {
  return typeof state !== 'string' && SHELLS.has(state.name);
}
