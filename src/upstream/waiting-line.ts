/** One who waits, and since when. */
interface Place<T> {
  readonly who: T;
  readonly sinceMs: number;
}

/** Those who wait for a backend below its limit: first come, first served, for a limited time and in limited number. */
export class WaitingLine<T> {
  readonly maxSize: number;
  readonly #timeoutMs: number;
  readonly #gaveUp: (who: T, waitedMs: number) => void;
  readonly #places: Place<T>[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(maxSize: number, timeoutMs: number, gaveUp: (who: T, waitedMs: number) => void) {
    this.maxSize = maxSize;
    this.#timeoutMs = timeoutMs;
    this.#gaveUp = gaveUp;
  }

  get length(): number {
    return this.#places.length;
  }

  /** False when the line is full. */
  join(who: T): boolean {
    if (this.#places.length >= this.maxSize) return false;
    this.#places.push({ who, sinceMs: performance.now() });
    this.#timer ??= this.#wake(this.#timeoutMs);
    return true;
  }

  first(): T | undefined {
    return this.#places[0]?.who;
  }

  /** For how long that one waited; undefined when it does not wait. */
  leave(who: T): number | undefined {
    const at = this.#places.findIndex((place) => place.who === who);
    const place = at < 0 ? undefined : this.#places.splice(at, 1)[0];
    if (this.#places.length === 0) this.#stop();
    return place === undefined ? undefined : performance.now() - place.sinceMs;
  }

  #wake(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      this.#expire();
    }, delayMs);
  }

  #expire(): void {
    const now = performance.now();
    for (;;) {
      const place = this.#places[0];
      if (place === undefined) return;
      const rest = place.sinceMs + this.#timeoutMs - now;
      if (rest > 0) {
        this.#timer ??= this.#wake(Math.ceil(rest));
        return;
      }
      this.#places.shift();
      this.#gaveUp(place.who, now - place.sinceMs);
    }
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
