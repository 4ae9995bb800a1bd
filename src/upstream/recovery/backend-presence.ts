import type { Dialer } from '../../net/dial/dialer.ts';
import type { BackendState } from '../backend/backend-state.ts';
import { connectTo } from '../pool/connect-to.ts';

type Found = (isGone: boolean) => void;

/** A backend that is gone refuses a connect within a round trip: who asks waits no longer for an answer that may never come. */
const LONGEST_WAIT_MS = 1_000;

/** Finds out whether a backend can be connected to, by connects that serve no request: one at a time, however many ask. */
export class BackendPresence {
  readonly #backend: BackendState;
  readonly #dialer: Dialer;
  #isConnecting = false;
  /** Who waits for the end of the connect. */
  #waiting: Found[] = [];
  /** Set while anybody waits. */
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(backend: BackendState, dialer: Dialer) {
    this.#backend = backend;
    this.#dialer = dialer;
  }

  /**
   * @param found called once, after this has returned: with true when the connect was refused, with false also when it takes long. Must not
   *   throw. Default: only the backend's counts learn of it
   */
  find(found?: Found): void {
    if (found !== undefined) this.#wait(found);
    if (this.#isConnecting) return;
    this.#isConnecting = true;
    connectTo(this.#backend, this.#dialer, undefined, (error, socket) => {
      this.#isConnecting = false;
      socket?.stream.destroy();
      this.#tell(error?.code === 'connect_failed');
    });
  }

  #wait(found: Found): void {
    this.#waiting.push(found);
    this.#timer ??= setTimeout(() => {
      this.#tell(false);
    }, LONGEST_WAIT_MS);
  }

  #tell(isGone: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const found of this.#waiting.splice(0)) found(isGone);
  }
}
