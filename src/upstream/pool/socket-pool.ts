import type { Pool } from 'generic-pool';

import { BalanceError } from '../../errors.ts';
import type { Dialer, PendingDial } from '../../net/dial/dialer.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { BackendPool, BackendState } from '../backend/backend-state.ts';
import type { PoolSettings } from '../../config/sockets/pool-settings.ts';
import type { ChannelPool, PendingTake, PoolWaiter } from './channel-pool.ts';
import { asBalanceError, connectTo, type Connected } from './connect-to.ts';
import { HotSockets } from './hot-sockets.ts';
import { IdleRules } from './idle-rules.ts';
import { PoolDials, type BeginDial } from './pool-dials.ts';
import { PoolQueue, type PoolPlace } from './pool-queue.ts';
import { FailedSocket, PooledSocket } from './pooled-socket.ts';
import { makeResourcePool, type ResourceFactory } from './resource-pool.ts';

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
    if (this.#rules.isSpent(socket)) this.#destroy(socket);
    else void this.#pool.release(socket);
  });
  #leased = 0;
  readonly #dials = new PoolDials();
  readonly #queue = new PoolQueue(() => {
    this.#endSurplusDials();
  });
  #failures = 0;
  readonly #rules: IdleRules;
  /** Places of generic-pool that hold no usable socket, but a failure or a socket that its server has ended. */
  #restingFailures = 0;
  #closing = false;

  constructor(backend: BackendState, use: SocketUse, settings: PoolSettings, dialer: Dialer) {
    this.#backend = backend;
    this.#settings = settings;
    this.#limit = settings.maxSize === 0 ? Number.MAX_SAFE_INTEGER : settings.maxSize;
    this.#use = use;
    this.#dialer = dialer;
    this.#rules = new IdleRules(use, settings);
    if (settings.minIdle > 0) this.#made = this.#make();
    backend.pools.add(this);
  }

  /** True while every socket that the pool may have is leased, or is waited for by a lease. */
  get isFull(): boolean {
    return this.#leased + this.#queue.length >= this.#limit;
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
    return this.#queue.length;
  }

  get leased(): number {
    return this.#leased;
  }

  take(waiter: PoolWaiter, atOnce = false): PendingTake | undefined {
    const socket = this.#takeHot();
    if (socket === undefined) return this.#borrow(waiter);
    this.#lease(socket);
    if (atOnce) waiter.taken(socket);
    else
      // A settled promise costs a third of queueMicrotask.
      void SETTLED.then(() => {
        waiter.taken(socket);
      });
    return undefined;
  }

  release(socket: PooledSocket, idleMs: number): void {
    if (!this.#endLease(socket)) return;
    const isUnwanted =
      idleMs === 0 ||
      this.#closing ||
      this.#use === 'once' ||
      this.#rules.isSpent(socket) ||
      this.#isSurplus();
    if (isUnwanted) {
      this.#drop(socket);
      return;
    }
    socket.rest(idleMs);
    // Leases that wait come first: generic-pool gives the socket to them.
    if (this.#queue.length > 0) void this.#pool.release(socket);
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
    this.#endSurplusDials();
    // To call `clear` at once would destroy sockets that are being connected for waiting leases.
    if (this.#queue.length > 0) void drained.then(() => pool.clear());
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
        return this.#rules.isSpent(resource)
          ? !this.#staysEmpty(resource)
          : this.#rules.isIdleTooLong(resource, available);
      },
    });
    this.#hot.coolEvery(EVICTION_INTERVAL_MS);
    return pool;
  }

  #borrow(waiter: PoolWaiter): PendingTake {
    // Each of these leases needs a connection of its own. To wait for the connects of others would only take longer.
    const isCrowded = this.#use === 'once' && this.#queue.length >= this.#limit;
    if (this.#closing || isCrowded) return this.#connectFor(waiter);
    const place = this.#queue.join(waiter, this.#failures);
    // A connection that another lease has left behind serves this one, unless it takes so long that a new one may be faster.
    if (this.#queue.spare === 0 || this.#dials.destroyLate()) this.#ask();
    else this.#queue.useSpare();
    return place;
  }

  /** Asks generic-pool for one socket. */
  #ask(): void {
    this.#pool.acquire().then(
      (resource) => {
        this.#acquired(resource);
      },
      (error: unknown) => {
        this.#queue.shift()?.waiter.failed(asBalanceError(error));
      },
    );
  }

  /** Connects outside of generic-pool, which serves nothing once it is being closed. */
  #connectFor(waiter: PoolWaiter): PendingDial {
    const connected: Connected = (error, socket) => {
      if (socket === undefined) waiter.failed(asBalanceError(error));
      else {
        this.#lease(socket);
        waiter.taken(socket);
      }
    };
    return connectTo(this.#backend, this.#dialer, this.#use, connected);
  }

  /** generic-pool gives a socket, or the failure of a dial. */
  #acquired(resource: Resource): void {
    const first = this.#queue.first();
    if (resource instanceof FailedSocket) {
      this.#destroy(resource);
      // A failure from before a lease asked does not count for it.
      if (first !== undefined && resource.sequence > first.failuresBefore)
        this.#queue.shift()?.waiter.failed(resource.error);
      else this.#askAgain();
    } else if (!this.#rules.isFit(resource)) {
      this.#destroy(resource);
      this.#askAgain();
    } else if (first === undefined) this.#keepSpare(resource);
    else this.#serve(first, resource);
  }

  #serve(place: PoolPlace, socket: PooledSocket): void {
    this.#queue.shift();
    this.#lease(socket);
    if (this.#use === 'once') {
      this.#rules.warm.used();
      // A socket of this use leaves generic-pool, which connects another one ahead in its place.
      this.#destroy(socket);
    }
    place.waiter.taken(socket);
  }

  /** What generic-pool gave was of no use to the lease that waits. */
  #askAgain(): void {
    if (this.#queue.useSpare()) return;
    if (!this.#closing) {
      if (this.#queue.length > 0) this.#ask();
      return;
    }
    const place = this.#queue.shift();
    if (place !== undefined) place.dial = this.#connectFor(place.waiter);
  }

  /** The lease that a socket was connected for has left, and none waits: the next one gets it. */
  #keepSpare(socket: PooledSocket): void {
    this.#queue.useSpare();
    if (this.#closing || this.#isSurplus()) this.#destroy(socket);
    else if (this.#use === 'once') void this.#pool.release(socket);
    else this.#hot.push(socket);
  }

  /** Ends the dials that no lease waits for, and whose sockets would not be kept. */
  #endSurplusDials(): void {
    if (this.#queue.spare > 0) this.#dials.keep(this.#queue.length + this.#roomForIdle);
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
      if (socket === undefined || this.#rules.isFit(socket)) return socket;
      this.#destroy(socket);
    }
  }

  #factory(): ResourceFactory<Resource> {
    return {
      create: () => this.#connect(),
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

  #connect(): Promise<Resource> {
    return new Promise((resolve) => {
      const dial: BeginDial = (done) => connectTo(this.#backend, this.#dialer, this.#use, done);
      this.#dials.begin(dial, (error, socket) => {
        if (socket === undefined) resolve(this.#failed(error));
        else {
          if (this.#use === 'keep-alive') socket.rest(Number.POSITIVE_INFINITY);
          resolve(socket);
        }
      });
    });
  }

  /** @param error undefined when the pool itself has ended the dial, which counts for no lease */
  #failed(error: BalanceError | undefined): FailedSocket {
    this.#restingFailures += 1;
    if (error === undefined) return new FailedSocket(new BalanceError('shutdown', 'nobody waits for it'), 0);
    this.#failures += 1;
    return new FailedSocket(error, this.#failures);
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

  /** Whether the place of a spent socket stays empty for now, because the server soon ends every unused socket. */
  #staysEmpty(resource: Resource): boolean {
    if (this.#use !== 'once' || resource instanceof FailedSocket) return false;
    const { stream } = resource;
    if (resource.emptyUntilMs === 0) {
      if (!stream.peerEnded && !stream.destroyed) return false;
      resource.emptyUntilMs = resource.createdAtMs + this.#rules.warm.ended(resource);
      this.#restingFailures += 1;
      stream.destroy();
    }
    return performance.now() < resource.emptyUntilMs;
  }

  /** Whether one more idle socket would be too many. Not while a lease waits: it would take the socket at once. */
  #isSurplus(): boolean {
    return this.#queue.length === 0 && this.#roomForIdle <= 0;
  }

  /** How many more sockets may rest. */
  get #roomForIdle(): number {
    return this.#closing ? 0 : this.#rules.mostIdle - this.idle;
  }
}
