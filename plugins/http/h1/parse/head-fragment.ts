import type { UnreadRequest } from '../../message/server-stream.ts';

/** A method in capitals, or any token before what is clearly a request; then as much of the target and the version as arrived. */
const REQUEST_LINE =
  /^(?:([A-Z][A-Z-]{0,23})|([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?= \S+ +HTTP\/)) +(\S*)(?: +([A-Z]{1,8}\/\d\.\d)(?!\S))?/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * What is known of a request whose head is not complete, or can't be read. It is for logs and traces; nothing else may rely on it.
 * When the bytes do not look like a request, all is '', because they may be secrets.
 */
export class HeadFragment implements UnreadRequest {
  /** '' when it did not arrive. */
  readonly method: string;
  /** The part that arrived; '' when none did. */
  readonly target: string;
  /** `HTTP/1.1`; '' when it did not arrive. */
  readonly protocol: string;
  readonly #fields = new Map<string, string[]>();

  /** @param bytes all that arrived, from the first byte of the head on */
  constructor(bytes: Buffer) {
    const [start = '', ...lines] = bytes
      .toString('latin1')
      .replace(/^[\r\n]+/, '')
      .split('\n');
    const [, method, token = '', target = '', protocol = ''] = REQUEST_LINE.exec(start) ?? [];
    this.method = method ?? token;
    this.target = target;
    this.protocol = protocol;
    // The text after the last line feed is a line whose end has not arrived, or empty.
    if (this.method !== '') this.#read(lines.slice(0, -1));
  }

  /** The value of the field of that name (lower case) without white space around it; undefined when there is none, or several. */
  soleValueOf(lowerName: string): string | undefined {
    const values = this.#fields.get(lowerName);
    return values?.length === 1 ? values[0] : undefined;
  }

  /** The values of all fields of that name (lower case) as one list; '' when there is none. */
  joined(lowerName: string): string {
    return (this.#fields.get(lowerName) ?? []).filter((value) => value !== '').join(', ');
  }

  #read(lines: readonly string[]): void {
    for (const line of lines) {
      if (line === '' || line === '\r') return;
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
      if (!NAME.test(name)) continue;
      const value = line.slice(colon + 1).trim();
      const values = this.#fields.get(name);
      if (values === undefined) this.#fields.set(name, [value]);
      else values.push(value);
    }
  }
}
