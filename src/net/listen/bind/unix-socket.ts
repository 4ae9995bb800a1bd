import { chmodSync, lstatSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { connect, type Server } from 'node:net';

import { systemCodeOf } from '../../../errors.ts';

/** The umask while a socket is made: only the owner may connect until the socket has the permissions that the config asks for. */
const OWNER_ONLY = 0o177;
const ALL = 0o777;

/**
 * Makes a server listen on a unix socket. With a `mode`, nobody can connect before the socket has exactly these permissions. The
 * server emits errors as `listen` does; throws when the permissions can't be set.
 */
export function bindWithMode(server: Server, path: string, mode: number | undefined, backlog?: number): void {
  const options = backlog === undefined ? { path } : { path, backlog };
  if (mode === undefined) {
    server.listen(options);
    return;
  }
  ownerOnly(() => server.listen(options));
  // If another server has the path, its permissions must not be changed.
  if (!server.listening) return;
  try {
    chmodSync(path, mode);
  } catch (error) {
    server.close();
    throw error;
  }
}

/**
 * Makes a unix socket to which only its owner may connect. `bind` must bind it before it returns, so that this applies to no other file.
 * Throws in worker threads: they may not change the umask.
 */
export function ownerOnly<T>(bind: () => T): T {
  const before = process.umask(OWNER_ONLY);
  try {
    return bind();
  } finally {
    process.umask(before);
  }
}

/**
 * Changes the permissions of a bound unix socket; undefined: to what the umask leaves. Throws when the path is no socket any more:
 * chmod follows links, and would change the permissions of another file.
 */
export function changeMode(path: string, mode: number | undefined): void {
  if (!lstatSync(path).isSocket()) throw new Error(`${path} is no socket any more: somebody replaced it`);
  chmodSync(path, mode ?? ALL & ~currentUmask());
}

/** Sets the umask for a moment, because Node.js warns when `process.umask()` is called without an argument. */
function currentUmask(): number {
  const umask = process.umask(OWNER_ONLY);
  process.umask(umask);
  return umask;
}

/** Whether a path is a unix socket that a killed process left behind, and that may be removed. */
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
    // Any other error, such as EAGAIN for a full backlog, means that a process listens.
    probe.once('error', (error) => {
      resolve(systemCodeOf(error) !== 'ECONNREFUSED');
    });
  });
}
