import type { Head } from '../h1/parse/head.ts';

/** What was made of a field's value, for fields that nearly all requests of a connection repeat: looked at once. */
export class LastValueCache<T> {
  readonly #make: (text: string) => T;
  #text: string | undefined;
  /** The text's bytes, once there was a second request that may repeat it. */
  #bytes: Buffer | undefined;
  #made: T | undefined;

  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  /** What is made of the value of that field of `head`. */
  of(head: Head, field: number): T {
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
