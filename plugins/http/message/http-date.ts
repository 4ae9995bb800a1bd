/** The current date as in a Date field, made once a second. */
export class HttpDate {
  #second = 0;
  #text = '';

  get text(): string {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(now).toUTCString();
    }
    return this.#text;
  }
}
