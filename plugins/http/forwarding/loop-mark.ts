import { createHash } from 'node:crypto';

/** Hexadecimal digits of the hash that tells marks apart. */
const DIGITS = 12;

/**
 * The mark of one listener of this proxy in `CDN-Loop` (RFC 8586): each request for a backend carries it, and a request that
 * arrives with it went in a circle. Unlike `Via`, no server changes its answer at the sight of the field (nginx does not compress
 * for requests with `Via`), and no proxy on the way may take it out.
 *
 * The mark stays the same when the config is edited. Two listeners of one proxy have different marks, so that one may forward
 * to the other. Other proxies have other marks, with the same config too: a loop over several of them ends at the first one that is met twice. The mark
 * says nothing about the proxy, as it is a hash of a random id.
 */
export class LoopMark {
  /** The field line for backends, with its CRLF. */
  readonly line: string;
  readonly #id: string;

  /** `proxyId`: as `ProtocolHost.proxyId`. */
  constructor(proxyId: string, listener: string) {
    const hash = createHash('sha256').update(`${proxyId} ${listener}`).digest('hex');
    this.#id = `balance-${hash.slice(0, DIGITS)}`;
    this.line = `CDN-Loop: ${this.#id}\r\n`;
  }

  /** Whether a list of `CDN-Loop` entries, each with or without parameters, has this mark. */
  comesBack(entries: string): boolean {
    if (!entries.includes(this.#id)) return false;
    return entries.split(',').some((entry) => entry.split(';', 1)[0]?.trim() === this.#id);
  }

  /** The text with a placeholder for the mark, which is another one in each process. */
  hiddenIn(text: string): string {
    return text.replaceAll(this.#id, '<loop mark>');
  }
}
