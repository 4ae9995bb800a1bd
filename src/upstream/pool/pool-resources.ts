import { BalanceError } from '../../errors.ts';
import type { Dialer, PendingDial } from '../../net/dial/dialer.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { BackendState } from '../backend/backend-state.ts';
import { connectTo, type Connected } from './connect-to.ts';
import type { IdleRules } from './idle-rules.ts';
import { PoolDials } from './pool-dials.ts';
import { FailedSocket, PooledSocket } from './pooled-socket.ts';
import type { PoolShare } from '../sharing/pool-share.ts';
import type { ResourceFactory } from './resource-pool.ts';

/** Counts the sockets together with those of other workers. */
interface OpenCounts {
  readonly share: PoolShare;
  /** How many there may be. */
  readonly limit: number;
}

/** What a place of generic-pool holds. */
export type Resource = PooledSocket | FailedSocket;

/** Makes and ends what generic-pool keeps for a pool: sockets to one backend, and the failures that stand in their places. */
export class PoolResources implements ResourceFactory<Resource> {
  /** The dials for places of generic-pool. */
  readonly dials = new PoolDials();
  readonly #backend: BackendState;
  readonly #dialer: Dialer;
  readonly #use: SocketUse;
  readonly #rules: IdleRules;
  readonly #counts: OpenCounts | undefined;
  #failures = 0;
  #withoutSocket = 0;

  /** @param counts default: nobody else counts the sockets */
  constructor(backend: BackendState, dialer: Dialer, use: SocketUse, rules: IdleRules, counts?: OpenCounts) {
    this.#counts = counts;
    this.#backend = backend;
    this.#dialer = dialer;
    this.#use = use;
    this.#rules = rules;
  }

  /** How many dials have failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Places that hold no usable socket, but a failure or a socket that its server has ended. */
  get withoutSocket(): number {
    return this.#withoutSocket;
  }

  /** Connects outside of generic-pool. */
  dial(done: Connected): PendingDial {
    return connectTo(this.#backend, this.#dialer, this.#use, done);
  }

  readonly create = (): Promise<Resource> =>
    new Promise((resolve) => {
      this.#counts?.share.opens(this.#counts.limit);
      this.dials.begin(
        (done) => this.dial(done),
        (error, socket) => {
          if (socket === undefined) {
            this.#counts?.share.closed();
            resolve(this.#failed(error));
          } else {
            if (this.#use === 'keep-alive') socket.rest(Number.POSITIVE_INFINITY);
            resolve(socket);
          }
        },
      );
    });

  readonly destroy = (resource: Resource): Promise<void> => {
    if (resource instanceof FailedSocket || resource.emptyUntilMs > 0) this.#withoutSocket -= 1;
    if (resource instanceof PooledSocket) this.#counts?.share.closed();
    // A leased socket has only left the pool: it stays open.
    if (resource instanceof PooledSocket && !resource.leased) {
      this.#backend.discarded += 1;
      resource.stream.destroy();
    }
    return Promise.resolve();
  };

  /** Whether an idle resource must leave; `available` is how many are idle, with this one. */
  isUnwanted(resource: Resource, available: number): boolean {
    return this.#rules.isSpent(resource)
      ? !this.#staysEmpty(resource)
      : this.#rules.isIdleTooLong(resource, available);
  }

  /** @param error undefined when the pool itself has ended the dial, which counts for no lease */
  #failed(error: BalanceError | undefined): FailedSocket {
    this.#withoutSocket += 1;
    if (error === undefined) return new FailedSocket(new BalanceError('shutdown', 'nobody waits for it'), 0);
    this.#failures += 1;
    return new FailedSocket(error, this.#failures);
  }

  /** Whether the place of a spent socket stays empty for now, because the server soon ends every unused socket. */
  #staysEmpty(resource: Resource): boolean {
    if (this.#use !== 'once' || resource instanceof FailedSocket) return false;
    const { stream } = resource;
    if (resource.emptyUntilMs === 0) {
      if (!stream.peerEnded && !stream.destroyed) return false;
      resource.emptyUntilMs = resource.createdAtMs + this.#rules.warm.ended(resource);
      this.#withoutSocket += 1;
      stream.destroy();
    }
    return performance.now() < resource.emptyUntilMs;
  }
}
