import type { Pool } from 'generic-pool';

import type { Dialer, PendingDial } from '../../net/dial/dialer.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { BackendPool, BackendState, IdleRange } from '../backend/backend-state.ts';
import type { PoolSettings } from '../../config/sockets/pool-settings.ts';
import type { BalanceError } from '../../errors.ts';
import type { ChannelPool, PendingTake, PoolWaiter } from './channel-pool.ts';
import { asBalanceError, type Connected } from './connect-to.ts';
import { dividedIdle } from '../sharing/divided-idle.ts';
import { HotSockets } from './hot-sockets.ts';
import { IdleRules } from './idle-rules.ts';
import { PoolQueue, type PoolPlace } from './pool-queue.ts';
import { PoolResources, type Resource } from './pool-resources.ts';
import type { PoolShare } from '../sharing/pool-share.ts';
import { FailedSocket, type PooledSocket } from './pooled-socket.ts';
import { makeResourcePool } from './resource-pool.ts';

/** How often idle sockets are checked. */
const EVICTION_INTERVAL_MS = 1_000;

const SETTLED = Promise.resolve();

/** The same pool in the other workers. */
export interface OtherWorkers {
  /** How many workers there are, with this one. */
  readonly workers: number;
  /** Undefined where the size has no limit. */
  readonly share: PoolShare | undefined;
}

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
  readonly #queue = new PoolQueue(() => {
    this.#share?.places.release();
    this.#endSurplusDials();
  });
  /** Undefined where there is no limit, or one worker. */
  readonly #share: PoolShare | undefined;
  readonly #rules: IdleRules;
  readonly #resources: PoolResources;
  #closing = false;

  /** @param others the same pool in other workers. Default: there are none */
  constructor(
    backend: BackendState,
    use: SocketUse,
    settings: PoolSettings,
    dialer: Dialer,
    others?: OtherWorkers,
  ) {
    this.#backend = backend;
    this.#share = others?.share;
    this.#share?.onSurplus(() => {
      this.#closeIdle();
    });
    this.#settings = settings;
    this.#limit = settings.maxSize === 0 ? Number.MAX_SAFE_INTEGER : settings.maxSize;
    this.#use = use;
    this.#rules = new IdleRules(use, others === undefined ? settings : dividedIdle(settings, others.workers));
    const counts = this.#share && { share: this.#share, limit: this.#limit };
    this.#resources = new PoolResources(backend, dialer, use, this.#rules, counts);
    if (this.#rules.leastIdle > 0) this.#made = this.#make();
    backend.pools.add(this);
  }

  /** True while every socket that the pool may have is leased, or is waited for by a lease. */
  get isFull(): boolean {
    const taken = this.#share === undefined ? this.#leased + this.#queue.length : this.#share.places.taken;
    return taken >= this.#limit;
  }

  reserve(): boolean {
    return this.#share === undefined || this.#share.places.take(this.#limit);
  }

  get idle(): number {
    return Math.max(0, (this.#made?.available ?? 0) - this.#resources.withoutSocket) + this.#hot.size;
  }

  get use(): SocketUse {
    return this.#use;
  }

  get settings(): PoolSettings {
    return this.#settings;
  }

  get idleRange(): IdleRange {
    return this.#rules;
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
      this.#isSurplus() ||
      this.#share?.isAbove(this.#limit) === true;
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
    this.#share?.places.release();
    if (this.#use === 'keep-alive') this.#destroy(socket);
  }

  /** Closes idle sockets now, and leased ones when they come back. Leases that wait, and those that still ask, are served. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#backend.pools.delete(this);
    this.#share?.close();
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

  get #pool(): Pool<Resource> {
    return (this.#made ??= this.#make());
  }

  #make(): Pool<Resource> {
    const pool = makeResourcePool({
      limit: this.#limit,
      minIdle: this.#rules.leastIdle,
      lookEveryMs: EVICTION_INTERVAL_MS,
      factory: this.#resources,
      isUnwanted: (resource, available) => this.#closing || this.#resources.isUnwanted(resource, available),
    });
    this.#hot.coolEvery(EVICTION_INTERVAL_MS);
    return pool;
  }

  #borrow(waiter: PoolWaiter): PendingTake {
    // Each of these leases needs a connection of its own. To wait for the connects of others would only take longer.
    const isCrowded = this.#use === 'once' && this.#queue.length >= this.#limit;
    if (this.#closing || isCrowded) return this.#connectFor(waiter);
    const place = this.#queue.join(waiter, this.#resources.failures);
    // A connection that another lease has left behind serves this one, unless it takes so long that a new one may be faster.
    if (this.#queue.spare === 0 || this.#resources.dials.destroyLate()) this.#ask();
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
        this.#failFirst(asBalanceError(error));
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
    return this.#resources.dial(connected);
  }

  /** generic-pool gives a socket, or the failure of a dial. */
  #acquired(resource: Resource): void {
    const first = this.#queue.first();
    if (resource instanceof FailedSocket) {
      this.#destroy(resource);
      // A failure from before a lease asked does not count for it.
      if (first !== undefined && resource.sequence > first.failuresBefore) this.#failFirst(resource.error);
      else this.#askAgain();
    } else if (!this.#rules.isFit(resource)) {
      this.#destroy(resource);
      this.#askAgain();
    } else if (first === undefined) this.#keepSpare(resource);
    else this.#serve(first, resource);
  }

  #failFirst(error: BalanceError): void {
    const place = this.#queue.shift();
    if (place === undefined) return;
    this.#share?.places.release();
    place.waiter.failed(error);
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
    if (this.#queue.spare > 0) this.#resources.dials.keep(this.#queue.length + this.#roomForIdle);
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
    this.#share?.places.release();
    return true;
  }

  /** Closes an idle socket, as other workers need its place. */
  #closeIdle(): void {
    const pool = this.#made;
    if (this.#closing || pool === undefined || this.idle <= this.#rules.leastIdle) return;
    const socket = this.#hot.pop();
    if (socket !== undefined) this.#destroy(socket);
    else if (pool.available > 0 && pool.pending === 0)
      void pool.acquire().then((resource) => {
        this.#destroy(resource);
      });
  }

  #takeHot(): PooledSocket | undefined {
    for (;;) {
      const socket = this.#hot.pop();
      if (socket === undefined || this.#rules.isFit(socket)) return socket;
      this.#destroy(socket);
    }
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

  /** Whether one more idle socket would be too many. Not while a lease waits: it would take the socket at once. */
  #isSurplus(): boolean {
    return this.#queue.length === 0 && this.#roomForIdle <= 0;
  }

  /** How many more sockets may rest. */
  get #roomForIdle(): number {
    return this.#closing ? 0 : this.#rules.mostIdle - this.idle;
  }
}
