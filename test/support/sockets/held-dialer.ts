import type { Address } from '../../../src/config/values/address.ts';
import { BalanceError } from '../../../src/errors.ts';
import type { DialDone, Dialer, PendingDial } from '../../../src/net/dial/dialer.ts';

/** A dial that ends when a test says so. */
export class HeldDial implements PendingDial {
  state: 'waits' | 'connects' | 'ended' | 'destroyed' = 'waits';
  readonly #to: Address;
  readonly #done: DialDone;
  readonly #dialer: Dialer;

  constructor(to: Address, done: DialDone, dialer: Dialer) {
    this.#to = to;
    this.#done = done;
    this.#dialer = dialer;
  }

  /** Connects in truth. Resolves when that is done. */
  finish(): Promise<void> {
    if (this.state !== 'waits') throw new Error(`the dial is ${this.state}`);
    this.state = 'connects';
    return new Promise((resolve) => {
      this.#dialer.dial(this.#to, (error, dialed) => {
        this.state = 'ended';
        this.#done(error, dialed);
        resolve();
      });
    });
  }

  fail(): void {
    if (this.state !== 'waits') throw new Error(`the dial is ${this.state}`);
    this.state = 'ended';
    this.#done(new BalanceError('connect_timeout', 'it takes too long'));
  }

  destroy(): void {
    if (this.state === 'waits') this.state = 'destroyed';
  }
}

/** Holds every dial until a test ends it. */
export class HeldDialer implements Dialer {
  readonly dials: HeldDial[] = [];
  readonly #dialer: Dialer;

  constructor(dialer: Dialer) {
    this.#dialer = dialer;
  }

  get key(): string {
    return this.#dialer.key;
  }

  /** Those that are under way. */
  get waiting(): readonly HeldDial[] {
    return this.dials.filter(({ state }) => state === 'waits');
  }

  dial(to: Address, done: DialDone): HeldDial {
    const dial = new HeldDial(to, done, this.#dialer);
    this.dials.push(dial);
    return dial;
  }
}
