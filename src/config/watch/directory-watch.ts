import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { watch } from 'chokidar';
import type { DirectoryInterest } from './watch-places.ts';
import { concerns } from './watch-places.ts';

/** Nobody waits for longer until a directory is listened to. */
const MAX_START_MS = 1000;

/** Listens to what the file system tells of one directory. It is a hint to look, no more. */
export class DirectoryWatch {
  /** Resolves when it listens, or can't. */
  readonly ready: Promise<void>;
  /** Tells the directory from another one that takes its place. */
  readonly identity: string;
  /** May be replaced when other names matter. */
  interest: DirectoryInterest;
  readonly #watcher: ReturnType<typeof watch>;

  constructor(directory: string, identity: string, interest: DirectoryInterest, onEvent: () => void) {
    this.identity = identity;
    this.interest = interest;
    // Entries are not watched one by one: the directory tells of what is written to them, too.
    const watcher = watch(directory, {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      ignored: (path) => path !== directory,
    });
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
