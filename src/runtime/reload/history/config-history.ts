import { dirname, resolve } from 'node:path';

import type { Config } from '../../../config/schema/config.generated.ts';
import { withOwnDomains, type LoadedConfig } from '../../../config/load/loaded-config.ts';
import { restorableText } from '../../../config/schema/show-config.ts';
import { messageOf } from '../../../errors.ts';
import type { Logger } from '../../../plugin-api/index.ts';
import type { ReloadOutcome, Reloads, RestoredConfig } from '../outcome/reload-outcome.ts';
import { type HistoryEntry, type HistoryOutcome, HistoryFolder, withoutHeader } from './history-folder.ts';

/** An entry with its config; undefined when the config is only in the folder. */
interface Kept {
  readonly entry: HistoryEntry;
  readonly loaded: LoadedConfig | undefined;
}

/** The configs that went live, so that an operator can look at them and go back. */
export class ConfigHistory {
  readonly #logger: Logger;
  readonly #reloads: Reloads;
  /** Oldest first; the last one is live. */
  #kept: Kept[] = [];
  #size = 0;
  #folder: HistoryFolder | undefined;
  #lastId = 0;
  /** The work on the folder: each piece begins when the one before is done. */
  #work: Promise<void> = Promise.resolve();

  /** @param reloads where a rollback is asked for */
  constructor(logger: Logger, reloads: Reloads) {
    this.#logger = logger;
    this.#reloads = reloads;
  }

  /** Newest first. */
  entries(): HistoryEntry[] {
    if (this.#size === 0) return [];
    return this.#kept.map(({ entry }) => entry).reverse();
  }

  /** The config of an entry of this process; undefined when it is only in the folder, or gone. */
  config(id: number): Config | undefined {
    return this.#kept.find(({ entry }) => entry.id === id)?.loaded?.config;
  }

  /** Adds a config that just went live. The oldest entries go when there are more than `history_size`. */
  record(outcome: ReloadOutcome, loaded: LoadedConfig): void {
    const live = this.#kept.at(-1);
    this.#follow(loaded);
    const { generation, hash, source, atMs, message } = outcome;
    // Only plugins changed: the config is in the history already.
    if (live?.entry.hash === hash) return;
    this.#lastId += 1;
    const entry = {
      id: this.#lastId,
      atMs,
      hash,
      source,
      generation,
      summary: message,
      outcome: 'live' as const,
    };
    this.#close(source === 'rollback' || source === 'guard' ? 'rolled back' : 'replaced');
    // Private keys must not be kept: a rollback reads the files again.
    const kept = { entry, loaded: { ...loaded, contents: new Map<string, string>() } };
    this.#kept.push(kept);
    this.#write(kept);
    this.#trim();
  }

  /**
   * Makes the config of an entry live again; without an id the newest other one that was not rolled back.
   *
   * @returns the outcome; undefined when there is no such entry
   */
  async rollBack(id: number | undefined): Promise<ReloadOutcome | undefined> {
    const restore = await this.#restorable(id);
    return restore === undefined ? undefined : this.#reloads.reload({ source: 'rollback', restore });
  }

  /** The config of that entry; without an id of {@link #earlier}. undefined when there is none. */
  async #restorable(id?: number): Promise<RestoredConfig | undefined> {
    await this.#work;
    const kept = id === undefined ? this.#earlier() : this.#kept.find(({ entry }) => entry.id === id);
    if (kept === undefined) return undefined;
    const { entry, loaded } = kept;
    if (loaded !== undefined) return { loaded };
    const text = await this.#folder?.text(entry);
    return text === undefined ? undefined : { text: withoutHeader(text) };
  }

