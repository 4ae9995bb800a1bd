import type { SharedNumber } from '../balancer/contract/shared-turns.ts';

/** Two lines about the same backend are so far apart, at least: one that answers every other connect must not fill the log. */
const QUIET_MS = 10_000;

/** Hears when connects begin to fail and when they work again. */
export interface ConnectObserver {
  connectsFail(error: string): void;
  /** @param failedForMs undefined where another worker saw the beginning */
  connectsWork(failedForMs: number | undefined): void;
}

const FINE = 0;
const FAILING = 1;
/** They fail, and nobody was told, as the last lines are not long ago. */
const FAILING_UNTOLD = 2;
/** Of the word that workers share; the other bits count how often connects began to fail. */
const STATE_BITS = 2;
const STATE_MASK = (1 << STATE_BITS) - 1;

/** Whether connects to a backend fail, whatever checks there are. All workers know the same; the one that makes the change tells it. */
export class ConnectTrouble {
  readonly #word: SharedNumber;
  readonly #observer: ConnectObserver | undefined;
  /** Which time of failing connects {@link #sinceMs} and {@link #error} are of: there may have been others, which other workers saw. */
  #outage: number | undefined;
  /** ms since 1970. */
  #sinceMs: number | undefined;
  #error: string | undefined;
  #quietUntilMs = 0;
  /** Set while they fail and nobody was told. */
  #timer: NodeJS.Timeout | undefined;

  constructor(word: SharedNumber, observer: ConnectObserver | undefined) {
    this.#word = word;
    this.#observer = observer;
  }

  get areFailing(): boolean {
    return stateOf(this.#word.read()) !== FINE;
  }

  /** Since when, in ms since 1970; undefined while they work, and where only other workers saw it. */
  get sinceMs(): number | undefined {
    return this.#saw(this.#word.read()) ? this.#sinceMs : undefined;
  }

  /** The last error; undefined as {@link sinceMs}. */
  get error(): string | undefined {
    return this.#saw(this.#word.read()) ? this.#error : undefined;
  }

  failed(error: string): void {
    const before = this.#word.read();
    const outage = outageOf(failing(before, FAILING));
    if (outage !== this.#outage) this.#sinceMs = Date.now();
    this.#outage = outage;
    this.#error = error;
    if (stateOf(before) === FAILING) return;
    const quietMs = this.#quietUntilMs - performance.now();
    if (quietMs <= 0) this.#tell();
    // There may be no further connect that could tell it.
    else if (this.#word.advance(before, failing(before, FAILING_UNTOLD)))
      this.#timer ??= this.#tellAfter(quietMs);
  }

  worked(): void {
    const before = this.#word.read();
    if (stateOf(before) === FINE || !this.#word.advance(before, before & ~STATE_MASK)) return;
    this.#stopTimer();
    if (stateOf(before) === FAILING_UNTOLD) return;
    this.#quietUntilMs = performance.now() + QUIET_MS;
    const sinceMs = this.#saw(before) ? this.#sinceMs : undefined;
    this.#observer?.connectsWork(sinceMs === undefined ? undefined : Date.now() - sinceMs);
  }

  /** Nobody uses the backend any more. */
  close(): void {
    this.#stopTimer();
  }

  /** Whether they fail by that word, and this worker saw one of these fail. */
  #saw(word: number): boolean {
    return stateOf(word) !== FINE && outageOf(word) === this.#outage;
  }

  #tell(): void {
    const before = this.#word.read();
    if (stateOf(before) === FAILING || !this.#word.advance(before, failing(before, FAILING))) return;
    this.#stopTimer();
    this.#observer?.connectsFail(this.#error ?? '');
  }

  #tellAfter(quietMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      if (stateOf(this.#word.read()) === FAILING_UNTOLD) this.#tell();
    }, quietMs).unref();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function stateOf(word: number): number {
  return word & STATE_MASK;
}

function outageOf(word: number): number {
  return word >>> STATE_BITS;
}

/** That word in a failing state: of the same time of failing connects, or of the next one. */
function failing(word: number, state: number): number {
  const outage = outageOf(word) + (stateOf(word) === FINE ? 1 : 0);
  return (outage << STATE_BITS) | state;
}
