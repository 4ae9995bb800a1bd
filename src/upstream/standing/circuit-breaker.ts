import { formatDuration } from '../../config/values/units.ts';
import { msBetween } from '../../shared/shared-clock.ts';
import type { PlaceLimit } from '../../shared/place-limit.ts';
import type { SharedNumber } from '../balancer/contract/shared-turns.ts';
import type { BreakerState } from '../../readings/upstreams/upstream.ts';
import { packMoment, unpackMoment, type BreakerMoment } from './breaker-state.ts';
import { ChangeListeners } from './change-listeners.ts';
import type { ErrorCode } from '../../errors.ts';
import { failureOf, verdictOf } from './lease-verdict.ts';
import { clear, increment, NO_WAKES, OwnNumber, type WordClock, type WordWakes } from './standing-words.ts';
import { VerdictWindow } from './verdict-window.ts';

/** When a breaker opens, and how it closes again. */
export interface BreakerRules {
  /** So many failures in a row open it. */
  readonly maxFailures: number;
  /** It opens when this part of the requests in a window failed, from 0 to 1; undefined: that is not looked at. */
  readonly errorRate: number | undefined;
  /** Requests that a window needs before its rate counts. */
  readonly minRequests: number;
  readonly windowMs: number;
  /** It stays open for this time. */
  readonly openMs: number;
  /** A half-open breaker lets so many requests through at a time, and so many successes in a row close it. */
  readonly probes: number;
  /** After that, the backend's part of the requests grows from a tenth to all of them in this time. */
  readonly recoveryMs: number;
}

/** What all workers share of a breaker. */
export interface BreakerWords {
  /** Its state and time: {@link packMoment}. */
  readonly moment: SharedNumber;
  /** Failures in a row while it is closed, successes in a row while it is half-open. */
  readonly row: SharedNumber;
  /** Requests that a half-open breaker let through and that run; undefined where one worker counts them itself. */
  readonly probes: PlaceLimit | undefined;
  readonly wakes: WordWakes;
  close(): void;
}

export interface BreakerParts {
  readonly rules: BreakerRules;
  readonly clock: WordClock;
  /** Default: there is one worker. */
  readonly words?: BreakerWords | undefined;
  /** Called when this worker has changed its state. Must not throw. */
  readonly onChange: (state: BreakerState, reason: string) => void;
}

/** The part of its requests that a backend gets when it begins to recover. */
const FLOOR = 0.1;
/** So often its part grows in that time. */
const STEPS = 20;

/**
 * The circuit breaker of a backend in one upstream. It outlives edits. All workers see the same state: one of them changes it, the others
 * look when that one tells them.
 */
export class CircuitBreaker {
  readonly rules: BreakerRules;
  readonly changes = new ChangeListeners();
  readonly #clock: WordClock;
  readonly #words: BreakerWords;
  readonly #onChange: BreakerParts['onChange'];
  readonly #stopWakes: () => void;
  readonly #window: VerdictWindow | undefined;
  #state: BreakerState = 'closed';
  /** ms since 1970. */
  #changedAtMs: number | undefined;
  #reason: string | undefined;
  /** The word of the change that {@link #reason} is for: another worker may have changed the state since then. */
  #reasonWord = -1;
  #factor = 1;
  #timer: NodeJS.Timeout | undefined;
  /** Requests that run in this worker and that a half-open breaker let through. */
  #running = 0;
  /** Whether a place was taken for the lease that begins now. */
  #isReserved = false;
  /** How often this worker opened it. */
  opened = 0;

  constructor({ rules, clock, words, onChange }: BreakerParts) {
    this.rules = rules;
    this.#clock = clock;
    this.#words = words ?? ownWords();
    this.#onChange = onChange;
    this.#window = rules.errorRate === undefined ? undefined : new VerdictWindow(rules.windowMs);
    this.#stopWakes = this.#words.wakes.follow(() => {
      this.look();
      // A place may have become free.
      if (this.#state === 'half-open') this.changes.tell();
    });
    this.look();
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** When the state changed last, in ms since 1970; undefined when it never did. */
  get changedAtMs(): number | undefined {
    return this.#changedAtMs;
  }

  /** Why it is in its state; undefined where another worker knows. */
  get reason(): string | undefined {
    return this.#words.moment.read() === this.#reasonWord ? this.#reason : undefined;
  }

  /** The part of its requests that the backend gets: less than 1 while it recovers. */
  get factor(): number {
    return this.#factor;
  }