  /** The newest entry whose config differs from the live one and was not rolled back the last time it was live. */
  #earlier(): Kept | undefined {
    const seen = new Set<string>();
    for (const kept of this.#kept.toReversed()) {
      const { hash, outcome } = kept.entry;
      if (!seen.has(hash) && outcome === 'replaced') return kept;
      seen.add(hash);
    }
    return undefined;
  }

  /** Resolves when the folder holds what the history holds. */
  async flush(): Promise<void> {
    await this.#work;
  }

  /** Applies the `reload.history_…` settings of the config that went live. */
  #follow({ config, file, sources }: LoadedConfig): void {
    const { history_size: size, history_dir: directory } = config.reload;
    this.#size = size;
    const path = directory === undefined || size === 0 ? undefined : resolve(file, '..', directory);
    if (path === this.#folder?.path) return;
    this.#folder = path === undefined ? undefined : new HistoryFolder(path);
    if (sources.includes.some((pattern) => dirname(pattern) === path)) {
      this.#logger.warn('history folder is not used: the config includes files from it', { folder: path });
      this.#folder = undefined;
    }
    if (this.#folder === undefined) return;
    this.#read(this.#folder);
    for (const kept of this.#kept) this.#write(kept);
  }

  /** Adds the entries that earlier processes left in the folder. */
  #read(folder: HistoryFolder): void {
    this.#enqueue(async () => {
      const own = new Set(this.#kept.map(({ entry }) => entry.atMs));
      const found = (await folder.list()).filter(({ atMs }) => !own.has(atMs));
      const again = this.#goOn(found.at(-1));
      if (again !== undefined) found.pop();
      const before = found.map((entry) => ({ entry: closed(entry, 'replaced'), loaded: undefined }));
      const last = again === undefined ? Math.max(0, ...found.map(({ id }) => id)) : again.id - 1;
      // The ids of this process continue after those in the folder.
      if (last >= (this.#kept[0]?.entry.id ?? 0)) this.#renumber(last);
      this.#kept = [...before, ...this.#kept];
      this.#trim();
    });
  }

  /** After a restart with the same config the newest entry is continued: else each restart would push another entry out. */
  #goOn(newest: HistoryEntry | undefined): HistoryEntry | undefined {
    const [first, ...later] = this.#kept;
    if (first === undefined || newest?.hash !== first.entry.hash) return undefined;
    const { id, generation, outcome } = first.entry;
    this.#kept = [{ ...first, entry: { ...newest, id, generation, outcome } }, ...later];
    return newest;
  }

  #renumber(behind: number): void {
    this.#kept = this.#kept.map(({ entry, loaded }) => ({
      entry: { ...entry, id: entry.id + behind },
      loaded,
    }));
    this.#lastId += behind;
  }

  /** The newest entry is not live any more. */
  #close(outcome: HistoryOutcome): void {
    const live = this.#kept.pop();
    if (live === undefined) return;
    const kept = { entry: closed(live.entry, outcome), loaded: live.loaded };
    this.#kept.push(kept);
    this.#write(kept);
  }

  #write({ entry, loaded }: Kept): void {
    const folder = this.#folder;
    if (folder === undefined || loaded === undefined) return;
    this.#enqueue(async () => {
      // Its id may have changed since.
      const now = this.#kept.find((kept) => kept.loaded === loaded && kept.entry.atMs === entry.atMs)?.entry;
      if (now !== undefined) await folder.write(now, restorableText(withOwnDomains(loaded)));
    });
  }

  #trim(): void {
    const excess = this.#kept.length - Math.max(1, this.#size);
    const gone = excess > 0 ? this.#kept.splice(0, excess) : [];
    const folder = this.#folder;
    if (folder === undefined) return;
    for (const { entry } of gone) this.#enqueue(() => folder.remove(entry));
  }

  /** Works on the folder later. A failure is logged and harms nothing but the history on disk. */
  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#logger.warn('history folder can not be used', {
        folder: this.#folder?.path,
        error: messageOf(error),
      });
    });
  }
}

function closed(entry: HistoryEntry, outcome: HistoryOutcome): HistoryEntry {
  return entry.outcome === 'live' ? { ...entry, outcome } : entry;
}
