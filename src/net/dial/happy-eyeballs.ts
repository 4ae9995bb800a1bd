import { BalanceError, messageOf, shortageOf, systemCodeOf } from '../../errors.ts';
import type { AddressRotation } from '../dns/address-rotation.ts';
import { shortList } from '../short-list.ts';

/** When an address has not connected after this time, the next one is tried beside it. Source: RFC 8305, section 5. */
const NEXT_ATTEMPT_MS = 250;

/** One attempt to connect to one address. */
export interface ConnectAttempt {
  /** Ends the attempt. `ended` is not called any more. */
  destroy(): void;
}

/** Called once when an attempt has ended, with an error or with the connection, and not before the attempt was returned. */
export type AttemptEnded<T> = (error: Error | undefined, connected?: T) => void;

export interface HappyEyeballsOptions<T> {
  /** The addresses, in the order in which they are tried. */
  readonly addresses: readonly string[];
  readonly turns: AddressRotation;
  readonly attempt: (address: string, ended: AttemptEnded<T>) => ConnectAttempt;
  readonly connected: (connection: T, address: string) => void;
  /** No address connected. With several addresses the message names each. */
  readonly failed: (error: Error) => void;
}

/**
 * Connects to the first address that accepts a connection (Happy Eyeballs, RFC 8305). The next address is tried when the last one has
 * failed, or when it takes long; then both attempts go on. The first connection wins, and the other attempts are ended.
 */
export class HappyEyeballs<T> implements ConnectAttempt {
  readonly #options: HappyEyeballsOptions<T>;
  readonly #running = new Map<string, ConnectAttempt>();
  readonly #errors = new Map<string, Error>();
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: HappyEyeballsOptions<T>) {
    this.#options = options;
    this.#tryNext();
  }

  destroy(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const attempt of this.#running.values()) attempt.destroy();
    this.#running.clear();
  }

  #tryNext(): void {
    const { addresses, attempt } = this.#options;
    const address = addresses[this.#next];
    if (address === undefined) return;
    this.#next += 1;
    this.#running.set(
      address,
      attempt(address, (error, connected) => {
        if (this.#isOver) return;
        if (error === undefined) this.#won(address, connected as T);
        else this.#lost(address, error);
      }),
    );
    if (this.#next === addresses.length) return;
    this.#timer = setTimeout(() => {
      this.#tryNext();
    }, NEXT_ATTEMPT_MS);
  }

  #won(address: string, connected: T): void {
    const { turns } = this.#options;
    this.#running.delete(address);
    turns.worked(address);
    // Earlier attempts had more time and have not connected: they count as failed.
    for (const slower of this.#running.keys()) if (this.#isBefore(slower, address)) turns.failed(slower);
    this.destroy();
    this.#options.connected(connected, address);
  }

  #isBefore(one: string, other: string): boolean {
    const { addresses } = this.#options;
    return addresses.indexOf(one) < addresses.indexOf(other);
  }

  #lost(address: string, error: Error): void {
    this.#running.delete(address);
    this.#errors.set(address, error);
    if (shortageOf(error) === '') this.#options.turns.failed(address);
    clearTimeout(this.#timer);
    this.#tryNext();
    if (this.#running.size > 0) return;
    this.destroy();
    this.#options.failed(errorOfAll([...this.#errors.values()]));
  }
}

/** One error itself. For several errors: a new one with all their messages and the code of the last. */
function errorOfAll(errors: readonly Error[]): Error {
  const last = errors.at(-1);
  if (last !== undefined && errors.length === 1) return last;
  const all = new AggregateError(errors, shortList(errors.map(messageOf)));
  return Object.assign(all, { code: systemCodeOf(last) });
}

/** The error of a host without any address. `reason` says why it has none. */
export function noAddress(host: string, reason: string | undefined): BalanceError {
  return new BalanceError('connect_failed', `${host} can not be resolved: ${reason ?? 'it has no address'}`);
}
