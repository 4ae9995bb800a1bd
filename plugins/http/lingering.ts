import type { ByteStream } from '../../src/plugin-api/index.ts';

/** After our last response the client may still send; for so long and so much it is read and thrown away, as a reset would take the response from it. */
export const LINGER_MS = 2_000;
const LINGER_BYTES = 1024 * 1024;

/** The rest of a connection after its last response: how much still comes, and whether the client still takes what is left. */
export class Lingering {
  readonly #stream: ByteStream;
  readonly #writeTimeoutMs: number;
  #received = 0;
  /** What waited to be sent at the last look, and for how long that has not changed. */
  #unsent: number;
  #unsentMs = 0;

  constructor(stream: ByteStream, writeTimeoutMs: number) {
    this.#stream = stream;
    this.#writeTimeoutMs = writeTimeoutMs;
    this.#unsent = stream.writableLength;
  }

  /** More bytes came that nobody reads. */
  received(bytes: number): void {
    this.#received += bytes;
    if (this.#received > LINGER_BYTES) this.#stream.destroy();
  }

  /** To be asked each {@link LINGER_MS}: true once nothing moves any more. What the client still takes is not cut off. */
  isStuck(): boolean {
    const unsent = this.#stream.writableLength;
    this.#unsentMs = unsent === this.#unsent ? this.#unsentMs + LINGER_MS : 0;
    this.#unsent = unsent;
    return unsent === 0 ? this.#unsentMs > 0 : this.#unsentMs >= this.#writeTimeoutMs;
  }
}
