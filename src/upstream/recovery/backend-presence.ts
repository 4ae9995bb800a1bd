import type { Dialer } from '../../net/dial/dialer.ts';
import type { BackendState } from '../backend/backend-state.ts';
import { connectTo } from '../pool/connect-to.ts';

type Found = (isGone: boolean) => void;

/** Finds out whether a backend can be connected to, by connects that serve no request: one at a time, however many ask. */
export class BackendPresence {
  readonly #backend: BackendState;
  readonly #dialer: Dialer;
  /** Who waits for the connect that is under way; undefined while there is none. */
  #waiting: Found[] | undefined = undefined;

  constructor(backend: BackendState, dialer: Dialer) {
    this.#backend = backend;
    this.#dialer = dialer;
  }

  /** @param found called once, after this has returned: with true when the connect was refused. Default: only the backend's counts learn of it */
  find(found?: Found): void {
    const isUnderWay = this.#waiting !== undefined;
    const waiting = (this.#waiting ??= []);
    if (found !== undefined) waiting.push(found);
    if (isUnderWay) return;
    connectTo(this.#backend, this.#dialer, undefined, (error, socket) => {
      this.#waiting = undefined;
      socket?.stream.destroy();
      for (const tell of waiting) tell(error?.code === 'connect_failed');
    });
  }
}
