import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

import {
  descriptorOf,
  detachHandle,
  handleOf,
  learnTextWriting,
  makeMessagePipe,
  socketWithHandle,
  type PipeHandle,
  type TextWriting,
} from './node-internals.ts';

/** Gets the copy, and must close it later; undefined when there is none. */
type CopyTaker = (copy: object | undefined) => void;

/** How long the two ends may take to connect to each other. */
const OPEN_LIMIT_MS = 5_000;
/** At most so many files are opened to get one certain descriptor number; see {@link closeTwin}. */
const MOST_PLACEHOLDERS = 256;

/** Two ends of one unix socket, both in this process. */
interface Ends {
  readonly sending: PipeHandle;
  readonly receiving: PipeHandle;
  /** Has the same descriptor as `receiving`. */
  readonly twin: PipeHandle;
}

/**
 * Makes further descriptors of an open socket, as dup(2) does; Node.js has no function for that. The process sends the socket to
 * itself over a unix socket. What arrives has its own descriptor, and closing it does not close the others.
 *
 * Works on Linux only: the two ends meet at an abstract address, so no file is made. Does not keep the process alive.
 */
export class DescriptorCopier {
  readonly #writing: TextWriting | null;
  #ends: Ends | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;
  #failure = '';
  /** Callbacks of copies that have not come yet, in the order of the calls. */
  readonly #takers: CopyTaker[] = [];

  constructor(writing: TextWriting | null = learnTextWriting()) {
    this.#writing = writing;
  }

  /** True while copies can be made. */
  get isOpen(): boolean {
    return this.#ends !== undefined;
  }

  /** Why no copies can be made; '' while nothing has failed. */
  get failure(): string {
    return this.#failure;
  }

  /** Connects the two ends. A second call has no effect. Never rejects: see {@link failure}. */
  open(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Asks for a copy of an open handle of a TCP or unix socket. `take` is called in a later turn of the loop. */
  copy(handle: object, take: CopyTaker): void {
    const ends = this.#ends;
    // Newer versions of Node.js do not report that a write with a closed handle has failed.
    if (ends === undefined || this.#writing === null || descriptorOf(handle) < 0) {
      setImmediate(take, undefined);
      return;
    }
    const { Request } = this.#writing;
    const request = Request === null ? null : new Request();
    if (request !== null) request.oncomplete = ignore;
    const outcome = ends.sending.writeUtf8String(request, MESSAGE, handle);
    if (typeof outcome !== 'number') outcome.oncomplete = ignore;
    else if (outcome !== 0) {
      setImmediate(take, undefined);
      return;
    }
    this.#takers.push(take);
  }

  /** Closes both ends. Copies that have not come yet never come. */
  close(): void {
    this.#closed = true;
    const ends = this.#ends;
    if (ends === undefined) return;
    this.#ends = undefined;
    for (const take of this.#takers.splice(0)) take(undefined);
    ends.receiving.close();
    closeTwin(ends.twin);
    ends.sending.close();
  }

  async #open(): Promise<void> {
    if (process.platform !== 'linux') this.#failure = 'needs Linux';
    else if (this.#writing === null)
      this.#failure = 'this version of Node.js writes in a way that is not known';
    if (this.#failure !== '') return;
    try {
      const ends = await join();
      ends.receiving.onread = this.#onRead;
      ends.receiving.readStart();
      this.#ends = ends;
      if (this.#closed) this.close();
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }

  readonly #onRead = (bytes: ArrayBuffer | undefined): void => {
    const receiving = this.#ends?.receiving;
    if (receiving === undefined) return;
    const copy = receiving.pendingHandle;
    receiving.pendingHandle = undefined;
    if (bytes === undefined) {
      this.#failure = 'the connection to itself was lost';
      this.close();
      return;
    }
    // When descriptors run out, the system delivers the message without the descriptor: then `copy` is undefined.
    this.#takers.shift()?.(copy);
    for (const take of this.#takers.splice(0, bytes.byteLength - 1)) take(undefined);
  };
}

/** One byte is sent with each copy. */
const MESSAGE = 'd';
const ignore = (): void => undefined;

/** Connects this process to itself. Rejects when Node.js or the system lacks what that needs. */
async function join(): Promise<Ends> {
  const secret = randomBytes(32);
  const server = createServer({ pauseOnConnect: true });
  let socket: Socket | undefined;
  const strangers = new Set<Socket>();
  const timer = setTimeout(() => server.emit('error', new Error('no answer')), OPEN_LIMIT_MS).unref();
  try {
    server.listen(`\0balance-${randomBytes(16).toString('hex')}`);
    await once(server, 'listening');
    server.unref();
    const sending = makeMessagePipe(handleOf(server) ?? server);
    if (sending === undefined) throw new Error('handles of this version of Node.js are not known');
    socket = socketWithHandle(sending);
    socket.on('error', ignore);
    const found = acceptOf(server, secret, strangers);
    socket.connect(server.address() as string);
    socket.write(secret);
    const twin = await found;
    const receiving = makeMessagePipe(twin);
    if (receiving?.open(twin.fd) !== 0) {
      twin.close();
      throw new Error('the connection to itself can not be opened for messages');
    }
    detachHandle(socket);
    for (const handle of [sending, receiving, twin]) handle.unref();
    return { sending, receiving, twin };
  } catch (error) {
    socket?.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    server.close();
    for (const stranger of strangers) stranger.destroy();
  }
}

/**
 * Resolves with the handle of the connection that sends the secret. The secret is needed because every process of the machine can
 * connect to an abstract address. `connected` collects all other accepted sockets.
 */
function acceptOf(server: Server, secret: Buffer, connected: Set<Socket>): Promise<PipeHandle> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.on('connection', (socket: Socket) => {
      connected.add(socket);
      let shown = Buffer.alloc(0);
      socket.unref();
      socket.on('error', ignore);
      socket.on('data', (bytes: Buffer) => {
        shown = Buffer.concat([shown, bytes]);
        if (shown.length < secret.length) return;
        const handle = shown.equals(secret) ? (handleOf(socket) as PipeHandle | undefined) : undefined;
        if (handle === undefined) {
          socket.destroy();
          return;
        }
        handle.readStop();
        connected.delete(socket);
        detachHandle(socket);
        resolve(handle);
      });
      socket.resume();
    });
  });
}

/**
 * Closes a handle whose descriptor another handle has closed already. Closing the same number twice could close a file that was opened
 * in between. So this opens files until one gets the free number, and the handle closes that file. If another file has taken the number
 * before, the handle is not closed.
 */
function closeTwin(twin: PipeHandle): void {
  const number = twin.fd;
  const held: number[] = [];
  try {
    while (held.length < MOST_PLACEHOLDERS) {
      // The system gives the lowest number that is free.
      const placeholder = openSync('/', 'r');
      if (placeholder === number) {
        twin.close();
        return;
      }
      held.push(placeholder);
      if (placeholder > number) return;
    }
  } catch {
    // There is no free descriptor: the handle is not closed.
  } finally {
    for (const placeholder of held) closeSync(placeholder);
  }
}
