import type { PooledSocket } from './pooled-socket.ts';

/**
 * Sockets between two leases, told apart by when they came back. What a backend sends behind its response, in a write of its own,
 * is only seen in the next turn of the loop: a socket that has rested for a turn is given out before one that came back just now.
 */
export class RestingSockets {
  /** The loop has looked at these since they came back. */
  readonly #settled: PooledSocket[] = [];
  /** They came back in an earlier turn. */
  #earlier: PooledSocket[] = [];
  /** They came back in this turn. */
  #fresh: PooledSocket[] = [];
  #turnIsNoted = false;

  get length(): number {
    return this.#settled.length + this.#earlier.length + this.#fresh.length;
  }

  /** How many came back in this turn. */
  get fresh(): number {
    return this.#fresh.length;
  }

  add(socket: PooledSocket): void {
    this.#fresh.push(socket);
    if (this.#turnIsNoted) return;
    this.#turnIsNoted = true;
    setImmediate(this.#turnIsOver);
  }

  /** One that came back before this turn; the last one of those that the loop has looked at, if there are any. */
  take(): PooledSocket | undefined {
    return this.#settled.pop() ?? this.#earlier.pop();
  }

  /** {@link take}, but also one that came back in this turn. */
  takeAny(): PooledSocket | undefined {
    return this.take() ?? this.#fresh.pop();
  }

  /** All of them; they leave. */
  empty(): PooledSocket[] {
    return [this.#settled, this.#earlier, this.#fresh].flatMap((sockets) => sockets.splice(0));
  }

  /** Those that have rested since the last time; they leave. */
  takeCool(): PooledSocket[] {
    const cool: PooledSocket[] = [];
    for (const sockets of [this.#settled, this.#earlier, this.#fresh]) {
      for (const socket of sockets.splice(0)) {
        (socket.isCool ? cool : sockets).push(socket);
        socket.isCool = true;
      }
    }
    return cool;
  }

  /** Nothing but what comes back makes this run: those of the last turn may stay where they are while nothing does. */
  readonly #turnIsOver = (): void => {
    this.#turnIsNoted = false;
    const earlier = this.#earlier;
    for (const socket of earlier) this.#settled.push(socket);
    earlier.length = 0;
    this.#earlier = this.#fresh;
    this.#fresh = earlier;
  };
}
