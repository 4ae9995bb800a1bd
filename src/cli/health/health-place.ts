import { readlinkSync } from 'node:fs';

/** Names the place where `balance run` tells whether it is ready, and where `balance health` asks. */
export const HEALTH_SOCKET = 'BALANCE_HEALTH_SOCKET';

/** Where a process tells whether it is ready. */
export interface HealthPlace {
  /** What `net` listens at and connects to. */
  readonly path: string;
  /** For humans. */
  readonly shown: string;
}

/**
 * The place that the environment names; undefined when it names none.
 *
 * `@name` is a socket without a file (Linux), which works in a container that can write nothing. Such names belong to the
 * network, and containers may share that (`--network host`): the name gets the number of the process namespace, which each
 * container has for itself. Anything else is the path of a socket file.
 */
export function healthPlace(env: NodeJS.ProcessEnv): HealthPlace | undefined {
  const value = env[HEALTH_SOCKET];
  if (value === undefined || value === '') return undefined;
  if (!value.startsWith('@')) return { path: value, shown: value };
  const name = `${value.slice(1)}-${processNamespace()}`;
  return { path: `\0${name}`, shown: `@${name}` };
}

/** The same for all processes of a container; other ones elsewhere. */
function processNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}
