import { isIP, type Socket } from 'node:net';

import type { Address } from '../../config/values/address.ts';
import { HappyEyeballs, noAddress, type AttemptEnded, type ConnectAttempt } from './happy-eyeballs.ts';
import type { Turn } from '../dns/address-rotation.ts';
import type { HostNames } from '../dns/host-names.ts';
import { shortList } from '../short-list.ts';

/** Where one attempt to connect goes: a unix socket, or an IP address and its port. */
export type ConnectTarget = { readonly path: string } | { readonly host: string; readonly port: number };

export interface AddressConnectOptions<T> {
  readonly address: Address;
  readonly names: HostNames;
  /** Decides which address of a name is tried first. Default: one turn that all callers without a turn share. */
  readonly turn?: Turn | undefined;
  readonly attempt: (target: ConnectTarget, ended: AttemptEnded<T>) => ConnectAttempt;
  /** `ip` is the address of the name that was connected to; undefined when the host is no name. */
  readonly connected: (connection: T, ip: string | undefined) => void;
  /** The name has no address, or none of its addresses connected. */
  readonly failed: (error: Error) => void;
}

/**
 * Connects to an address of the config: a unix socket, an IP address, or a host name, whose addresses are looked up and tried. There is
 * no time limit: {@link destroy} ends the attempt.
 */
export class AddressConnect<T> implements ConnectAttempt {
  readonly #options: AddressConnectOptions<T>;
  /** Stops the look-up or the connect that is under way. */
  #stop: (() => void) | undefined;
  #waitsFor = '';
  #isOver = false;

  constructor(options: AddressConnectOptions<T>) {
    this.#options = options;
  }

  /** Says what was waited for, to complete a message such as `no connection within 5s`; '' when the host is no name. */
  get waitsFor(): string {
    return this.#waitsFor;
  }

  /** Begins to connect. When a name has no address, `failed` may be called before this returns. */
  start(): void {
    const { address } = this.#options;
    if (address.kind === 'unix') this.#connectTo({ path: address.path });
    else if (isIP(address.host) !== 0) this.#connectTo({ host: address.host, port: address.port });
    else this.#connectToName(address.host === '' ? 'localhost' : address.host, address.port);
  }

  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop?.();
  }

  #connectTo(target: ConnectTarget): void {
    const attempt = this.#options.attempt(target, (error, connected) => {
      if (error === undefined) this.#connected(connected as T, undefined);
      else this.#failed(error);
    });
    this.#stop = () => {
      attempt.destroy();
    };
  }

  #connectToName(host: string, port: number): void {
    this.#waitsFor = `: the name servers have not answered for ${host}`;
    const stopWaiting = this.#options.names.lookUp(host, (addresses, failure) => {
      if (this.#isOver) return;
      if (addresses.length === 0) this.#failed(noAddress(host, failure));
      else this.#raceAddresses(host, port, addresses);
    });
    // When the addresses are known, the look-up has answered already, and `#stop` ends the connect.
    this.#stop ??= stopWaiting;
  }

  #raceAddresses(host: string, port: number, addresses: readonly string[]): void {
    this.#waitsFor = addresses.length === 1 ? ` (${addresses.join()})` : ` (tried ${shortList(addresses)})`;
    const { names, turn, attempt } = this.#options;
    const turns = names.turns(host, port);
    const attempts = new HappyEyeballs<T>({
      addresses: turns.order(addresses, turn),
      turns,
      attempt: (ip, ended) => attempt({ host: ip, port }, ended),
      connected: (connection, ip) => {
        this.#connected(connection, ip);
      },
      failed: (error) => {
        this.#failed(error);
      },
    });
    this.#stop = () => {
      attempts.destroy();
    };
  }

  #connected(connection: T, ip: string | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.connected(connection, ip);
  }

  #failed(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.failed(error);
  }
}

/** Destroys a socket and ignores its later errors: an 'error' event without a listener would end the process. */
export function destroySocket(socket: Socket): void {
  socket.removeAllListeners();
  socket.on('error', () => undefined);
  socket.destroy();
}
