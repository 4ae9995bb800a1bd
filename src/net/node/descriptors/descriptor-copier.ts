import { learnTextWriting, type TextWriting } from '../node-internals.ts';
import { HandleSender } from './handle-sender.ts';
import { Invitation, join, type AcceptedEnd } from './invitation.ts';

/** Gets the copy, and must close it later; undefined when there is none. */
type CopyTaker = (copy: object | undefined) => void;

/** How long the two ends may take to connect to each other. */
const OPEN_LIMIT_MS = 5_000;

/** Two ends of one unix socket, both in this thread. */
interface Ends {
  readonly sender: HandleSender;
  readonly receiving: AcceptedEnd;
  close(): void;
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
    if (this.#ends?.sender.send(MESSAGE, handle) !== true) {
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
    ends.close();
  }

  async #open(): Promise<void> {
    const writing = this.#writing;
    if (process.platform !== 'linux') this.#failure = 'needs Linux';
    else if (writing === null) this.#failure = 'this version of Node.js writes in a way that is not known';
    if (this.#failure !== '' || writing === null) return;
    try {
      const ends = await joinItself(writing);
      const { pipe } = ends.receiving;
      pipe.onread = this.#onRead;
      pipe.readStart();
      this.#ends = ends;
      if (this.#closed) this.close();
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
  }

  readonly #onRead = (bytes: ArrayBuffer | undefined): void => {
    const receiving = this.#ends?.receiving.pipe;
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

/** Connects this thread to itself. Rejects when Node.js or the system lacks what that needs. */
async function joinItself(writing: TextWriting): Promise<Ends> {
  const invitation = new Invitation(OPEN_LIMIT_MS);
  try {
    const sending = await join(invitation.invited);
    const receiving = await invitation.joined.catch((error: unknown) => {
      sending.close();
      throw error;
    });
    const close = (): void => {
      receiving.close();
      sending.close();
    };
    return { sender: new HandleSender(sending, writing), receiving, close };
  } finally {
    invitation.withdraw();
  }
}
