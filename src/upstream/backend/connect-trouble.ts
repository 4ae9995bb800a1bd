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
    const isQuiet = performance.now() < this.#quietUntilMs;
    if (this.#state.advance(before, isQuiet ? FAILING_UNTOLD : FAILING) && !isQuiet)
      this.#observer?.connectsFail(error);
  }

  worked(): void {
    const before = this.#state.read();
    if (before === FINE || !this.#state.advance(before, FINE)) return;
    if (before === FAILING_UNTOLD) return;
    this.#quietUntilMs = performance.now() + QUIET_MS;
    this.#observer?.connectsWork(this.#sinceMs === undefined ? undefined : Date.now() - this.#sinceMs);
  }
}
