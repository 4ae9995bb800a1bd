import { owned } from '../owned.ts';
import { readMessage } from '../peers/http-message.ts';
import { RecordingBackend } from '../peers/recording-backend.ts';
import type { ByteSocket } from '../sockets/byte-socket.ts';

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** What a backend does with a request, once it has read all of it, instead of answering. */
const DEEDS = {
  'ends without a response': (connection: ByteSocket) => connection.end(),
  'resets without a response': (connection: ByteSocket) => connection.reset(),
  'resets in the head': (connection: ByteSocket) => sendAndReset(connection, 'HTTP/1.1 200 OK\r\nContent-'),
  'resets in the body': (connection: ByteSocket) => sendAndReset(connection, `${LENGTH}half`),
  'resets in a chunked body': (connection: ByteSocket) => sendAndReset(connection, `${CHUNKED}4\r\nhalf\r\n`),
  stalls: () => undefined,
  'stalls in the head': (connection: ByteSocket) => connection.send('HTTP/1.1 200 OK\r\nContent-'),
  'stalls in the body': (connection: ByteSocket) => connection.send(`${LENGTH}half`),
  'answers garbage': (connection: ByteSocket) => connection.send('\u0000garbage\r\n\r\n'),
  'answers 500': (connection: ByteSocket) =>
    connection.send('HTTP/1.1 500 Failed\r\nContent-Length: 6\r\n\r\nfailed'),
} as const;

/** A way in which a backend that takes connections fails. */
export type Fault = keyof typeof DEEDS | 'resets at accept' | 'goes away';

/** Those after which it needs nobody to bring it back. */
export const FAULTS = ['resets at accept', ...(Object.keys(DEEDS) as (keyof typeof DEEDS)[])] as const;

/** A backend that fails in one way, as long as its test wants; otherwise it answers 200 with its name. */
export class FaultyBackend {
  readonly name: string;
  /** Undefined: it works. */
  fault: Fault | undefined;
  /** How many tries fail from now on, before it works again. */
  failures = Number.POSITIVE_INFINITY;
  /** Requests that have reached it, and connections that it has reset. */
  tries = 0;
  readonly #port: number;
  #server: RecordingBackend;

  private constructor(name: string, server: RecordingBackend) {
    this.name = name;
    this.#port = server.port;
    this.#server = server;
  }

  /** One that ends with the test. */
  static async start(name: string, fault?: Fault): Promise<FaultyBackend> {
    const server = await RecordingBackend.start((connection) => backend.#serve(connection));
    const backend: FaultyBackend = new FaultyBackend(name, server);
    backend.fault = fault;
    return owned(backend);
  }

  get address(): string {
    return `127.0.0.1:${String(this.#port)}`;
  }

  /** Resets its connections and takes no further ones, as a process that is killed. */
  async goAway(): Promise<void> {
    for (const connection of this.#server.connections) connection.reset();
    await this.#server.close();
  }

  /** Takes connections at its address again, after {@link goAway}. */
  async comeBack(): Promise<void> {
    this.#server = await RecordingBackend.start(
      (connection) => this.#serve(connection),
      undefined,
      this.#port,
    );
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  /** Closes the connections that are open. */
  closeIdle(): void {
    for (const connection of this.#server.connections) connection.close();
  }

  async #serve(connection: ByteSocket): Promise<void> {
    if (this.fault === 'resets at accept' && this.failures > 0) {
      this.#next();
      connection.reset();
      return;
    }
    for (;;) {
      await readMessage(connection);
      const { fault } = this;
      const isFailing = this.#next();
      if (!isFailing || fault === undefined || fault === 'resets at accept')
        connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${String(this.name.length)}\r\n\r\n${this.name}`);
      else if (fault === 'goes away') await this.goAway();
      else DEEDS[fault](connection);
    }
  }

  /** Counts a try. True when it is one of those that fail. */
  #next(): boolean {
    this.tries += 1;
    this.failures -= 1;
    return this.failures >= 0;
  }
}

/** The peer gets the bytes before it hears of the reset. */
function sendAndReset(connection: ByteSocket, bytes: string): void {
  connection.socket.write(bytes, () => setImmediate(() => connection.reset()));
}
