import type { ConfigSources } from '../files/config-sources.ts';
import { isPattern } from '../values/include-pattern.ts';
import { DirectoryWatches } from './directory-watches.ts';
import type { SourceSnapshot } from './source-snapshot.ts';
import { SnapshotTaker } from './source-snapshot.ts';
import { WatchTargets } from './watch-targets.ts';

export interface WatchSettings {
  /** The files are read when nothing happened to them for this long. */
  readonly debounceMs: number;
  /** How often the files are read even when the file system reports nothing. */
  readonly pollIntervalMs: number;
}

export interface WatchOptions extends WatchSettings {
  /** The files that the config in use was made from. */
  readonly sources: ConfigSources;
  /**
   * Called when the files have new content that no load has read yet. Resolves when a load that began after the call is over. Must not
   * throw.
   */
  readonly onChange: () => Promise<unknown>;
  /**
   * How long a file may be missing or empty before that counts as an edit. An editor that replaces the file is done by then, so it is a
   * mistake that must be reported. Default: 5000.
   */
  readonly gapSettleMs?: number;
}

/** New content that was reported, so that it is loaded. */
interface Report {
  readonly hash: string;
  /** The hash that the last load had read at the time of the report. */
  readonly against: string;
  readonly times: number;
  /** Whether the load has not ended yet. */
  pending: boolean;
}

/** How long all files must stay the same before their content counts. */
const SETTLE_MS = 50;
/** The same when a file is gone that a pattern matched, because a tool may be writing the folder again. */
const VANISHED_SETTLE_MS = 500;
const GAP_SETTLE_MS = 5000;
/** A file that is written all the time is read this often. */
const LONGEST_QUIET_WAIT_MS = 1000;
/** The content of a file that is written all the time counts after this time. */
const LONGEST_SETTLE_MS = 2000;
/** How often the same content is reported when the loads read something else. */
const MAX_REPORTS = 2;

/**
 * Notices edits of all files of a config, however they are made: by writing to a file, replacing it, deleting it and making it again, or
 * changing a symbolic link on the path to it. Events of the file system are only a hint to read the files; their content decides.
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
  /** When the first event since the last look came. */
  #hintedMs: number | undefined;
  #reported: Report | undefined;
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

  /** Continues with the files that a load has read, whether it succeeded or not. Only other content is reported from now on. */
  follow(sources: ConfigSources): void {
    this.#sources = sources;
    // An edit since the load gave no event when its file was not watched yet.
    this.#lookSoon();
  }

  adjust(settings: WatchSettings): void {
    const { pollIntervalMs } = this.#settings;
    this.#settings = settings;
    if (settings.pollIntervalMs === pollIntervalMs || this.#closed) return;
    clearInterval(this.#poll);
    this.#poll = this.#startPoll();
  }

  /** Stops. `onChange` is not called any more after this call. */
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

  /** Looks when no further event came for a while. */
  #lookSoon(): void {
    const { debounceMs } = this.#settings;
    const nowMs = performance.now();
    this.#hintedMs ??= nowMs;
    // Frequent events must not delay the look forever.
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
    // Edits from before the new watches began gave no event, so one more look is needed.
    if (listensAnew || sources !== this.#sources) this.#lookSoon();
    else this.#judge(now);
  }

  /** Watches all directories in which an edit can happen. Returns whether any of them is new. */
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
      this.#reported = undefined;
    } else if (!this.#isReported(now)) this.#settle(now);
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
    this.#report(now);
  }

  #settleMs({ gap, vanished }: SourceSnapshot): number {
    const usualMs = Math.max(SETTLE_MS, this.#settings.debounceMs);
    if (gap) return Math.max(this.#gapSettleMs, usualMs);
    return vanished ? Math.max(VANISHED_SETTLE_MS, usualMs) : usualMs;
  }

  /** How long content may keep changing before it counts anyway. For a missing or empty file this is its usual settling time. */
  #longestSettleMs(now: SourceSnapshot): number {
    const usualMs = this.#settleMs(now);
    return now.gap || now.vanished ? usualMs : Math.max(LONGEST_SETTLE_MS, usualMs);
  }

  /** Whether this content was reported already and is being loaded, or was reported often enough in vain. */
  #isReported({ hash }: SourceSnapshot): boolean {
    const reported = this.#reported;
    if (reported?.hash !== hash) return false;
    return reported.pending || (reported.against === this.#sources.hash && reported.times >= MAX_REPORTS);
  }

  #report({ hash }: SourceSnapshot): void {
    const against = this.#sources.hash;
    const again = this.#reported?.hash === hash && this.#reported.against === against;
    const report: Report = {
      hash,
      against,
      times: again ? (this.#reported?.times ?? 0) + 1 : 1,
      pending: true,
    };
    this.#reported = report;
    const done = (): void => {
      report.pending = false;
      this.#lookSoon();
    };
    this.#onChange().then(done, done);
  }

  /** Asked after an await, when `close` may have been called. */
  #isClosed(): boolean {
    return this.#closed;
  }
}
