import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { PATIENCE_MS } from '../time/patience.ts';

const SHOWN_BYTES = 2_000;

/** How the peer's side of a connection came to its end. */
export type Ending = 'end' | 'reset';

/** One end of a TCP connection as a test sees it: sends exact bytes and keeps all that arrive. */
export class ByteSocket {
  readonly socket: Socket;
  /** The bytes that arrived lie in the middle of it, so that long streams are not copied at each chunk. */
  #store = Buffer.alloc(64 * 1024);
  #start = 0;
  #end = 0;
  #ending: Ending | undefined;
  #closed = false;
  readonly #watchers = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#keep(bytes);
      this.#changed();
    });
    socket.on('end', () => {
      this.#ending ??= 'end';
      this.#changed();
    });
    socket.on('error', () => {
      this.#ending ??= 'reset';
      this.#changed();
    });
    socket.on('close', () => {
      this.#closed = true;
      this.#changed();
    });
  }

  /** Connects to `host:port`. */
  static async connect(address: string): Promise<ByteSocket> {
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
    const socket = connect({
      host,
      port: Number(address.slice(colon + 1)),
      allowHalfOpen: true,
      noDelay: true,
    });
    await once(socket, 'connect');
    return new ByteSocket(socket);
  }

  /** Everything that arrived and was not taken. */
  get received(): Buffer {
    return this.#store.subarray(this.#start, this.#end);
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  /** How the peer ended its direction; undefined while it is open. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Text is sent as latin1. */
  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends in pieces of `size` bytes, each in a packet of its own. */
  async sendPieces(text: string, size = 1): Promise<void> {
    const bytes = Buffer.from(text, 'latin1');
    for (let at = 0; at < bytes.length; at += size) {
      await new Promise<void>((resolve) => {
        this.socket.write(bytes.subarray(at, at + size), () => resolve());
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Removes the first `length` bytes of what arrived, and returns them. */
  take(length: number): Buffer {
    const taken = this.received.subarray(0, length);
    this.#start += taken.length;
    return taken;
  }

  /** Waits until `condition` holds, looking again at each event of the socket; rejects when there will be none. */
  until(condition: () => boolean, what = 'the condition'): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const giveUp = (): void => end(new Error(`waited in vain for ${what}; ${this.#state()}`));
      const look = (): void => {
        if (condition()) end();
        else if (this.#closed) giveUp();
      };
      const timer = setTimeout(giveUp, PATIENCE_MS);
      this.#watchers.add(look);
      if (this.#closed) giveUp();
    });
  }

  /** Waits until `part` arrived; returns everything up to and with it, and leaves it where it is. */
  async untilText(part: string): Promise<string> {
    await this.until(() => this.text.includes(part), JSON.stringify(part));
    return this.text.slice(0, this.text.indexOf(part) + part.length);
  }

  async untilLength(length: number): Promise<Buffer> {
    await this.until(() => this.received.length >= length, `${length} bytes`);
    return this.received;
  }

  /** Waits until the peer has ended its direction, and says how. */
  async untilEnded(): Promise<Ending> {
    await this.until(() => this.#ending !== undefined || this.#closed, 'the end of the stream');
    return this.#ending ?? 'end';
  }

  /** Waits for the end of both directions. */
  async untilClosed(): Promise<Ending> {
    await this.until(() => this.#closed, 'the close of the socket');
    return this.#ending ?? 'end';
  }

  /** Half-close. */
  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  close(): void {
    this.socket.destroy();
  }

  #keep(bytes: Buffer): void {
    if (this.#end + bytes.length > this.#store.length) {
      const kept = this.received;
      // A new store, never the old one moved: what was taken stays as it is.
      this.#store = Buffer.alloc(Math.max(64 * 1024, (kept.length + bytes.length) * 2));
      kept.copy(this.#store);
      this.#start = 0;
      this.#end = kept.length;
    }
    bytes.copy(this.#store, this.#end);
    this.#end += bytes.length;
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #state(): string {
    const text = this.text.length > SHOWN_BYTES ? `${this.text.slice(0, SHOWN_BYTES)}…` : this.text;
    return `got ${this.received.length} bytes ${JSON.stringify(text)}, ending ${this.#ending ?? 'none'}${this.#closed ? ', closed' : ''}`;
  }
}
