/** One who waits, and since when. */
export interface WaitingPlace<T> {
  readonly who: T;
  /** By `performance.now()`. */
  readonly sinceMs: number;
}

/** Those who wait for a backend below its limit: first come, first served, for a limited time and in limited number. */
export class WaitingLine<T> {
  readonly maxSize: number;
  readonly #timeoutMs: number;
  readonly #gaveUp: (who: T, waitedMs: number) => void;
  /** In the order in which they came, so that the time of the first one is over first. */
  readonly #places: WaitingPlace<T>[] = [];
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

  /** All who wait, in their order; they leave. */
  empty(): WaitingPlace<T>[] {
    this.#stop();
    return this.#places.splice(0);
  }

  /**
   * Takes over those who waited in another line, in their order, before anybody joined this one. The time that they waited there
   * counts here. They may be more than there is room for: {@link trim} takes those out.
   */
  adopt(places: readonly WaitingPlace<T>[]): void {
    const first = places[0];
    if (first === undefined) return;
    this.#places.push(...places);
    this.#timer ??= this.#wake(Math.max(0, Math.ceil(first.sinceMs + this.#timeoutMs - performance.now())));
  }

  /** Takes out those who came last and for whom there is no room, and those who need not wait any longer. */
  trim(isVain: (who: T) => boolean): WaitingPlace<T>[] {
    const taken: WaitingPlace<T>[] = [];
    const kept: WaitingPlace<T>[] = [];
    for (const place of this.#places.splice(0)) {
      const stays = kept.length < this.maxSize && !isVain(place.who);
      (stays ? kept : taken).push(place);
    }
    this.#places.push(...kept);
    if (kept.length === 0) this.#stop();
    return taken;
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
