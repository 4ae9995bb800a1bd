/** The reason why somebody waits for a backend: the limits of backends (`max_connections`), or a full pool (`max_size`). */
export type WaitReason = 'limit' | 'pool';

const REASONS: readonly WaitReason[] = ['limit', 'pool'];

/** One who waits, why, and since when. */
export interface WaitingPlace<T> {
  readonly who: T;
  readonly reason: WaitReason;
  /** By `performance.now()`. */
  readonly sinceMs: number;
}

/** How long one may wait, by what is waited for. */
export type WaitLimits = Readonly<Record<WaitReason, number>>;

/** Those who wait for a backend with room: first come, first served, for a limited time and in limited number. */
export class WaitingLine<T> {
  readonly maxSize: number;
  readonly #limitsMs: WaitLimits;
  readonly #gaveUp: (place: WaitingPlace<T>, waitedMs: number) => void;
  /** In the order in which they came: of those with one reason the time of the first is over first. */
  readonly #places: WaitingPlace<T>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #wakesAtMs = 0;

  constructor(
    maxSize: number,
    limitsMs: WaitLimits,
    gaveUp: (place: WaitingPlace<T>, waitedMs: number) => void,
  ) {
    this.maxSize = maxSize;
    this.#limitsMs = limitsMs;
    this.#gaveUp = gaveUp;
  }

  get length(): number {
    return this.#places.length;
  }

  /** Those among them who wait for that reason. */
  waitingFor(reason: WaitReason): number {
    return this.#places.reduce((count, place) => count + Number(place.reason === reason), 0);
  }

  /** False when the line is full. */
  join(who: T, reason: WaitReason): boolean {
    if (this.#places.length >= this.maxSize) return false;
    const place = { who, reason, sinceMs: performance.now() };
    this.#places.push(place);
    this.#wakeBy(this.#endMs(place));
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
    for (const place of places) {
      this.#places.push(place);
      this.#wakeBy(this.#endMs(place));
    }
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

  /** When the time of that one is over. */
  #endMs({ reason, sinceMs }: WaitingPlace<T>): number {
    return sinceMs + this.#limitsMs[reason];
  }

  #wakeBy(atMs: number): void {
    if (this.#timer !== undefined && this.#wakesAtMs <= atMs) return;
    this.#stop();
    this.#wakesAtMs = atMs;
    const delayMs = Math.max(0, Math.ceil(atMs - performance.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#expire();
    }, delayMs);
  }

  #expire(): void {
    const now = performance.now();
    for (const reason of REASONS) {
      for (;;) {
        const at = this.#places.findIndex((place) => place.reason === reason);
        const place = this.#places[at];
        if (place === undefined) break;
        if (this.#endMs(place) > now) {
          this.#wakeBy(this.#endMs(place));
          break;
        }
        this.#places.splice(at, 1);
        this.#gaveUp(place, now - place.sinceMs);
      }
    }
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
