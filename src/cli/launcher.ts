import { readFileSync } from 'node:fs';

/** How often it is looked at. What the proxy still accepts meanwhile is drained like the rest. */
const LOOK_INTERVAL_MS = 500;

/** Names of processes that only stand between a package manager and what it starts. */
const SHELLS: ReadonlySet<string> = new Set(['sh', 'dash', 'bash', 'ash', 'zsh', 'busybox']);
/** More shells than any package manager puts in between. */
const MAX_SHELLS = 4;

/** A process, as the kernel tells of it. */
interface ProcessState {
  readonly name: string;
  readonly ended: boolean;
  readonly parent: number;
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
  // Without /proc only the parent is known, be it the manager or its shell.
  if (stateOf(process.pid) === undefined) return () => process.ppid !== ppid;
  let pid = ppid;
  let state = stateOf(pid);
  for (let shells = 0; shells < MAX_SHELLS && state !== undefined && SHELLS.has(state.name); shells++) {
    pid = state.parent;
    state = stateOf(pid);
  }
  // A script that leaves its processes behind (`balance run &`) wants them to stay.
  if (state === undefined || pid <= 1) return undefined;
  const { startedAt } = state;
  return () => {
    const now = stateOf(pid);
    return now === undefined || now.ended || now.startedAt !== startedAt;
  };
}

/** Source: proc(5), /proc/[pid]/stat. The name may hold blanks and brackets. */
function stateOf(pid: number): ProcessState | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const nameEnd = text.lastIndexOf(')');
    const fields = text.slice(nameEnd + 2).split(' ');
    return {
      name: text.slice(text.indexOf('(') + 1, nameEnd),
      ended: fields[0] === 'Z' || fields[0] === 'X',
      parent: Number(fields[1]),
      startedAt: fields[19] ?? '',
    };
  } catch {
    return undefined;
  }
}
