/** How {@link AdaptiveLimit} works. */
export interface AdaptiveRules {
  readonly minLimit: number;
  readonly maxLimit: number;
  readonly initialLimit: number;
  /** So many times its usual time a response may take before the limit falls. */
  readonly tolerance: number;
  /** The limit changes once in this time at most. */
  readonly windowMs: number;
}

/** So many responses say something about a window: with fewer, it goes on. */
const LEAST_SAMPLES = 10;
/** The limit falls at most to this part in one window. */
const LEAST_GRADIENT = 0.5;
/** When the limit fell, and responses are not quicker by at least this power of it, no queue at the backend was the reason. */
const LEAST_EFFECT = 0.5;
/** By these parts of its distance the usual time follows a window: to a quicker one, to a slower one, and to one that is slow by itself. */
const TO_QUICKER = 0.3;
const TO_SLOWER = 0.02;
const TO_SLOW_BY_ITSELF = 0.5;
const TO_SLOW_AT_REST = 0.1;

/** What a window said when the limit fell. */
interface Cut {
  readonly responseMs: number;
  readonly running: number;
  readonly limit: number;
}

/**
 * Finds how many requests a backend works on at a time without making them wait. It compares the times of the latest responses with the
 * usual one. As long as they are alike, the limit grows by its square root; when they are slower, requests wait at the backend, and the
 * limit falls in proportion (a gradient of a long and a short average, as in Netflix's concurrency-limits). So no request is refused to
 * find out anything.
 *
 * A backend may also become slow by itself: then fewer requests at a time make it no quicker. This shows when the limit falls: a queue gets
 * shorter then, and the times with it. If they stay as they were, they become the usual time, and the limit comes back.
 */
export class AdaptiveLimit {
  readonly #rules: AdaptiveRules;
  readonly #now: () => number;
  #limit: number;
  /** The time of a response without a queue at the backend; 0 while nothing is known. */
  #usualMs = 0;
  #cut: Cut | undefined = undefined;
  /** When the window began. */
  #changedAtMs = 0;
  #samples = 0;
  #sumMs = 0;
  #sumRunning = 0;
  #mostRunning = 0;

  /** @param now default: the clock of `performance` */
  constructor(rules: AdaptiveRules, now: () => number = () => performance.now()) {
    this.#rules = rules;
    this.#now = now;
    this.#limit = Math.min(Math.max(rules.initialLimit, rules.minLimit), rules.maxLimit);
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** A request began; so many run now. */
  began(running: number): void {
    if (running > this.#mostRunning) this.#mostRunning = running;
  }

  /** A response has begun, so long after its request; so many requests run now. */
  answered(responseMs: number, running: number): void {
    const now = this.#now();
    // It began under the limit before this one.
    if (now - responseMs < this.#changedAtMs) return;
    this.#samples += 1;
    this.#sumMs += responseMs;
    this.#sumRunning += running;
    if (this.#samples < LEAST_SAMPLES || now < this.#changedAtMs + this.#rules.windowMs) return;
    this.#look(this.#sumMs / this.#samples, this.#sumRunning / this.#samples);
    this.#changedAtMs = now;
    this.#samples = 0;
    this.#sumMs = 0;
    this.#sumRunning = 0;
    this.#mostRunning = running;
  }

  /** A window is over, with these means. */
  #look(responseMs: number, running: number): void {
    const isSlow = responseMs > this.#rules.tolerance * this.#usualMs;
    if (this.#usualMs === 0) this.#usualMs = responseMs;
    else if (responseMs < this.#usualMs) this.#follow(responseMs, TO_QUICKER);
    const isUsed = this.#mostRunning >= this.#limit / 2;
    if (isSlow && isUsed) {
      this.#fall(responseMs, running);
      return;
    }
    this.#cut = undefined;
    if (isUsed) this.#set(this.#limit + Math.sqrt(this.#limit));
    // With so few requests at a time, no queue of them makes the backend slow.
    else if (responseMs > this.#usualMs) this.#follow(responseMs, isSlow ? TO_SLOW_AT_REST : TO_SLOWER);
  }

  /** Responses are slow. */
  #fall(responseMs: number, running: number): void {
    const cut = this.#cut;
    if (cut !== undefined && running < cut.running * 0.9) {
      const effect = Math.log(cut.responseMs / responseMs) / Math.log(cut.running / running);
      if (effect < LEAST_EFFECT) {
        this.#follow(responseMs, TO_SLOW_BY_ITSELF);
        this.#cut = undefined;
        this.#set(Math.max(this.#limit, cut.limit));
        return;
      }
    }
    this.#cut = { responseMs, running, limit: this.#limit };
    const gradient = Math.max(LEAST_GRADIENT, (this.#rules.tolerance * this.#usualMs) / responseMs);
    const before = this.#limit;
    this.#set(Math.min(before, before * gradient + Math.sqrt(before)));
    // It falls no further, however slow responses are: the times are what they are.
    if (gradient === LEAST_GRADIENT && this.#limit > before * 0.95) this.#follow(responseMs, TO_SLOW_AT_REST);
  }

  #follow(responseMs: number, part: number): void {
    this.#usualMs += (responseMs - this.#usualMs) * part;
  }

  #set(limit: number): void {
    this.#limit = Math.min(Math.max(limit, this.#rules.minLimit), this.#rules.maxLimit);
  }
}
