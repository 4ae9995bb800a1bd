import type { PooledSocket } from './pooled-socket.ts';

/** A server that ends an unused socket sooner than this does not want such sockets: the pool pauses, longer each time. */
const SOON_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
/** Sockets that were connected within this time of each other and end together count once: they show one time limit, not two. */
const APART_MS = 500;
/** Two times are the same limit when they differ by no more than this share. */
const ALIKE = 0.25;

/** An unused socket that its server ended. */
interface End {
  readonly createdAtMs: number;
  readonly ageMs: number;
}

/**
 * What a pool learns where it connects sockets ahead for one use each, and the server ends them before their use: how long the server
 * waits for a client to speak (as MySQL's connect_timeout, or the login time of SSH), and whether it wants such sockets at all.
 */
export class WarmSockets {
  #last: End | undefined;
  /** Half of the time after which the server gives up on a client that it has greeted. */
  #limitMs = Number.POSITIVE_INFINITY;
  #pauseMs = 0;

  /** Whether the server, which has greeted, may soon give up on the socket, so that a client would not have the time to log in. */
  isOld({ stream, createdAtMs }: PooledSocket): boolean {
    return stream.hasUnreadBytes && performance.now() - createdAtMs > this.#limitMs;
  }

  /** The server ended an unused socket. Returns how long its place in the pool stays empty, in ms since it was connected. */
  ended({ stream, createdAtMs }: PooledSocket): number {
    const end: End = { createdAtMs, ageMs: performance.now() - createdAtMs };
    if (end.ageMs < SOON_MS) {
      this.#pauseMs = Math.min(Math.max(1_000, this.#pauseMs * 2), LONGEST_PAUSE_MS);
      return this.#pauseMs;
    }
    this.#pauseMs = 0;
    if (stream.hasUnreadBytes) this.#learn(end);
    return 0;
  }

  /** A socket was used: the server wants them. */
  used(): void {
    this.#pauseMs = 0;
  }

  /** One end may be a restart of the server. Two ends after the same time are its time limit. */
  #learn(end: End): void {
    const last = this.#last;
    this.#last = end;
    if (last === undefined || end.createdAtMs - last.createdAtMs < APART_MS) return;
    const [shorter, longer] = [Math.min(end.ageMs, last.ageMs), Math.max(end.ageMs, last.ageMs)];
    if (longer - shorter < longer * ALIKE) this.#limitMs = shorter / 2;
  }
}
