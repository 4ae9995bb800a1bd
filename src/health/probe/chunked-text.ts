/** A chunk's size needs no more digits than these, and its line no more characters. */
const SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?$/;
const MAX_SIZE_LINE = 1_024;

/** Takes the framing off a body in chunks, piece by piece. Source: RFC 9112, section 7.1. */
export class ChunkedText {
  /** What is not read yet of the line of a size, or of the line end behind a chunk. */
  #line = '';
  /** Bytes of the present chunk that are still to come. */
  #left = 0;
  #state: 'size' | 'data' | 'data-end' | 'over' | 'malformed' = 'size';

  /** `over`: the last chunk has come; `malformed`: this is no body in chunks, whatever follows. */
  get state(): 'open' | 'over' | 'malformed' {
    return this.#state === 'over' || this.#state === 'malformed' ? this.#state : 'open';
  }

  /** The data in this piece of the body. */
  read(text: string): string {
    let data = '';
    let at = 0;
    while (at < text.length && this.state === 'open') {
      if (this.#state === 'data') {
        const piece = text.slice(at, at + this.#left);
        data += piece;
        at += piece.length;
        this.#left -= piece.length;
        if (this.#left === 0) this.#state = 'data-end';
      } else at = this.#readLine(text, at);
    }
    return data;
  }

  /** Returns where the rest of the text begins. */
  #readLine(text: string, from: number): number {
    const end = text.indexOf('\n', from);
    this.#line += end === -1 ? text.slice(from) : text.slice(from, end);
    if (this.#line.length > MAX_SIZE_LINE) this.#state = 'malformed';
    if (end === -1) return text.length;
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r')) this.#state = 'malformed';
    else if (this.#state === 'data-end') this.#state = line === '\r' ? 'size' : 'malformed';
    else this.#readSize(line.slice(0, -1));
    return end + 1;
  }

  #readSize(line: string): void {
    const size = SIZE.exec(line)?.[1];
    if (size === undefined) {
      this.#state = 'malformed';
      return;
    }
    this.#left = Number.parseInt(size, 16);
    // Trailers may follow, which nobody reads.
    this.#state = this.#left === 0 ? 'over' : 'data';
  }
}
