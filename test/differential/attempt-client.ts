import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import type { Delivery } from './case.ts';

/** The bytes and events that a client got for one case. */
export interface Received {
  readonly bytes: string;
  /** closed or reset: by the proxy. quiet: nothing happened any more, and the client gave up. */
  readonly ending: 'closed' | 'reset' | 'quiet';
}

/** So many looks in a row without anything happening mean that nothing will. A look is an event of its own, so a stalled process does not count as silence. */
const QUIET_LOOKS = 6;
const LOOK_MS = 20;

/** A client for one case: sends its bytes on a connection of its own and keeps what comes back. */
export class AttemptClient {
  readonly #socket: Socket;
  #bytes = '';
  #ended = false;
  #reset = false;
  #looks = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#bytes += bytes.toString('latin1');
      this.touch();
    });
    socket.on('end', () => {
      // A reset right behind bytes looks like an end to the runtime; but then there is no peer any more. Asked for the first
      // time here, as the runtime remembers the answer.
      this.#reset = socket.remoteAddress === undefined;
      this.#ended = true;
    });
    socket.on('error', () => {
      this.#reset = !this.#ended;
      this.#ended = true;
    });
    socket.on('close', () => (this.#ended = true));
  }

  static async connect(port: number): Promise<AttemptClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    return new AttemptClient(socket);
  }

  /** Something happened elsewhere: silence begins anew. */
  touch(): void {
    this.#looks = 0;
  }

  async send(bytes: string, delivery: Delivery): Promise<void> {
    for (const piece of piecesOf(bytes, delivery)) {
      if (this.#ended) return;
      this.#socket.write(piece, 'latin1');
      if (delivery !== 'whole') await new Promise((resolve) => setImmediate(resolve));
      this.touch();
    }
  }

  /**
   * Waits until the proxy closes or nothing happens any more, and leaves. By a reset where the proxy did not close: the end of what
   * a client sends tells nothing behind a request with `Connection: close`, and that one goes on for as long as its backend may be silent.
   */
  async finish(quietLooks = QUIET_LOOKS): Promise<Received> {
    this.touch();
    if (!this.#ended) {
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          this.#looks += 1;
          if (this.#looks >= quietLooks) over();
        }, LOOK_MS);
        const over = (): void => {
          clearInterval(timer);
          for (const event of ['end', 'error', 'close']) this.#socket.off(event, over);
          resolve();
        };
        for (const event of ['end', 'error', 'close']) this.#socket.on(event, over);
      });
    }
    const ending = this.#reset ? 'reset' : this.#ended ? 'closed' : 'quiet';
    if (this.#ended) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
    return { bytes: this.#bytes, ending };
  }
}

function piecesOf(bytes: string, delivery: Delivery): string[] {
  if (delivery === 'whole') return [bytes];
  if (delivery === 'single-bytes') return Array.from(bytes);
  const headEnd = bytes.indexOf('\r\n\r\n');
  const middle = headEnd < 0 ? Math.floor(bytes.length / 2) : headEnd + 2;
  return [bytes.slice(0, middle), bytes.slice(middle)];
}
