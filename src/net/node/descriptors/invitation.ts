import { randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

import {
  detachHandle,
  handleOf,
  makeMessagePipe,
  sampleUnixHandle,
  socketWithHandle,
  type PipeHandle,
} from '../node-internals.ts';

const SECRET_BYTES = 32;
/** At most so many files are opened to get one certain descriptor number; see {@link closeTwin}. */
const MOST_PLACEHOLDERS = 256;
const ignore = (): void => undefined;

/** What the other end needs in order to join. Plain data, good for one use. */
export interface Invited {
  /** The abstract unix address, which begins with a zero byte. */
  readonly name: string;
  readonly secret: Uint8Array;
}

/** The end of a message pipe that accepted the other one. */
export interface AcceptedEnd {
  readonly pipe: PipeHandle;
  close(): void;
}

/**
 * Waits for the other end of a message pipe, which {@link join} makes. Every process of the machine can connect to an abstract address, so
 * the one who comes must show a secret. Does not keep the process alive.
 */
export class Invitation {
  readonly invited: Invited;
  /** Rejects when nobody comes in time, when it is withdrawn, and when Node.js or the system lacks what it needs. */
  readonly joined: Promise<AcceptedEnd>;
  readonly #server: Server;

  constructor(limitMs: number) {
    const secret = randomBytes(SECRET_BYTES);
    this.invited = { name: `\0balance-${randomBytes(16).toString('hex')}`, secret };
    this.#server = createServer({ pauseOnConnect: true });
    this.joined = accept(this.#server, secret, limitMs);
    // Who made the invitation may look at it late.
    this.joined.catch(ignore);
    this.#server.listen(this.invited.name).unref();
  }

  /** Nobody can join any more. Without effect when somebody has. */
  withdraw(): void {
    this.#server.emit('error', new Error('the invitation was withdrawn'));
  }
}

/** Connects to who made the invitation. Rejects when nobody listens there. */
export async function join({ name, secret }: Invited): Promise<PipeHandle> {
  const sample = sampleUnixHandle();
  const pipe = sample && makeMessagePipe(sample);
  if (pipe === undefined) throw new Error('handles of this version of Node.js are not known');
  const socket = socketWithHandle(pipe);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(name);
    socket.write(secret, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  socket.on('error', ignore);
  detachHandle(socket);
  pipe.unref();
  return pipe;
}

async function accept(server: Server, secret: Buffer, limitMs: number): Promise<AcceptedEnd> {
  const strangers = new Set<Socket>();
  const timer = setTimeout(() => server.emit('error', new Error('no answer')), limitMs).unref();
  try {
    const twin = await whoKnows(server, secret, strangers);
    const pipe = makeMessagePipe(twin);
    if (pipe?.open(twin.fd) !== 0) {
      twin.close();
      throw new Error('the connection can not be opened for messages');
    }
    pipe.unref();
    twin.unref();
    return endOf(pipe, twin);
  } finally {
    clearTimeout(timer);
    server.on('error', ignore).close();
    for (const stranger of strangers) stranger.destroy();
  }
}

function endOf(pipe: PipeHandle, twin: PipeHandle): AcceptedEnd {
  let isClosed = false;
  return {
    pipe,
    close: () => {
      if (isClosed) return;
      isClosed = true;
      pipe.close();
      closeTwin(twin);
    },
  };
}

/** Resolves with the handle of the connection that sends the secret. `connected` collects all other accepted sockets. */
function whoKnows(server: Server, secret: Buffer, connected: Set<Socket>): Promise<PipeHandle> {
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
        const isInvited = shown.length === secret.length && timingSafeEqual(shown, secret);
        const handle = isInvited ? (handleOf(socket) as PipeHandle | undefined) : undefined;
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
