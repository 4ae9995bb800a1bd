import type { Pool } from 'generic-pool';

import type { DialOptions } from '../../net/dial/dial.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { BackendPool, BackendState } from '../backend/backend-state.ts';
import type { PoolSettings } from '../backend/pool-settings.ts';
import type { ChannelPool, PoolWaiter } from './channel-pool.ts';
import { asBalanceError, connectTo } from './connect-to.ts';
import { HotSockets } from './hot-sockets.ts';
import { FailedSocket, PooledSocket } from './pooled-socket.ts';
import { makeResourcePool, type ResourceFactory } from './resource-pool.ts';
import { WarmSockets } from './warm-sockets.ts';

/** How often idle sockets are looked at. */
const EVICTION_INTERVAL_MS = 1_000;

const SETTLED = Promise.resolve();

type Resource = PooledSocket | FailedSocket;

/** The sockets to one backend: with use `keep-alive` they serve one exchange after the other, with `once` they wait warm for one connection. */
export class SocketPool implements ChannelPool, BackendPool {
  readonly #backend: BackendState;
  readonly #settings: PoolSettings;
  /** Sockets at most. What counts up to it has to end somewhere, hence no infinity. */
  readonly #limit: number;
  readonly #use: SocketUse;
  readonly #dialOptions: DialOptions;
  /** Made with the first socket: an edit may bring a thousand backends, of which few are ever used. */
  #made: Pool<Resource> | undefined;
  /**
   * Sockets that just came back. generic-pool counts them as borrowed; the next lease takes them from here without the
   * promises that the pool needs. Those that rest here for long go to the pool, which ages them.
   */
  readonly #hot = new HotSockets((socket) => {
    if (this.#isSpent(socket)) this.#destroy(socket);
    else void this.#pool.release(socket);
  });
  #leased = 0;
  /** Those who wait in the pool's own line. */
  #borrowing = 0;
  #failures = 0;
  /** What the pool learns where sockets wait for one use. */
  readonly #warm = new WarmSockets();
  /** Failures, and sockets that their server ended, that the pool holds in place of sockets. */
  #restingFailures = 0;
  #closing = false;

  constructor(backend: BackendState, use: SocketUse, settings: PoolSettings, dialOptions: DialOptions) {
    this.#backend = backend;
    this.#settings = settings;
    this.#limit = settings.maxSize === 0 ? Number.MAX_SAFE_INTEGER : settings.maxSize;
    this.#use = use;
    this.#dialOptions = dialOptions;
    if (settings.minIdle > 0) this.#made = this.#make();
    backend.pools.add(this);
  }

  /** True while each socket that it may have is leased or spoken for. */
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

  /** Those who wait for a socket. */
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
    // Leases that wait in generic-pool's own queue come first.
    if (this.#borrowing > 0) void this.#pool.release(socket);
    else this.#hot.push(socket);
  }

  forget(socket: PooledSocket): void {
    this.#leased -= 1;
    if (this.#use === 'keep-alive') this.#destroy(socket);
  }

  /** Closes idle sockets now and leased ones when they come back. Who waits is served, and who still asks too. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#backend.pools.delete(this);
    for (const socket of this.#hot.close()) this.#destroy(socket);
    const pool = this.#made;
    if (pool === undefined) return;
    // This waits for borrowers, however long they take; nobody has to wait for it.
    const drained = pool.drain();
    // What is being connected for who waits would be thrown away, and connected again.
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
    // One connection each: to wait for the connects of others would be a second wait before one's own.
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

  /** A socket that no pool keeps. generic-pool refuses whoever asks after its end. */
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
      // A failure from before we asked says nothing about now.
      if (resource.sequence > failuresBefore) waiter.failed(resource.error);
      else this.take(waiter);
    } else if (!this.#isFit(resource)) {
      this.#destroy(resource);
      this.take(waiter);
    } else {
      this.#lease(resource);
      if (this.#use === 'once') {
        this.#warm.used();
        // Used once, a socket leaves the pool, which connects another one in its place.
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

  /** False when the lease was ended before. */
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
        // A socket that was handed over for good has left the pool, and lives.
        if (resource instanceof PooledSocket && !resource.leased) {
          this.#backend.discarded += 1;
          resource.stream.destroy();
        }
        return Promise.resolve();
      },
    };
  }

  async #connect(): Promise<PooledSocket> {
    const socket = await connectTo(this.#backend, this.#dialOptions);
    if (this.#use === 'keep-alive') socket.rest(Number.POSITIVE_INFINITY);
    return socket;
  }

  #drop(socket: PooledSocket): void {
    socket.stream.destroy();
    if (this.#use === 'keep-alive') this.#destroy(socket);
  }

  #destroy(resource: Resource): void {
    this.#made?.destroy(resource).catch(() => {
      // It was thrown away before, or never was the pool's, which is all that was wanted.
    });
  }

  /** Whether it may be lent now; that its address is still the backend's is looked at in any case. */
  #isFit(socket: PooledSocket): boolean {
    if (socket.emptyUntilMs > 0) return false;
    return this.#settings.validateOnBorrow ? !this.#isSpent(socket) : !socket.isOutdated;
  }

  #isSpent(resource: Resource): boolean {
    if (resource instanceof FailedSocket || resource.stream.stale) return true;
    if (resource.isOverdue || resource.isOutdated) return true;
    // A greeting hides the end of a socket that waited for its use: it is worth nothing without the server behind it.
    if (this.#use === 'once' && (resource.stream.peerEnded || this.#warm.isOld(resource))) return true;
    return this.#settings.maxAgeMs > 0 && performance.now() - resource.createdAtMs > this.#settings.maxAgeMs;
  }

  /** Whether the place of a socket that is spent stays empty for now, as its server ends all that are connected ahead. */
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

  /** Whether one more idle socket would be more than are kept. Who waits takes it at once. */
  #isSurplus(): boolean {
    const { maxIdle } = this.#settings;
    return maxIdle > 0 && this.#borrowing === 0 && this.idle >= maxIdle;
  }

  #isIdleTooLong(resource: Resource, available: number): boolean {
    if (resource instanceof FailedSocket) return false;
    // A socket that was connected for somebody who then got another one came here without asking.
    if (this.#settings.maxIdle > 0 && available > this.#settings.maxIdle) return true;
    if (this.#settings.maxIdleTimeMs === 0) return false;
    // What min_idle keeps is renewed too, but never before it has rested its time.
    if (available <= this.#settings.minIdle && this.#use === 'keep-alive') return false;
    return performance.now() - resource.idleSinceMs > this.#settings.maxIdleTimeMs;
  }
}
