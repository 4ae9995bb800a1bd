import { processState } from './process-state.ts';

/** Programs that run one other program as the first process of a container, and end with it. */
const SMALL_INITS: ReadonlySet<string> = new Set([
  'tini',
  'tini-static',
  'docker-init',
  'podman-init',
  'catatonit',
  'dumb-init',
]);
const FIRST_PROCESS = 1;

/**
 * Why this process can't be replaced by another one; undefined when it can. The end of the first process of a container ends all others,
 * so a new version beside it would end with it.
 */
export function upgradeRefusal({
  pid,
  ppid,
}: {
  readonly pid: number;
  readonly ppid: number;
}): string | undefined {
  if (pid === FIRST_PROCESS)
    return 'this is the first process of its container, and the container ends with it: start a new container instead';
  if (ppid !== FIRST_PROCESS) return undefined;
  const first = processState(FIRST_PROCESS);
  if (typeof first === 'string' || !SMALL_INITS.has(first.name)) return undefined;
  return `${first.name}, the first process of this container, ends with this process, and the container with it: start a new container instead`;
}
