import type { BalanceError } from '../../errors.ts';
import type { PendingDial } from '../../net/dial/dialer.ts';
import type { Connected } from './connect-to.ts';

/** A dial that takes longer than this may have met a packet that was lost, or a server that does not answer. */
const LATE_MS = 1_000;

/** Begins a dial, whose `done` is called once, after this has returned. */
export type BeginDial = (done: Connected) => PendingDial;

interface RunningDial {
  readonly beganAtMs: number;
  /** Ends the dial: its connection is not needed. */
  destroy(): void;
}

/** The dials of a pool that are under way. They belong to the pool, not to the leases that wait for them. */
export class PoolDials {
  readonly #running = new Set<RunningDial>();

  get size(): number {
    return this.#running.size;
  }

  /** Calls `done` once: with the result of the dial, or with neither an error nor a socket when it was ended here. */
  begin(dial: BeginDial, done: Connected): void {
    const running: RunningDial = {
      beganAtMs: performance.now(),
      destroy: () => {
        this.#running.delete(running);
        pending.destroy();
        done(undefined);
      },
    };
    const pending = dial((error: BalanceError | undefined, socket) => {
      this.#running.delete(running);
      done(error, socket);
    });
    this.#running.add(running);
  }

  /** Ends all dials beyond that number, those that began last first: least is lost with them. */
  keep(wanted: number): void {
    if (this.#running.size <= wanted) return;
    for (const dial of [...this.#running].slice(Math.max(0, wanted))) dial.destroy();
  }

  /** Ends the dial that has been under way for longest, if it is late. Returns whether there was one. */
  destroyLate(): boolean {
    for (const dial of this.#running) {
      if (performance.now() - dial.beganAtMs < LATE_MS) return false;
      dial.destroy();
      return true;
    }
    return false;
  }
}
