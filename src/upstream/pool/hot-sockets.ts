import type { PooledSocket } from './pooled-socket.ts';

/** A stack of sockets that just came back from an exchange. The next lease takes the one that came back last. */
export class HotSockets {
  readonly #sockets: PooledSocket[] = [];
  readonly #cooled: (socket: PooledSocket) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param cooled called with each socket that was unused at two checks in a row, after it has left the stack */
  constructor(cooled: (socket: PooledSocket) => void) {
    this.#cooled = cooled;
  }

  get size(): number {
    return this.#sockets.length;
  }

  push(socket: PooledSocket): void {
    this.#sockets.push(socket);
  }

  pop(): PooledSocket | undefined {
    return this.#sockets.pop();
  }

  /** Checks at this interval for unused sockets. */
  coolEvery(intervalMs: number): void {
    this.#timer = setInterval(() => {
      this.#cool();
    }, intervalMs).unref();
  }

  /** Stops the checks. Returns the remaining sockets, which belong to the caller from now on. */
  close(): PooledSocket[] {
    clearInterval(this.#timer);
    return this.#sockets.splice(0);
  }

  #cool(): void {
    const rested = this.#sockets.findIndex((socket) => !socket.isCool);
    const cool = this.#sockets.splice(0, rested < 0 ? this.#sockets.length : rested);
    const now = performance.now();
    for (const socket of cool) {
      socket.idleSinceMs = now;
      this.#cooled(socket);
    }
    for (const socket of this.#sockets) socket.isCool = true;
  }
}
