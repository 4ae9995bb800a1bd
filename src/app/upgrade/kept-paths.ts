import { linkSync, lstatSync, renameSync, rmSync } from 'node:fs';

import { BalanceError, messageOf } from '../../errors.ts';
import type { Logger } from '../../plugin-api/index.ts';

/** The second name of a socket is its path and this. */
const KEPT = '.old';

/**
 * Unix sockets that get a second name while a new version renames its own over their paths. Without it, nobody could reach them any more
 * when the upgrade fails after that.
 */
export class KeptPaths {
  readonly #paths: string[] = [];

  /** @throws BalanceError when one of the sockets gets no second name: then none has one */
  constructor(paths: readonly string[]) {
    for (const path of paths) {
      try {
        // One that a process left behind that was killed.
        rmSync(path + KEPT, { force: true });
        linkSync(path, path + KEPT);
      } catch (error) {
        this.release();
        throw new BalanceError('internal', `unix:${path} can't be kept for a failure: ${messageOf(error)}`);
      }
      this.#paths.push(path);
    }
  }

  /** The new version serves: removes the second names. */
  release(): void {
    for (const path of this.#paths.splice(0)) {
      try {
        rmSync(path + KEPT, { force: true });
      } catch {
        // The folder is read-only by now. The next upgrade removes it.
      }
    }
  }

  /** The new version has failed, and has ended: the paths lead to these sockets again. */
  restore(logger: Logger): void {
    for (const path of this.#paths.splice(0)) {
      try {
        // To rename a file over another name of itself does nothing.
        if (fileAt(path) === fileAt(path + KEPT)) rmSync(path + KEPT);
        else renameSync(path + KEPT, path);
      } catch (error) {
        const address = `unix:${path}`;
        logger.error('a unix socket could not be put back', { address, error: messageOf(error) });
      }
    }
  }
}

/** Tells files apart; undefined when there is none. */
function fileAt(path: string): string | undefined {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${String(found.dev)}:${String(found.ino)}`;
}
