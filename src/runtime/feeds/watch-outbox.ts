import type { CheckedBackend } from '../../health/watch/health-feed.ts';
import type { FeedReport, HealthWatch, NameWatch } from './feed-messages.ts';

/**
 * Reports what a worker watches. All that is watched in one go becomes one report: a new generation may bring thousands of watches, which
 * share the files and sections of their upstreams, and what one message says twice is sent once.
 */
export class WatchOutbox {
  readonly #report: (report: FeedReport) => void;
  #health: HealthWatch[] = [];
  #names: NameWatch[] = [];
  #used: number[] = [];
  #ended: number[] = [];
  #isScheduled = false;
  #lastId = 0;

  constructor(report: (report: FeedReport) => void) {
    this.#report = report;
  }

  /** Returns the number of the watch. */
  watchHealth(backend: CheckedBackend): number {
    const id = this.#nextId();
    this.#health.push({ id, backend });
    return id;
  }

  /** Returns the number of the watch. */
  watchName(host: string): number {
    const id = this.#nextId();
    this.#names.push({ id, host });
    return id;
  }

  /** The backend of that watch got traffic. */
  noteTraffic(id: number): void {
    this.#used.push(id);
    this.#schedule();
  }

  end(id: number): void {
    this.#ended.push(id);
    this.#schedule();
  }

  #nextId(): number {
    this.#schedule();
    this.#lastId += 1;
    return this.#lastId;
  }

  /** A microtask comes before anything that the worker answers later, so the supervisor knows the watches of a generation that is prepared. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      const report: FeedReport = {
        kind: 'watch',
        health: this.#health,
        names: this.#names,
        used: this.#used,
        ended: this.#ended,
      };
      this.#health = [];
      this.#names = [];
      this.#used = [];
      this.#ended = [];
      this.#report(report);
    });
  }
}
