import type { ListeningHandle, PipeHandle } from '../node-internals.ts';
import { join, type Invited } from './invitation.ts';
import { labelledSockets } from './socket-label.ts';

/** Gets what the main thread sends: a descriptor of the socket with that number, or undefined when there was none to have. */
export type DescriptorTaker = (socket: number, handle: ListeningHandle | undefined) => void;

/** A worker's end of the channel by which it gets descriptors. Does not keep the thread alive. */
export class DescriptorInbox {
  readonly #pipe: PipeHandle;
  readonly #taken: DescriptorTaker;
  #isClosed = false;

  private constructor(pipe: PipeHandle, taken: DescriptorTaker) {
    this.#pipe = pipe;
    this.#taken = taken;
    pipe.onread = this.#onRead;
    pipe.readStart();
  }

  /** Rejects when the invitation has ended, or when Node.js or the system lacks what the channel needs. */
  static async join(invited: Invited, taken: DescriptorTaker): Promise<DescriptorInbox> {
    return new DescriptorInbox(await join(invited), taken);
  }

  /** Nothing comes any more. */
  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pipe.close();
  }

  readonly #onRead = (bytes: ArrayBuffer | undefined): void => {
    const handle = this.#pipe.pendingHandle;
    this.#pipe.pendingHandle = undefined;
    // The main thread has ended the channel: it ends this thread too.
    if (bytes === undefined) {
      this.destroy();
      return;
    }
    const sockets = labelledSockets(bytes);
    // The system ends a read behind a message that carries a descriptor. Those before it came without one.
    for (const [index, socket] of sockets.entries())
      this.#taken(socket, index === sockets.length - 1 ? (handle as ListeningHandle | undefined) : undefined);
  };
}
