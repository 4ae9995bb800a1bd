import { chmodSync, lstatSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { connect, type Server } from 'node:net';

import { systemCodeOf } from '../../errors.ts';

/** Nobody but the owner may connect before the socket has the permissions that the config asks for. */
const OWNER_ONLY = 0o177;
const ALL = 0o777;

/**
 * Binds a server to a unix socket and has it listen. With a mode the socket has exactly these permissions before anybody who
 * lacks them can connect. The server tells of errors as `listen` does; throws where the permissions can't be set.
 */
export function bindWithMode(server: Server, path: string, mode: number | undefined, backlog?: number): void {
  const options = backlog === undefined ? { path } : { path, backlog };
  if (mode === undefined) {
    server.listen(options);
    return;
  }
  // The runtime binds before `listen` returns, so nothing else of this thread makes a file meanwhile.
  const before = process.umask(OWNER_ONLY);
  try {
    server.listen(options);
  } finally {
    process.umask(before);
  }
  // Where another server has the path, it is not ours to change.
  if (!server.listening) return;
  try {
    chmodSync(path, mode);
  } catch (error) {
    server.close();
    throw error;
  }
}

/**
 * Changes the permissions of a bound unix socket; undefined: to what the umask leaves. Throws where something else has the path
 * by now: chmod follows links, and would give a file of somebody else these permissions.
 */
export function changeMode(path: string, mode: number | undefined): void {
  if (!lstatSync(path).isSocket()) throw new Error(`${path} is no socket any more: somebody replaced it`);
  chmodSync(path, mode ?? ALL & ~currentUmask());
}

/** The runtime warns of asking without setting. */
function currentUmask(): number {
  const umask = process.umask(OWNER_ONLY);
  process.umask(umask);
  return umask;
}

/** Whether a path is a unix socket that a killed process left behind. Any other file belongs to somebody. */
export async function isAbandoned(path: string): Promise<boolean> {
  // An abstract name has no file that could be left behind.
  if (path.startsWith('\0')) return false;
  return (await lstat(path)).isSocket() && !(await answers(path));
}

/** Whether anybody listens on a unix socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Any other error, such as a full backlog (EAGAIN), says that somebody listens.
    probe.once('error', (error) => {
      resolve(systemCodeOf(error) !== 'ECONNREFUSED');
    });
  });
}
