import { BalanceError } from '../../errors.ts';
import type { WaitReason } from './waiting/wait-queue.ts';

type RefusalCode = 'no_backend' | 'queue_full' | 'queue_timeout' | 'pool_timeout';

/** The errors that an upstream refuses leases with when it has no backend for them: status 503, and worth a retry. */
export class UpstreamRefusals {
  readonly #name: string;

  /** @param name name of the upstream */
  constructor(name: string) {
    this.#name = name;
  }

  /** No member may get the lease. @param opensInMs when a circuit breaker lets requests through again; undefined: none keeps them back */
  noBackend(opensInMs: number | undefined): BalanceError {
    if (opensInMs === undefined) return unavailable('no_backend', `${this.#name} has no healthy backend`);
    return new BalanceError(
      'circuit_open',
      `the circuit breakers of ${this.#name} are open: its backends failed too often`,
      { retryAfterMs: opensInMs },
    );
  }

  queueFull(reason: WaitReason | undefined): BalanceError {
    return unavailable('queue_full', `${this.#busy(reason)}, and the queue is full`);
  }

  waitedTooLong(reason: WaitReason): BalanceError {
    return unavailable(reason === 'pool' ? 'pool_timeout' : 'queue_timeout', this.#busy(reason));
  }

  /** An edit removed the last backend that a waiting lease could get. */
  backendsLeft(): BalanceError {
    return unavailable('no_backend', `an edit of the config left ${this.#name} no backend`);
  }

  /** An edit made the queue too short for a waiting lease. */
  placeLeft(reason: WaitReason | undefined): BalanceError {
    return unavailable(
      'queue_full',
      `${this.#busy(reason)}, and an edit of the config left no place in the queue`,
    );
  }

  #busy(reason: WaitReason | undefined): string {
    return reason === 'pool'
      ? `the pools of all backends of ${this.#name} are full`
      : `all backends of ${this.#name} are at their limit of connections or requests`;
  }
}

function unavailable(code: RefusalCode, message: string): BalanceError {
  return new BalanceError(code, message);
}
