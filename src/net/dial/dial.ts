import { formatAddress, type Address } from '../../config/values/address.ts';
import { BalanceError, messageOf, shortageOf, systemCodeOf } from '../../errors.ts';
import type { HostNames } from '../dns/host-names.ts';
import type { ProcessResources } from '../resources/process-resources.ts';
import { AddressConnect, type ConnectTarget } from './address-connect.ts';
import type { DialDone, Dialed, PendingDial } from './dialer.ts';
import type { AttemptEnded, ConnectAttempt } from './happy-eyeballs.ts';

/** The steps between a connection and its use, such as a TLS handshake. */
export interface DialFinish {
  /**
   * Ends the connection. `ended` is not called any more.
   *
   * @param isLate true when the time of the dial is over, false when nobody wants the connection any more
   */
  destroy(isLate: boolean): void;
}

/** What one dial is made with. `T` is what an attempt to connect to one address makes. */
export interface DialTask<T> {
  readonly to: Address;
  readonly names: HostNames;
  /** Limits the whole dial. */
  readonly timeoutMs: number;
  readonly resources: ProcessResources | undefined;
  readonly attempt: (target: ConnectTarget, ended: AttemptEnded<T>) => ConnectAttempt;
  /** Goes on with the first connection until it may be used, and calls `ended` then. What it returns is destroyed with the dial. */
  readonly finish: (
    connected: T,
    ip: string | undefined,
    ended: AttemptEnded<Dialed>,
  ) => DialFinish | undefined;
}

/** One dial. It ends with one call of `done`, which comes after the constructor has returned, unless it is destroyed. */
export class Dial<T> implements PendingDial {
  readonly #task: DialTask<T>;
  readonly #done: DialDone;
  readonly #connecting: AddressConnect<T>;
  readonly #timer: NodeJS.Timeout;
  /** What goes on with the connection; undefined while there is none. */
  #finishing: DialFinish | undefined;
  #isConnected = false;
  #hasBegun = false;
  #isOver = false;

  constructor(task: DialTask<T>, done: DialDone) {
    this.#task = task;
    this.#done = done;
    this.#connecting = new AddressConnect({
      address: task.to,
      names: task.names,
      attempt: task.attempt,
      connected: (connection, ip) => {
        this.#isConnected = true;
        this.#finishing = task.finish(connection, ip, this.#ended);
      },
      failed: (error) => {
        this.#ended(error);
      },
    });
    this.#timer = setTimeout(() => {
      this.#timedOut();
    }, task.timeoutMs);
    this.#connecting.start();
    this.#hasBegun = true;
  }

  destroy(): void {
    this.#destroy(false);
  }

  #destroy(isLate: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#connecting.destroy();
    this.#finishing?.destroy(isLate);
  }

  #timedOut(): void {
    const { to, timeoutMs } = this.#task;
    const limit = `within ${String(timeoutMs)} ms`;
    const message = this.#isConnected
      ? `${formatAddress(to)} accepted the connection, but did not finish the TLS handshake ${limit}`
      : `no connection to ${formatAddress(to)} ${limit}${this.#connecting.waitsFor}`;
    this.#destroy(true);
    this.#done(new BalanceError('connect_timeout', message));
  }

  readonly #ended: AttemptEnded<Dialed> = (error, dialed) => {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (dialed !== undefined) {
      this.#done(undefined, dialed);
      return;
    }
    const failure = asConnectError(error, this.#task.resources);
    // A name without an address may fail before the caller has the dial.
    if (this.#hasBegun) this.#done(failure);
    else
      queueMicrotask(() => {
        this.#done(failure);
      });
  };
}

function asConnectError(error: Error | undefined, resources: ProcessResources | undefined): BalanceError {
  if (error instanceof BalanceError) return error;
  const shortage = shortageOf(error);
  if (shortage !== '') {
    resources?.noteShortage('connect', shortage);
    return noResources(shortage, error);
  }
  return new BalanceError('connect_failed', messageOf(error), {
    status: systemCodeOf(error) === 'ETIMEDOUT' ? 504 : 502,
    cause: error,
  });
}

function noResources(code: string, cause: unknown): BalanceError {
  const message = `this process can open no more connections (${code}): ${messageOf(cause)}`;
  return new BalanceError('resources_exhausted', message, { cause });
}