  /** Whether one more request may go to the backend, as far as the breaker knows. */
  get hasRoom(): boolean {
    if (this.#state === 'half-open') return this.#probesRunning < this.rules.probes;
    return this.#state !== 'open';
  }

  /** When it lets requests through again, in ms from now; 0 when it does now. */
  get opensInMs(): number {
    const { state, at } = unpackMoment(this.#words.moment.read());
    return state === 'open' ? Math.max(0, msBetween(this.#clock.now(), at)) : 0;
  }

  /** Takes a place for a lease, which {@link begin} then begins in the same turn. False when there is none. */
  reserve(): boolean {
    this.#isReserved = false;
    if (this.#state === 'open') return false;
    if (this.#state !== 'half-open') return true;
    const { probes } = this.#words;
    if (probes === undefined ? this.#running >= this.rules.probes : !probes.take(this.rules.probes))
      return false;
    this.#running += 1;
    this.#isReserved = true;
    return true;
  }

  /** Gives back what {@link reserve} took, as the lease does not begin. */
  unreserve(): void {
    if (this.begin()) this.release();
  }

  /** A lease begins. Returns whether it has a place to {@link release} at its end. */
  begin(): boolean {
    const isProbe = this.#isReserved;
    this.#isReserved = false;
    return isProbe;
  }

  /** A lease that had a place has ended. */
  release(): void {
    this.#running -= 1;
    this.#words.probes?.release();
    if (this.#state !== 'half-open') return;
    this.changes.tell();
    this.#words.wakes.tellOthers();
  }

  /**
   * A lease has ended, or could not be connected.
   *
   * @param status of the response; 0 where there was none
   * @param isProbe whether the lease had a place: while the breaker is half-open, only such leases count
   */
  ended(error: ErrorCode | undefined, status: number, isProbe: boolean): void {
    const verdict = verdictOf(error, status);
    if (verdict === 'none' || this.#state === 'open' || (this.#state === 'half-open' && !isProbe)) return;
    if (verdict === 'success') this.#succeeded();
    else this.#failed(failureOf(error, status));
  }

  /** Looks at the words: another worker may have changed them, or it may be time for the next state. */
  look(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = unpackMoment(this.#words.moment.read());
    const passedMs = msBetween(now.at, this.#clock.now());
    if (now.state === 'open') {
      if (passedMs >= 0) this.#become('half-open', `it was open for ${formatDuration(this.rules.openMs)}`);
      else this.#wait(-passedMs);
    } else if (now.state === 'recovering') {
      const { recoveryMs } = this.rules;
      if (passedMs >= recoveryMs) this.#become('closed', 'the backend has recovered');
      else this.#wait(recoveryMs / STEPS);
    }
    this.#follow();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stopWakes();
    this.#words.close();
  }

  get #probesRunning(): number {
    return this.#words.probes?.taken ?? this.#running;
  }

  #succeeded(): void {
    const { row } = this.#words;
    if (this.#state !== 'half-open') {
      this.#window?.add(false, this.#clock.now());
      if (row.read() !== 0) clear(row);
      return;
    }
    const successes = increment(row);
    const next = this.rules.recoveryMs > 0 ? 'recovering' : 'closed';
    if (successes >= this.rules.probes) this.#become(next, `successes in a row: ${successes}`);
  }

  #failed(last: string): void {
    if (this.#state === 'half-open') this.#open(`it failed while half-open: ${last}`);
    else {
      const reason = this.#count();
      if (reason !== undefined) this.#open(`${reason}, the last one: ${last}`);
    }
  }

  /** Counts a failure. Returns why it opens the breaker; undefined when it does not. */
  #count(): string | undefined {
    const window = this.#window;
    const { maxFailures, errorRate, minRequests } = this.rules;
    window?.add(true, this.#clock.now());
    const failures = increment(this.#words.row);
    if (this.#state === 'recovering') return 'it failed while it recovered';
    if (failures >= maxFailures) return `failures in a row: ${failures}`;
    if (window === undefined || errorRate === undefined || window.total < minRequests) return undefined;
    return window.failureRate >= errorRate
      ? `failed: ${window.failures} of ${window.total} requests`
      : undefined;
  }

  #open(reason: string): void {
    if (this.#become('open', reason)) this.opened += 1;
  }

  /** Makes the change for all workers. False when another one was faster. */
  #become(state: BreakerState, reason: string): boolean {
    const { moment, row, wakes } = this.#words;
    const before = moment.read();
    const at = this.#clock.now() + (state === 'open' ? this.rules.openMs : 0);
    const word = packMoment({ state, at });
    if (unpackMoment(before).state === state || !moment.advance(before, word)) {
      // A wake of the other worker may have been lost.
      this.look();
      return false;
    }
    clear(row);
    this.#window?.clear();
    this.#reason = reason;
    this.#reasonWord = word;
    this.#onChange(state, reason);
    wakes.tellOthers();
    this.look();
    return true;
  }

  /** Makes the state and the factor here what the words say. */
  #follow(): void {
    const { state, at } = unpackMoment(this.#words.moment.read());
    const factor = state === 'recovering' ? this.#factorAt({ state, at }) : 1;
    if (state === this.#state && factor === this.#factor) return;
    if (state !== this.#state) this.#changedAtMs = Date.now();
    this.#state = state;
    this.#factor = factor;
    this.changes.tell();
  }

  #factorAt({ at }: BreakerMoment): number {
    const part = Math.max(0, msBetween(at, this.#clock.now())) / this.rules.recoveryMs;
    return Math.min(1, Math.max(FLOOR, part));
  }

  #wait(forMs: number): void {
    this.#timer = setTimeout(() => {
      this.look();
    }, forMs).unref();
  }
}

function ownWords(): BreakerWords {
  return {
    moment: new OwnNumber(),
    row: new OwnNumber(),
    probes: undefined,
    wakes: NO_WAKES,
    close: () => undefined,
  };
}
