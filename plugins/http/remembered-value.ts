import type { Head } from './head.ts';

/** What was made of a field's value, for fields that nearly all requests of a connection repeat: looked at once. */
export class RememberedValue<T> {
  readonly #make: (text: string) => T;
  #bytes: Buffer | undefined;
  #made: T | undefined;

  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  /** What is made of the value of that field of `head`. */
  of(head: Head, field: number): T {
    const bytes = this.#bytes;
    if (bytes !== undefined && head.hasValue(field, bytes)) return this.#made as T;
    const text = head.valueText(field);
    const made = this.#make(text);
    this.#bytes = Buffer.from(text, 'latin1');
    this.#made = made;
    return made;
  }
}
