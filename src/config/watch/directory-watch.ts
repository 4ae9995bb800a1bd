import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FSWatcher } from 'chokidar';
import type { DirectoryInterest } from './watch-targets.ts';
import { concerns } from './watch-targets.ts';

/** The longest time to wait until a directory is watched. */
const MAX_START_MS = 1000;

/**
 * A chokidar watcher that only passes on events. Without this, chokidar reads the whole directory at each event: a log file beside the
 * config that is written a hundred times a second would cost as much CPU as all requests.
 */
class EventWatcher extends FSWatcher {
  override _throttle(
    ...[action, ...rest]: Parameters<FSWatcher['_throttle']>
  ): ReturnType<FSWatcher['_throttle']> {
    // Pretends that the directory is being read already.
    return action === 'readdir' ? false : super._throttle(action, ...rest);
  }
}

/** Watches one directory for events of the file system. An event is only a hint to read the files. */
export class DirectoryWatch {
  /** Resolves when the directory is watched, or can't be. */
  readonly ready: Promise<void>;
  /** Differs when another directory has replaced this one at the same path. */
  readonly identity: string;
  /** May be replaced when other names matter. */
  interest: DirectoryInterest;
  readonly #watcher: EventWatcher;

  constructor(directory: string, identity: string, interest: DirectoryInterest, onEvent: () => void) {
    this.identity = identity;
    this.interest = interest;
    // Entries are not watched one by one, because the directory reports writes to them too.
    const watcher = new EventWatcher({ depth: 0, ignoreInitial: true, followSymlinks: false });
    watcher.add(directory);
    this.#watcher = watcher;
    const own = basename(directory);
    watcher.on('raw', (_event, name: unknown) => {
      if (typeof name !== 'string' || name === own || concerns(this.interest, name)) onEvent();
    });
    this.ready = new Promise<void>((started) => {
      const timer = setTimeout(started, MAX_START_MS);
      timer.unref();
      watcher.once('ready', started);
      // For example when there are too many watches. Regular polling still notices edits.
      watcher.on('error', () => started());
    });
  }

  close(): Promise<void> {
    return this.#watcher.close();
  }
}

/** Identifies a directory, so that one that replaced it is noticed; undefined when the directory does not exist. */
export async function directoryIdentity(directory: string): Promise<string | undefined> {
  try {
    const { dev, ino, birthtimeNs } = await stat(directory, { bigint: true });
    // The time of birth is needed, because inode numbers are soon used again.
    return [dev, ino, birthtimeNs].join(':');
  } catch {
    return undefined;
  }
}
