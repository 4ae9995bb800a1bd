import type { Endpoint, StreamReader, TlsSession, Transport } from '../../../src/plugin-api/index.ts';

const NO_END: Endpoint = { address: '', port: 0 };

/** A connection without a peer: it keeps what is written to it, and gives its reader the text that {@link arrive} is called with. */
export class DryRunStream implements Transport {
  readonly peer: Endpoint;
  readonly local: Endpoint;
  readonly tls: TlsSession | undefined;
  readonly proxy = undefined;
  readonly route = undefined;
  readonly writableLength = 0;
  readonly bytesTaken = 0;
  writeEnded = false;
  destroyed = false;
  /** All that was written, one character (latin1) a byte. */
  text = '';
  #reader: StreamReader | undefined;

  constructor(peer = NO_END, local = NO_END, tls?: TlsSession) {
    this.peer = peer;
    this.local = local;
    this.tls = tls;
  }

  /** Hands text to the reader, as if it had arrived. */
  arrive(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.#reader?.data(bytes, 0, bytes.length);
  }

  /** Tells the reader that the connection is over. */
  over(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.closed(undefined);
  }

  read(reader: StreamReader): void {
    this.#reader = reader;
  }

  writeText(text: string): boolean {
    this.text += text;
    return true;
  }

  write(bytes: Uint8Array): boolean {
    this.text += Buffer.from(bytes).toString('latin1');
    return true;
  }

  writeBorrowed(bytes: Buffer, start: number, end: number): boolean {
    this.text += bytes.latin1Slice(start, end);
    return true;
  }

  pause(): void {
    // Nothing arrives by itself.
  }

  resume(): void {
    // Nothing arrives by itself.
  }

  end(): void {
    this.writeEnded = true;
  }

  close(): void {
    this.destroy();
  }

  destroy(): void {
    this.writeEnded = true;
    this.destroyed = true;
  }

  reset(): void {
    this.destroy();
  }
}
