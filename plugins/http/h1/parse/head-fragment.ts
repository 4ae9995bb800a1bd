import type { UnreadRequest } from '../../message/server-stream.ts';

/** A method in capitals, or any token in front of what is clearly a request; then the target and the version as far as they arrived. */
const REQUEST_LINE =
  /^(?:([A-Z][A-Z-]{0,23})|([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?= \S+ +HTTP\/)) +(\S*)(?: +([A-Z]{1,8}\/\d\.\d)(?!\S))?/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * What can be told of a request whose head did not arrive to its end, or can't be read: for logs and traces, never to act upon.
 * Of bytes that look like no request nothing is told, as they may be anything.
 */
export class HeadFragment implements UnreadRequest {
  /** '' when there is none. */
  readonly method: string;
  /** As far as it arrived; '' when there is none. */
  readonly target: string;
  /** `HTTP/1.1`; '' when there is none. */
  readonly protocol: string;
  readonly #fields = new Map<string, string[]>();

  /** `bytes` begin where the head does. */
  constructor(bytes: Buffer) {
    const [start = '', ...lines] = bytes
      .toString('latin1')
      .replace(/^[\r\n]+/, '')
      .split('\n');
    const [, method, token = '', target = '', protocol = ''] = REQUEST_LINE.exec(start) ?? [];
    this.method = method ?? token;
    this.target = target;
    this.protocol = protocol;
    // Behind the last line feed stands a line that did not arrive to its end, if any.
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
