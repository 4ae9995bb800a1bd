import { chmodSync, linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { connect, type Server } from 'node:net';

import { MAX_UNIX_PATH_BYTES } from '../../../config/values/address.ts';
import { systemCodeOf } from '../../../errors.ts';
import { systemError } from '../../node/node-internals.ts';

/** The umask while a socket is made: only the owner may connect until the socket has the permissions that the config asks for. */
const OWNER_ONLY = 0o177;
const ALL = 0o777;

/** A socket is bound at its path and this. */
const BESIDE = '.new';
/** A path may be so long. */
export const MAX_BOUND_PATH_BYTES = MAX_UNIX_PATH_BYTES - BESIDE.length;

/** Makes the socket of a path. */
export interface SocketMaker<T> {
  /** Binds a socket at another path before it returns. undefined: that failed, and is told elsewhere. */
  bind(beside: string): T;
  close(bound: T): void;
}

/**
 * Binds a unix socket beside its path, and then gives it that path. libuv removes the path where it has bound a socket as soon as it closes
 * that; this way it finds nothing there, and another process can go on with the socket. Whoever ends it for good has to remove the path.
 *
 * With a `mode`, nobody can connect before the socket has exactly these permissions. An abstract name has neither path nor permissions.
 *
 * @throws a system error: `EADDRINUSE` when there is something at the path, `ENAMETOOLONG`
 */
export function bindUnix<T>(path: string, mode: number | undefined, maker: SocketMaker<T>): T {
  if (path.startsWith('\0')) return maker.bind(path);
  if (Buffer.byteLength(path) > MAX_BOUND_PATH_BYTES) throw systemError('bind', 'ENAMETOOLONG');
  const beside = path + BESIDE;
  removeLeftover(beside);
  const bound = mode === undefined ? maker.bind(beside) : ownerOnly(() => maker.bind(beside));
  if (bound === undefined) return bound;
  try {
    if (mode !== undefined) chmodSync(beside, mode);
    moveTo(path, beside);
    return bound;
  } catch (error) {
    maker.close(bound);
    throw error;
  }
}

/** Makes a server listen on a unix socket, as {@link bindUnix} does. The server emits errors as `listen` does. */
export function listenUnix(server: Server, path: string, mode: number | undefined, backlog?: number): void {
  bindUnix<Server | undefined>(path, mode, {
    bind: (beside) => {
      server.listen(backlog === undefined ? { path: beside } : { path: beside, backlog });
      return server.listening ? server : undefined;
    },
    close: () => {
      server.close();
    },
  });
}

/** One that a process left behind that was killed at this very step. */
function removeLeftover(beside: string): void {
  if (lstatSync(beside, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(beside);
}

/** Gives a file another path, unless there is something already. */
function moveTo(path: string, from: string): void {
  try {
    linkSync(from, path);
  } catch (error) {
    const isTaken = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    if (isTaken) throw systemError('bind', 'EADDRINUSE');
    if (!NO_LINKS.has(systemCodeOf(error))) throw error;
    // The file system has no second names.
    renameSync(from, path);
    return;
  }
  unlinkSync(from);
}

const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Gives a socket that was taken over the permissions of the config, if it has others. Whoever may not change them leaves them as they are:
 * an operator may have given the socket to another user.
 */
export function adoptMode(path: string, mode: number | undefined): void {
  if (mode === undefined || path.startsWith('\0')) return;
  try {
    if ((lstatSync(path).mode & ALL) !== mode) changeMode(path, mode);
  } catch {
    // It works as it is.
  }
}

/**
 * Makes a unix socket to which only its owner may connect. `bind` must bind it before it returns, so that this applies to no other file.
 * Throws in worker threads: they may not change the umask.
 */
function ownerOnly<T>(bind: () => T): T {
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
