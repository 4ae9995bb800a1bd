import { msBetween } from '../../shared/shared-clock.ts';
import type { SharedNumber } from '../balancer/contract/shared-turns.ts';
import type { EjectionCause } from '../../readings/upstreams/upstream.ts';
import { ChangeListeners } from './change-listeners.ts';
import { clear, increment, NO_WAKES, OwnNumber, type WordClock, type WordWakes } from './standing-words.ts';

/** How long backends are ejected. */
export interface EjectionTimes {
  readonly baseMs: number;
  readonly maxMs: number;
  /** A backend that has stayed in for this time loses one of its past ejections. */
  readonly forgiveMs: number;
}

/** Why and for how long a backend is ejected. */
export interface EjectionReport {
  readonly cause: EjectionCause;
  /** In words. */
  readonly reason: string;
  /** Its number among ejections in a row: the first is 1. */
  readonly count: number;
  readonly durationMs: number;
}

/** What speaks against a backend. */
export type Suspicion = Pick<EjectionReport, 'cause' | 'reason'>;

/** Hears what becomes of a backend, from the worker that decided it. */
export interface EjectionObserver {
  ejected(report: EjectionReport): void;
  /** @param reason why it is back, in words */
  returned(reason: string): void;
}

/** What all workers share of an ejection. */
export interface EjectionWords {
  /** Failures in a row. */
  readonly failures: SharedNumber;
  /** When the ejection ends, by the clock; 0 while there is none. */
  readonly until: SharedNumber;
  /** How often the backend was ejected in a row. */
  readonly count: SharedNumber;
  readonly wakes: WordWakes;
  close(): void;
}

export interface EjectionParts {
  readonly times: EjectionTimes;
  readonly clock: WordClock;
  /** Default: there is one worker. */
  readonly words?: EjectionWords | undefined;
  readonly observer: EjectionObserver;
}

/**
 * Whether a backend is ejected from an upstream: for the base time at the first ejection, twice that at the second in a row, and so on. It
 * outlives edits. All workers see the same ejection: one of them decides it, the others look when it tells them.
 */
export class Ejection {
  readonly changes = new ChangeListeners();
  readonly #times: EjectionTimes;
  readonly #clock: WordClock;
  readonly #words: EjectionWords;
  readonly #observer: EjectionObserver;
  readonly #stopWakes: () => void;
  #isOut = false;
  #timer: NodeJS.Timeout | undefined;
  /** ms since 1970; while the backend is in, when it came back last. */
  #changedAtMs: number | undefined;
  #reason: string | undefined;
  /** By the clock: when it came back last. */
  #backAt: number | undefined;
  /** Ejections that this worker decided. */
  total = 0;

  constructor({ times, clock, words, observer }: EjectionParts) {
    this.#times = times;
    this.#clock = clock;
    this.#words = words ?? ownWords();
    this.#observer = observer;
    this.#stopWakes = this.#words.wakes.follow(() => {
      this.look();
    });
    this.look();
  }

  /** Whether it is ejected now. */
  get isOut(): boolean {
    return this.#isOut;
  }

  /** As {@link isOut}, by the words themselves: another worker may have changed them since the last {@link look}. */
  get isInForce(): boolean {
    return this.#words.until.read() !== 0;
  }

  /** When it was ejected, or came back, in ms since 1970; undefined when it never was. */
  get changedAtMs(): number | undefined {
    return this.#changedAtMs;
  }

  /** Why it is ejected; undefined where another worker knows. */
  get reason(): string | undefined {
    return this.#isOut ? this.#reason : undefined;
  }

  /** Its number among ejections in a row, or how many there were. */
  get count(): number {
    return this.#words.count.read();
  }

  /** How long the ejection lasts from now on; 0 when there is none. */
  get leftMs(): number {
    const until = this.#words.until.read();
    return until === 0 ? 0 : Math.max(0, msBetween(this.#clock.now(), until));
  }

  /** Counts a failure. Returns how many there are in a row. */
  countFailure(): number {
    return increment(this.#words.failures);
  }

  countSuccess(): void {
    if (this.#words.failures.read() !== 0) clear(this.#words.failures);
  }

  /** Ejects the backend. False when it is ejected already. */
  eject({ cause, reason }: Suspicion): boolean {
    const { until, count } = this.#words;
    if (until.read() !== 0) return false;
    const { baseMs, maxMs } = this.#times;
    // Beyond the longest time further ejections change nothing, and so need not be forgiven.
    const number = Math.min(this.#forgiven() + 1, Math.ceil(maxMs / baseMs));
    const durationMs = Math.min(baseMs * number, maxMs);
    // 0 says that there is no ejection.
    if (!until.advance(0, this.#clock.now() + durationMs || 1)) return false;
    count.advance(count.read(), number);
    clear(this.#words.failures);
    this.#reason = reason;
    this.total += 1;
    this.#observer.ejected({ cause, reason, count: number, durationMs });
    this.#words.wakes.tellOthers();
    this.look();
    return true;
  }

  /** Takes the ejection back. @param reason why, in words */
  end(reason: string): void {
    const { until, failures, wakes } = this.#words;
    const at = until.read();
    if (at === 0 || !until.advance(at, 0)) return;
    clear(failures);
    this.#observer.returned(reason);
    wakes.tellOthers();
    this.look();
  }

  /** Looks at the words: another worker may have changed them. */
  look(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { leftMs } = this;
    if (leftMs > 0) this.#waitFor(leftMs);
    else if (this.#words.until.read() !== 0) {
      this.end('its time is over');
      return;
    }
    const isOut = leftMs > 0;
    if (isOut === this.#isOut) return;
    this.#isOut = isOut;
    this.#changedAtMs = Date.now();
    if (!isOut) {
      this.#backAt = this.#clock.now();
      this.#reason = undefined;
    }
    this.changes.tell();
  }

  /** No member uses it any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#stopWakes();
    this.#words.close();
  }

  #waitFor(leftMs: number): void {
    this.#timer = setTimeout(() => {
      this.look();
    }, leftMs).unref();
  }

  /** Its past ejections, without those that the time since then has forgiven. */
  #forgiven(): number {
    if (this.#backAt === undefined) return this.count;
    const stayed = Math.floor(msBetween(this.#backAt, this.#clock.now()) / this.#times.forgiveMs);
    return Math.max(0, this.count - Math.max(0, stayed));
  }
}

function ownWords(): EjectionWords {
  return {
    failures: new OwnNumber(),
    until: new OwnNumber(),
    count: new OwnNumber(),
    wakes: NO_WAKES,
    close: () => undefined,
  };
}
