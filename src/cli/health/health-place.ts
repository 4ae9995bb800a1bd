import { readlinkSync } from 'node:fs';

/** The environment variable with the address at which `balance run` says whether it is ready, and `balance health` asks. */
export const HEALTH_SOCKET = 'BALANCE_HEALTH_SOCKET';

/** The address at which a process says whether it is ready. */
export interface HealthPlace {
  /** What `net` listens at and connects to. */
  readonly path: string;
  /** The same for people to read. */
  readonly shown: string;
}

/**
 * Reads the address from the environment; undefined when it has none.
 *
 * `@name` is a socket without a file (Linux), which works in a container that cannot write anything. Such a name belongs to the
 * network namespace, which containers may share (`--network host`). So the name gets the number of the process namespace, which
 * each container has for itself. Any other value is the path of a socket file.
 */
export function healthPlace(env: NodeJS.ProcessEnv): HealthPlace | undefined {
  const value = env[HEALTH_SOCKET];
  if (value === undefined || value === '') return undefined;
  if (!value.startsWith('@')) return { path: value, shown: value };
  const name = `${value.slice(1)}-${processNamespace()}`;
  return { path: `\0${name}`, shown: `@${name}` };
}

/** The number is the same for all processes of one container, and differs between containers. */
function processNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}
