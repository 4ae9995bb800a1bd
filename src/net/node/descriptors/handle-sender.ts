import { descriptorOf, type PipeHandle, type TextWriting } from '../node-internals.ts';

const ignore = (): void => undefined;

/** Sends handles over a pipe for messages. Who reads the pipe gets a descriptor of its own for each. */
export class HandleSender {
  readonly #pipe: PipeHandle;
  readonly #writing: TextWriting;

  constructor(pipe: PipeHandle, writing: TextWriting) {
    this.#pipe = pipe;
    this.#writing = writing;
  }

  /**
   * Sends a text, and an open handle of a TCP or unix socket with it. Returns false when that is not possible, as with a closed handle.
   * When the receiver has no free descriptor, it gets the text alone.
   */
  send(text: string, handle: object | undefined): boolean {
    // Newer versions of Node.js do not report that a write with a closed handle has failed.
    if (handle !== undefined && descriptorOf(handle) < 0) return false;
    const { Request } = this.#writing;
    const request = Request === null ? null : new Request();
    if (request !== null) request.oncomplete = ignore;
    const outcome = this.#pipe.writeUtf8String(request, text, handle);
    if (typeof outcome === 'number') return outcome === 0;
    outcome.oncomplete = ignore;
    return true;
  }
}
