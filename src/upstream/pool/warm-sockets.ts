import type { PooledSocket } from './pooled-socket.ts';

/** A server that ends an unused socket sooner than this does not want unused sockets: the pool pauses, longer each time. */
const SOON_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
/** Sockets that were connected within this time and end together count as one: they show one time limit, not two. */
const APART_MS = 500;
/** Two times count as the same limit when they differ by no more than this share. */
const ALIKE = 0.25;

/** An unused socket that its server ended. */
interface End {
  readonly createdAtMs: number;
  readonly ageMs: number;
}

/**
 * Learns from unused sockets of use `once` that the server ends: how long the server waits for a client to speak (as MySQL's
 * connect_timeout, or the login time of SSH), and whether it wants unused sockets at all.
 */
export class WarmSockets {
  #last: End | undefined;
  /** Half of the time for which the server, after its greeting, waits for a silent client. */
  #limitMs = Number.POSITIVE_INFINITY;
  #pauseMs = 0;

  /** Whether the server, which has sent its greeting, may end the socket before a client could log in. */
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

  /** A socket was used: the server accepts unused sockets, so the pause begins at its shortest again. */
  used(): void {
    this.#pauseMs = 0;
  }

  /** Remembers an end. One end may be a restart of the server; two ends after the same time show its time limit. */
  #learn(end: End): void {
    const last = this.#last;
    this.#last = end;
    if (last === undefined || end.createdAtMs - last.createdAtMs < APART_MS) return;
    const [shorter, longer] = [Math.min(end.ageMs, last.ageMs), Math.max(end.ageMs, last.ageMs)];
    if (longer - shorter < longer * ALIKE) this.#limitMs = shorter / 2;
  }
}
