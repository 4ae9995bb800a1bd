/** The proxy's entry in `Via` (RFC 9110 7.6.3), and how the proxy recognizes it in a request that comes back. */
export class Via {
  /** The field lines for messages received as HTTP/1.0 and as HTTP/1.1, with CRLF; '' without a name. */
  readonly #lines: readonly [string, string];
  /** The same lines, followed by `X-Request-ID: `, which comes next on responses. */
  readonly #withId: readonly [string, string];
  readonly #name: string;

  /** @param name '' for no Via */
  constructor(name: string) {
    this.#name = name;
    this.#lines = name === '' ? ['', ''] : [`Via: 1.0 ${name}\r\n`, `Via: 1.1 ${name}\r\n`];
    this.#withId = [`${this.#lines[0]}X-Request-ID: `, `${this.#lines[1]}X-Request-ID: `];
  }

  /** The line that a message of HTTP/1.`minor` gets. */
  line(minor: number): string {
    return minor === 0 ? this.#lines[0] : this.#lines[1];
  }

  /** The line, followed by `X-Request-ID: ` without a value. */
  lineAndId(minor: number): string {
    return minor === 0 ? this.#withId[0] : this.#withId[1];
  }

  /** Whether a list of `Via` entries names this proxy: then the request came through it before. */
  comesBack(entries: string): boolean {
    if (entries === '' || this.#name === '' || !entries.includes(this.#name)) return false;
    return entries.split(',').some((entry) => entry.trim().split(/[ \t]+/)[1] === this.#name);
  }
}
