/** How many look-ups begin at once. */
const WIDTH = 64;
/** After this time a look-up makes room for the next one, and goes on. */
const SLOT_MS = 50;

/** Begins many look-ups a few at a time: the answers to a thousand questions at once would overflow the socket's buffer. */
export class StartWindow {
  readonly #waiting: (() => void)[] = [];
  #begun = 0;

  /** Calls `begin` now, or soon when many look-ups begin. */
  enter(begin: () => void): void {
    this.#waiting.push(begin);
    this.#beginSome();
  }

  #beginSome(): void {
    while (this.#begun < WIDTH) {
      const begin = this.#waiting.shift();
      if (begin === undefined) return;
      this.#begun += 1;
      setTimeout(() => {
        this.#begun -= 1;
        this.#beginSome();
      }, SLOT_MS).unref();
      begin();
    }
  }
}
