import type { ConfigSources } from '../files/config-sources.ts';
import { isPattern } from '../values/include-pattern.ts';
import { DirectoryWatches } from './directory-watches.ts';
import type { SourceSnapshot } from './source-snapshot.ts';
import { SnapshotTaker } from './source-snapshot.ts';
import { WatchTargets } from './watch-targets.ts';

export interface WatchSettings {
  /** The files are looked at when nothing happened to them for so long. */
  readonly debounceMs: number;
  /** How often they are looked at without being told to. */
  readonly pollIntervalMs: number;
}

export interface WatchOptions extends WatchSettings {
  /** What the config that is in use was made from. */
  readonly sources: ConfigSources;
  /**
   * The files settled on content that no load gave. Resolves when a load that began after the call is over. Must not
   * throw.
   */
  readonly onChange: () => Promise<unknown>;
  /**
   * For how long a file may be missing or empty before that counts as content. Who saves a file that way is done by
   * then: it is a mistake, to be told. Default: 5000.
   */
  readonly gapSettleMs?: number;
}

/** Content that a load was asked for. */
interface Told {
  readonly hash: string;
  /** What the last load gave when this was told. */
  readonly against: string;
  readonly times: number;
  /** Whether the load is still to come. */
  pending: boolean;
}

/** For how long all files must stay the same before their content counts. */
const SETTLE_MS = 50;
/** For how long, when a file is gone that a pattern matched: tools that write a folder anew take a moment. */
const VANISHED_SETTLE_MS = 500;
const GAP_SETTLE_MS = 5000;
/** A file that somebody writes to on and on is looked at this often, */
const LONGEST_QUIET_WAIT_MS = 1000;
/** and its content counts after this time although it still changes. */
const LONGEST_SETTLE_MS = 2000;
/** How often the same content is told when the loads see something else. */
const MAX_TELLS = 2;

/**
 * Follows edits of all files of a config, however they are made: written in place, renamed over, deleted and made again,
 * or by swapping a symlink on the way to them. The file system's events are only a hint to look; what counts is the
 * content.
 */
