import type { Pool } from 'generic-pool';

import type { Dialer } from '../../net/dial/dialer.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { BackendPool, BackendState } from '../backend/backend-state.ts';
import type { PoolSettings } from '../../config/sockets/pool-settings.ts';
import type { ChannelPool, PoolWaiter } from './channel-pool.ts';
import { asBalanceError, connectTo } from './connect-to.ts';
import { HotSockets } from './hot-sockets.ts';
import { FailedSocket, PooledSocket } from './pooled-socket.ts';
import { makeResourcePool, type ResourceFactory } from './resource-pool.ts';
import { WarmSockets } from './warm-sockets.ts';

/** How often idle sockets are checked. */
const EVICTION_INTERVAL_MS = 1_000;

const SETTLED = Promise.resolve();

type Resource = PooledSocket | FailedSocket;

/**
 * Keeps sockets to one backend, and gives each to one lease at a time. With use `keep-alive` a socket serves one exchange after the
 * other; with `once` sockets are connected ahead and each serves one connection.
 */
export class SocketPool implements ChannelPool, BackendPool {
  readonly #backend: BackendState;
  readonly #settings: PoolSettings;
  /** Sockets at most. Never infinite, as generic-pool counts up to it. */
  readonly #limit: number;
  readonly #use: SocketUse;
  readonly #dialer: Dialer;
  /** Made with the first socket: an edit may bring a thousand backends, and few of them may ever be used. */
  #made: Pool<Resource> | undefined;
  /**
   * Sockets that just came back. generic-pool counts them as borrowed. The next lease takes them from here, without the promises that
   * generic-pool needs. Sockets that rest here for long go back to generic-pool, which ages them.
   */
  readonly #hot = new HotSockets((socket) => {
    if (this.#isSpent(socket)) this.#destroy(socket);
    else void this.#pool.release(socket);
  });
  #leased = 0;
  /** Leases that wait in generic-pool's queue. */
  #borrowing = 0;
  #failures = 0;
  /** What the pool has learned about how long the server keeps unused sockets open. */
  readonly #warm = new WarmSockets();
  /** Places of generic-pool that hold no usable socket, but a failure or a socket that its server has ended. */
  #restingFailures = 0;
  #closing = false;

  constructor(backend: BackendState, use: SocketUse, settings: PoolSettings, dialer: Dialer) {
    this.#backend = backend;
    this.#settings = settings;
    this.#limit = settings.maxSize === 0 ? Number.MAX_SAFE_INTEGER : settings.maxSize;
    this.#use = use;
    this.#dialer = dialer;
    if (settings.minIdle > 0) this.#made = this.#make();
    backend.pools.add(this);
  }

  /** True while every socket that the pool may have is leased, or is waited for by a lease. */
  get isFull(): boolean {
    return this.#leased + this.#borrowing >= this.#limit;
  }

  get idle(): number {
    return Math.max(0, this.#available - this.#restingFailures) + this.#hot.size;
  }

  get use(): SocketUse {
    return this.#use;
  }

  get settings(): PoolSettings {
    return this.#settings;
  }

  /** Leases that wait for a socket. */
  get waiting(): number {
    return this.#borrowing;
  }

  get leased(): number {
    return this.#leased;
  }

  take(waiter: PoolWaiter, atOnce = false): void {
    const socket = this.#takeHot();
    if (socket === undefined) {
      this.#borrow(waiter);
      return;
    }
    this.#lease(socket);
    if (atOnce) {
      waiter.taken(socket);
      return;
    }
    // A settled promise costs a third of queueMicrotask.
    void SETTLED.then(() => {
      waiter.taken(socket);
    });
  }

  release(socket: PooledSocket, idleMs: number): void {
    if (!this.#endLease(socket)) return;
    const isUnwanted =
      idleMs === 0 || this.#closing || this.#use === 'once' || this.#isSpent(socket) || this.#isSurplus();
    if (isUnwanted) {
      this.#drop(socket);
      return;
    }
    socket.rest(idleMs);
    // Leases that wait in generic-pool's queue come first.
    if (this.#borrowing > 0) void this.#pool.release(socket);
    else this.#hot.push(socket);
  }

  forget(socket: PooledSocket): void {
    this.#leased -= 1;
    if (this.#use === 'keep-alive') this.#destroy(socket);
  }

  /** Closes idle sockets now, and leased ones when they come back. Leases that wait, and those that still ask, are served. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#backend.pools.delete(this);
    for (const socket of this.#hot.close()) this.#destroy(socket);
    const pool = this.#made;
    if (pool === undefined) return;
    // This resolves when the last borrowed socket has come back, which may take long. So it is not awaited.
    const drained = pool.drain();
    // To call `clear` at once would destroy sockets that are being connected for waiting leases.
    if (this.#borrowing > 0) void drained.then(() => pool.clear());
    else void pool.clear();
  }

  get #available(): number {
    return this.#made?.available ?? 0;
  }

  get #pool(): Pool<Resource> {
    return (this.#made ??= this.#make());
  }

  #make(): Pool<Resource> {
    const pool = makeResourcePool({
      limit: this.#limit,
      minIdle: Math.min(this.#settings.minIdle, this.#limit),
      lookEveryMs: EVICTION_INTERVAL_MS,
      factory: this.#factory(),
      isUnwanted: (resource, available) => {
        if (this.#closing) return true;
        return this.#isSpent(resource)
          ? !this.#staysEmpty(resource)
          : this.#isIdleTooLong(resource, available);
      },
    });
    this.#hot.coolEvery(EVICTION_INTERVAL_MS);
    return pool;
  }

  #borrow(waiter: PoolWaiter): void {
    // Each of these leases needs a connection of its own. To wait for the connects of others would only take longer.
    const isCrowded = this.#use === 'once' && this.#borrowing >= this.#limit;
    if (this.#closing || isCrowded) {
      this.#connectFor(waiter);
      return;
    }
    const failuresBefore = this.#failures;
    this.#borrowing += 1;
    this.#pool.acquire().then(
      (resource) => {
        this.#borrowing -= 1;
        this.#acquired(resource, waiter, failuresBefore);
      },
      (error: unknown) => {
        this.#borrowing -= 1;
        waiter.failed(asBalanceError(error));
      },
    );
  }

  /** Connects outside of generic-pool, which serves nothing once it is being closed. */
  #connectFor(waiter: PoolWaiter): void {
    this.#connect().then(
      (socket) => {
        this.#lease(socket);
        waiter.taken(socket);
      },
      (error: unknown) => {
        waiter.failed(asBalanceError(error));
      },
    );
  }

  #acquired(resource: Resource, waiter: PoolWaiter, failuresBefore: number): void {
    if (resource instanceof FailedSocket) {
      this.#destroy(resource);
      // A failure from before this lease asked does not count.
      if (resource.sequence > failuresBefore) waiter.failed(resource.error);
      else this.take(waiter);
    } else if (!this.#isFit(resource)) {
      this.#destroy(resource);
      this.take(waiter);
    } else {
      this.#lease(resource);
      if (this.#use === 'once') {
        this.#warm.used();
        // A socket of this use leaves generic-pool, which connects another one ahead in its place.
        this.#destroy(resource);
      }
      waiter.taken(resource);
    }
  }

  #lease(socket: PooledSocket): void {
    socket.leased = true;
    this.#leased += 1;
    if (socket.uses > 0) this.#backend.reused += 1;
    socket.uses += 1;
  }

  /** False when the lease of the socket had ended before. */
  #endLease(socket: PooledSocket): boolean {
    if (!socket.leased) return false;
    socket.leased = false;
    this.#leased -= 1;
    return true;
  }

  #takeHot(): PooledSocket | undefined {
    for (;;) {
      const socket = this.#hot.pop();
      if (socket === undefined || this.#isFit(socket)) return socket;
      this.#destroy(socket);
    }
  }

  #factory(): ResourceFactory<Resource> {
    return {
      create: async () => {
        try {
          return await this.#connect();
        } catch (error) {
          this.#failures += 1;
          this.#restingFailures += 1;
          return new FailedSocket(asBalanceError(error), this.#failures);
        }
      },
      destroy: (resource) => {
        if (resource instanceof FailedSocket || resource.emptyUntilMs > 0) this.#restingFailures -= 1;
        // A leased socket has only left the pool: it stays open.
        if (resource instanceof PooledSocket && !resource.leased) {
          this.#backend.discarded += 1;
          resource.stream.destroy();
        }
        return Promise.resolve();
      },
    };
  }

  #connect(): Promise<PooledSocket> {
    return new Promise((resolve, reject) => {
      connectTo(this.#backend, this.#dialer, this.#use, (error, socket) => {
        if (socket === undefined) {
          reject(asBalanceError(error));
          return;
        }
        if (this.#use === 'keep-alive') socket.rest(Number.POSITIVE_INFINITY);
        resolve(socket);
      });
    });
  }

  #drop(socket: PooledSocket): void {
    socket.stream.destroy();
    if (this.#use === 'keep-alive') this.#destroy(socket);
  }

  #destroy(resource: Resource): void {
    this.#made?.destroy(resource).catch(() => {
      // generic-pool does not know the resource any more, or never did: there is nothing to remove.
    });
  }

  /** Whether a lease may get the socket now. Its address is always checked, even when the settings ask for no check. */
  #isFit(socket: PooledSocket): boolean {
    if (socket.emptyUntilMs > 0) return false;
    return this.#settings.validateOnBorrow ? !this.#isSpent(socket) : !socket.isOutdated;
  }

  #isSpent(resource: Resource): boolean {
    if (resource instanceof FailedSocket || resource.stream.stale) return true;
    if (resource.isOverdue || resource.isOutdated) return true;
    // While a greeting is not read yet, `stale` does not show that the server has ended the socket.
    if (this.#use === 'once' && (resource.stream.peerEnded || this.#warm.isOld(resource))) return true;
    return this.#settings.maxAgeMs > 0 && performance.now() - resource.createdAtMs > this.#settings.maxAgeMs;
  }

  /** Whether the place of a spent socket stays empty for now, because the server soon ends every unused socket. */
  #staysEmpty(resource: Resource): boolean {
    if (this.#use !== 'once' || resource instanceof FailedSocket) return false;
    const { stream } = resource;
    if (resource.emptyUntilMs === 0) {
      if (!stream.peerEnded && !stream.destroyed) return false;
      resource.emptyUntilMs = resource.createdAtMs + this.#warm.ended(resource);
      this.#restingFailures += 1;
      stream.destroy();
    }
    return performance.now() < resource.emptyUntilMs;
  }

  /** Whether one more idle socket would exceed `maxIdle`. Not while a lease waits: it would take the socket at once. */
  #isSurplus(): boolean {
    const { maxIdle } = this.#settings;
    return maxIdle > 0 && this.#borrowing === 0 && this.idle >= maxIdle;
  }

  #isIdleTooLong(resource: Resource, available: number): boolean {
    if (resource instanceof FailedSocket) return false;
    // A socket whose lease got another socket meanwhile became idle without a check of `maxIdle`.
    if (this.#settings.maxIdle > 0 && available > this.#settings.maxIdle) return true;
    if (this.#settings.maxIdleTimeMs === 0) return false;
    // Sockets of use `once` are renewed after their idle time, even when minIdle keeps them.
    if (available <= this.#settings.minIdle && this.#use === 'keep-alive') return false;
    return performance.now() - resource.idleSinceMs > this.#settings.maxIdleTimeMs;
  }
}
