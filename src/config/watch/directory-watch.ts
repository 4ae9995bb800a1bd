import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FSWatcher } from 'chokidar';
import type { DirectoryInterest } from './watch-targets.ts';
import { concerns } from './watch-targets.ts';

/** Nobody waits for longer until a directory is listened to. */
const MAX_START_MS = 1000;

/**
 * Only the events of the file system count here. At each of them chokidar would read the whole directory and look at every
 * entry: a log file beside the config that is written to a hundred times a second would take as much time as all requests.
 */
class EventWatcher extends FSWatcher {
  override _throttle(
    ...[action, ...rest]: Parameters<FSWatcher['_throttle']>
  ): ReturnType<FSWatcher['_throttle']> {
    // As if it were being read just now.
    return action === 'readdir' ? false : super._throttle(action, ...rest);
  }
}

/** Listens to what the file system tells of one directory. It is a hint to look, no more. */
export class DirectoryWatch {
  /** Resolves when it listens, or can't. */
  readonly ready: Promise<void>;
  /** Tells the directory from another one that takes its place. */
  readonly identity: string;
  /** May be replaced when other names matter. */
  interest: DirectoryInterest;
  readonly #watcher: EventWatcher;

  constructor(directory: string, identity: string, interest: DirectoryInterest, onEvent: () => void) {
    this.identity = identity;
    this.interest = interest;
    // Entries are not watched one by one: the directory tells of what is written to them, too.
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
      // Too many watches, for one: looking every now and then has to do.
      watcher.on('error', () => started());
    });
  }

  close(): Promise<void> {
    return this.#watcher.close();
  }
}

/** Tells a directory from another one that took its place; undefined when there is none. */
export async function directoryIdentity(directory: string): Promise<string | undefined> {
  try {
    const { dev, ino, birthtimeNs } = await stat(directory, { bigint: true });
    // The number of a directory that is gone is soon given to another one.
    return [dev, ino, birthtimeNs].join(':');
  } catch {
    return undefined;
  }
}