export class ConfigWatch {
  /** Resolves when every edit from now on is noticed. */
  readonly ready: Promise<void>;
  readonly #onChange: () => Promise<unknown>;
  readonly #gapSettleMs: number;
  readonly #snapshots = new SnapshotTaker();
  readonly #directories = new DirectoryWatches(() => this.#lookSoon());
  #settings: WatchSettings;
  #sources: ConfigSources;
  #poll: NodeJS.Timeout;
  #lookTimer: NodeJS.Timeout | undefined;
  /** When the timer is due, by the clock of `performance.now`. */
  #nextLookMs: number | undefined;
  /** Looks run one after the other. */
  #looks: Promise<void>;
  #queued = false;
  /** Content that is new but may still be changing. */
  #settling:
    { readonly stamp: string; readonly sinceMs: number; readonly changingSinceMs: number } | undefined;
  /** When something happened first since the last look. */
  #hintedMs: number | undefined;
  #told: Told | undefined;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#onChange = options.onChange;
    this.#gapSettleMs = options.gapSettleMs ?? GAP_SETTLE_MS;
    this.#settings = options;
    this.#sources = options.sources;
    this.ready = this.#start();
    this.#looks = this.ready;
    this.#poll = this.#startPoll();
  }

  /** Goes on with what a load read, whatever became of it: only other content is told from now on. */
  follow(sources: ConfigSources): void {
    this.#sources = sources;
    // An edit between the load and now was not told when its file was not watched yet.
    this.#lookSoon();
  }

  adjust(settings: WatchSettings): void {
    const { pollIntervalMs } = this.#settings;
    this.#settings = settings;
    if (settings.pollIntervalMs === pollIntervalMs || this.#closed) return;
    clearInterval(this.#poll);
    this.#poll = this.#startPoll();
  }

  /** Stops; `onChange` is not called any more once this was called. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#lookTimer);
    await this.#looks;
    await this.#directories.close();
  }

  async #start(): Promise<void> {
    await this.#listen(await this.#snapshots.take(this.#sources));
    this.#lookSoon();
  }

  #startPoll(): NodeJS.Timeout {
    return setInterval(() => this.#enqueue(), this.#settings.pollIntervalMs).unref();
  }

  /** Something happened: looks when nothing else did for a while. */
  #lookSoon(): void {
    const { debounceMs } = this.#settings;
    const nowMs = performance.now();
    this.#hintedMs ??= nowMs;
    // Who writes more often than that must not keep it from being seen.
    const latestMs = this.#hintedMs + Math.max(LONGEST_QUIET_WAIT_MS, debounceMs);
    this.#lookAt(Math.min(nowMs + debounceMs, latestMs));
  }

  /** Looks after a time at the latest. */
  #lookWithin(delayMs: number): void {
    const atMs = performance.now() + delayMs;
    if (this.#nextLookMs === undefined || atMs < this.#nextLookMs) this.#lookAt(atMs);
  }

  #lookAt(atMs: number): void {
    clearTimeout(this.#lookTimer);
    if (this.#closed) return;
    this.#nextLookMs = atMs;
    this.#lookTimer = setTimeout(
      () => {
        this.#nextLookMs = undefined;
        this.#enqueue();
      },
      Math.max(0, atMs - performance.now()),
    );
  }

  #enqueue(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#looks = this.#looks.then(() => {
      this.#queued = false;
      return this.#look();
    });
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    this.#hintedMs = undefined;
    const sources = this.#sources;
    const now = await this.#snapshots.take(sources);
    const listensAnew = await this.#listen(now);
    if (this.#isClosed()) return;
    // What happened before it listened is seen by one more look.
    if (listensAnew || sources !== this.#sources) this.#lookSoon();
    else this.#judge(now);
  }

  /** Listens wherever an edit can happen. Whether that is anywhere new. */
  async #listen({ links }: SourceSnapshot): Promise<boolean> {
    const { files, includes } = this.#sources;
    const targets = new WatchTargets();
    for (const { file, role } of files) if (role !== 'include') await targets.addFile(file);
    for (const include of includes) if (isPattern(include)) await targets.addInclude(include);
    for (const link of links) await targets.addFile(link);
    return this.#directories.set(targets.directories);
  }

  #judge(now: SourceSnapshot): void {
    if (now.hash === this.#sources.hash) {
      this.#settling = undefined;
      this.#told = undefined;
    } else if (!this.#isTold(now)) this.#settle(now);
  }

  #settle(now: SourceSnapshot): void {
    const { stamp } = now;
    const nowMs = performance.now();
    if (this.#settling?.stamp !== stamp) {
      const changingSinceMs = this.#settling?.changingSinceMs ?? nowMs;
      this.#settling = { stamp, sinceMs: nowMs, changingSinceMs };
    }
    const restMs = Math.min(
      this.#settling.sinceMs + this.#settleMs(now) - nowMs,
      this.#settling.changingSinceMs + this.#longestSettleMs(now) - nowMs,
    );
    if (restMs > 0) {
      this.#lookWithin(restMs);
      return;
    }
    this.#settling = undefined;
    this.#tell(now);
  }

  #settleMs({ gap, vanished }: SourceSnapshot): number {
    const usualMs = Math.max(SETTLE_MS, this.#settings.debounceMs);
    if (gap) return Math.max(this.#gapSettleMs, usualMs);
    return vanished ? Math.max(VANISHED_SETTLE_MS, usualMs) : usualMs;
  }

  /** How long content may go on changing before it counts all the same; a gap is waited for. */
  #longestSettleMs(now: SourceSnapshot): number {
    const usualMs = this.#settleMs(now);
    return now.gap || now.vanished ? usualMs : Math.max(LONGEST_SETTLE_MS, usualMs);
  }

  /** Whether a load was asked for, or gave something else all the time. */
  #isTold({ hash }: SourceSnapshot): boolean {
    const told = this.#told;
    if (told?.hash !== hash) return false;
    return told.pending || (told.against === this.#sources.hash && told.times >= MAX_TELLS);
  }

  #tell({ hash }: SourceSnapshot): void {
    const against = this.#sources.hash;
    const again = this.#told?.hash === hash && this.#told.against === against;
    const told: Told = { hash, against, times: again ? (this.#told?.times ?? 0) + 1 : 1, pending: true };
    this.#told = told;
    const done = (): void => {
      told.pending = false;
      this.#lookSoon();
    };
    this.#onChange().then(done, done);
  }

  /** Asked after an await, when `close` may have been called. */
  #isClosed(): boolean {
    return this.#closed;
  }
}
