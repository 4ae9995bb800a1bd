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

/** Gets the copy, or undefined when there is none. Whoever gets it closes it. */
type CopyTaker = (copy: object | undefined) => void;

/** Longest wait for the two ends to find each other. */
const OPEN_LIMIT_MS = 5_000;
/** Numbers that are tried for one that is free again; see {@link closeTwin}. */
const MOST_PLACEHOLDERS = 256;

/** Two ends of one unix socket, both in this process. */
interface Ends {
  readonly sending: PipeHandle;
  readonly receiving: PipeHandle;
  /** Has the same descriptor as `receiving`. */
  readonly twin: PipeHandle;
}

/**
 * Makes further descriptors of an open socket, as dup(2) does, which the runtime has no function for. It sends the socket to
 * itself over a unix socket: what arrives has a descriptor of its own, and closing it leaves the others as they are.
 *
 * Works on Linux, where the two ends meet at an abstract address: nothing is written to the disk. It keeps no process alive.
 */
export class DescriptorCopier {
  readonly #writing: TextWriting | null;
  #ends: Ends | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;
  #failure = '';
  /** In the order in which the copies were asked for. */
  readonly #takers: CopyTaker[] = [];

  constructor(writing: TextWriting | null = learnTextWriting()) {
    this.#writing = writing;
  }

  /** True when copies can be had. */
  get isOpen(): boolean {
    return this.#ends !== undefined;
  }

  /** Why there are no copies; '' while nothing went wrong. */
  get failure(): string {
    return this.#failure;
  }

  /** Joins the two ends; without effect when that was asked for before. Never rejects. */
  open(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Asks for a copy of an open handle of a TCP or unix socket. `take` is called in a later turn of the loop. */
  copy(handle: object, take: CopyTaker): void {
    const ends = this.#ends;
    // A write of a handle that is closed fails in a way that newer versions of the runtime do not show.
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

  /** Closes both ends. Copies that are on their way do not come. */
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
    // Where descriptors run out, the system delivers the messages without what they carry.
    this.#takers.shift()?.(copy);
    for (const take of this.#takers.splice(0, bytes.byteLength - 1)) take(undefined);
  };
}

/** One byte a copy. */
const MESSAGE = 'd';
const ignore = (): void => undefined;

/** Connects this process to itself. Rejects where the runtime or the system lacks what that needs. */
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
 * The handle of the connection that shows the secret: an abstract address is open to every process of the machine. `connected`
 * gets whoever else connects.
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
 * Closes a handle whose descriptor another handle has closed already. Closing the number twice could hit a file that was
 * opened in between. So a file of our own takes the free number, and the handle closes that. When somebody was
 * faster, the handle is left as it is.
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
    // No descriptor is to be had.
  } finally {
    for (const placeholder of held) closeSync(placeholder);
  }
}
