import type { RequestHead } from '../message/message-head.ts';

/**
 * Keeps the last value of a field, and what was derived from it. Nearly all requests of a connection repeat such a field, so `make` runs
 * once.
 */
export class LastValueCache<T> {
  readonly #make: (text: string) => T;
  #text: string | undefined;
  /** The bytes of the text; made when the second request comes, which may repeat it. */
  #bytes: Buffer | undefined;
  #made: T | undefined;

  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  /** The result of `make` for the value of that field of `head`. */
  of(head: RequestHead, field: number): T {
    if (this.#text !== undefined) {
      this.#bytes ??= Buffer.from(this.#text, 'latin1');
      if (head.hasValue(field, this.#bytes)) return this.#made as T;
    }
    const text = head.valueText(field);
    const made = this.#make(text);
    this.#text = text;
    this.#bytes = undefined;
    this.#made = made;
    return made;
  }
}
