import { lstat } from 'node:fs/promises';
import { connect } from 'node:net';

import { systemCodeOf } from '../../errors.ts';

/** Whether a path is a unix socket that a process left behind when it was killed. Any other file is somebody's. */
export async function isAbandoned(path: string): Promise<boolean> {
  // A name without a file can't be left behind.
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
    // Anything else, such as a full backlog (EAGAIN), says that somebody is there.
    probe.once('error', (error) => {
      resolve(systemCodeOf(error) !== 'ECONNREFUSED');
    });
  });
}
