import { createHash } from 'node:crypto';

/** Hexadecimal digits of the hash that tells marks apart. */
const DIGITS = 12;

/**
 * The mark of one listener of this proxy in `CDN-Loop` (RFC 8586). Each request to a backend carries it, so a request that arrives with
 * it went in a circle. `Via` is no substitute: some servers answer differently when they see it (nginx does not compress), and proxies
 * on the way may remove it, which they may not do with `CDN-Loop`.
 *
 * The mark stays the same when the config is edited. Two listeners of one proxy have different marks, so that one may forward to the
 * other. Two proxies have different marks, even with the same config: a loop over several proxies ends at the first one that the request
 * reaches twice. The mark is a hash of a random id, so it says nothing about the proxy.
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

  /** The text with a placeholder in place of the mark, because the mark differs from process to process. */
  hiddenIn(text: string): string {
    return text.replaceAll(this.#id, '<loop mark>');
  }
}
