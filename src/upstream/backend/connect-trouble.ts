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

/** Whether connects to a backend fail, whatever checks there are. All workers know the same; the one that makes the change tells it. */
export class ConnectTrouble {
  readonly #state: SharedNumber;
  readonly #observer: ConnectObserver | undefined;
  /** ms since 1970. */
  #sinceMs: number | undefined;
  #error: string | undefined;
  #quietUntilMs = 0;
  /** Set while they fail and nobody was told. */
  #timer: NodeJS.Timeout | undefined;

  constructor(state: SharedNumber, observer: ConnectObserver | undefined) {
    this.#state = state;
    this.#observer = observer;
  }

  get areFailing(): boolean {
    return this.#state.read() !== FINE;
  }

  /** Since when, in ms since 1970; undefined while they work, and where only other workers saw it. */
  get sinceMs(): number | undefined {
    return this.areFailing ? this.#sinceMs : undefined;
  }

  /** The last error; undefined as {@link sinceMs}. */
  get error(): string | undefined {
    return this.areFailing ? this.#error : undefined;
  }

  failed(error: string): void {
    const before = this.#state.read();
    if (before === FINE || this.#sinceMs === undefined) this.#sinceMs = Date.now();
    this.#error = error;
    if (before === FAILING) return;
    const quietMs = this.#quietUntilMs - performance.now();
    if (quietMs <= 0) this.#tell();
    // There may be no further connect that could tell it.
    else if (this.#state.advance(before, FAILING_UNTOLD)) this.#timer ??= this.#tellAfter(quietMs);
  }

  worked(): void {
    const before = this.#state.read();
    if (before === FINE || !this.#state.advance(before, FINE)) return;
    this.#stopTimer();
    if (before === FAILING_UNTOLD) return;
    this.#quietUntilMs = performance.now() + QUIET_MS;
    this.#observer?.connectsWork(this.#sinceMs === undefined ? undefined : Date.now() - this.#sinceMs);
  }

  /** Nobody uses the backend any more. */
  close(): void {
    this.#stopTimer();
  }

  #tell(): void {
    const before = this.#state.read();
    if (before === FAILING || !this.#state.advance(before, FAILING)) return;
    this.#stopTimer();
    this.#observer?.connectsFail(this.#error ?? '');
  }

  #tellAfter(quietMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      if (this.#state.read() === FAILING_UNTOLD) this.#tell();
    }, quietMs).unref();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
