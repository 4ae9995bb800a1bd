import type { PoolSettings } from '../../config/sockets/pool-settings.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { IdleRange } from '../backend/backend-state.ts';
import { FailedSocket, type PooledSocket } from './pooled-socket.ts';
import { WarmSockets } from './warm-sockets.ts';

/** Which sockets of a pool may still be used, by its settings and by what it has learned of the server. */
export class IdleRules implements IdleRange {
  /** What the pool has learned about how long the server keeps unused sockets open. */
  readonly warm = new WarmSockets();
  readonly #use: SocketUse;
  readonly #settings: PoolSettings;

  constructor(use: SocketUse, settings: PoolSettings) {
    this.#use = use;
    this.#settings = settings;
  }

  /** So many sockets are kept connected. */
  get leastIdle(): number {
    const { minIdle, maxSize } = this.#settings;
    return maxSize === 0 ? minIdle : Math.min(minIdle, maxSize);
  }

  /** How many sockets may rest. With use `once` all of them were connected ahead. */
  get mostIdle(): number {
    const { maxIdle, minIdle } = this.#settings;
    if (this.#use === 'once') return minIdle;
    return maxIdle === 0 ? Number.POSITIVE_INFINITY : maxIdle;
  }

  /** Whether a lease may get the socket now. Its address is always checked, even when the settings ask for no check. */
  isFit(socket: PooledSocket): boolean {
    if (socket.emptyUntilMs > 0) return false;
    return this.#settings.validateOnBorrow ? !this.isSpent(socket) : !socket.isOutdated;
  }

  isSpent(resource: PooledSocket | FailedSocket): boolean {
    if (resource instanceof FailedSocket || resource.stream.stale) return true;
    if (resource.isOverdue || resource.isOutdated) return true;
    // While a greeting is not read yet, `stale` does not show that the server has ended the socket.
    if (this.#use === 'once' && (resource.stream.peerEnded || this.warm.isOld(resource))) return true;
    return this.#settings.maxAgeMs > 0 && performance.now() - resource.createdAtMs > this.#settings.maxAgeMs;
  }

  /** @param available how many sockets are idle, with this one */
  isIdleTooLong(resource: PooledSocket | FailedSocket, available: number): boolean {
    const { maxIdle, maxIdleTimeMs, minIdle } = this.#settings;
    if (resource instanceof FailedSocket) return false;
    // A socket whose lease got another socket meanwhile became idle without a check of `maxIdle`.
    if (maxIdle > 0 && available > maxIdle) return true;
    if (maxIdleTimeMs === 0) return false;
    // Sockets of use `once` are renewed after their idle time, even when minIdle keeps them.
    if (available <= minIdle && this.#use === 'keep-alive') return false;
    return performance.now() - resource.idleSinceMs > maxIdleTimeMs;
  }
}
