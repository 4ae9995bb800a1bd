import type { Address } from '../../config/values/address.ts';

/** A listening socket that the main thread has bound, and from which a worker may accept. Plain data. */
export interface GrantedSocket {
  /** Tells it from the other sockets of the proxy. */
  readonly socket: number;
  /** As of `socketKeyOf`: by it the worker's listener finds its socket. */
  readonly key: string;
  /** As the config has it. */
  readonly address: Address;
  /** With the real port where the config said 0. */
  readonly bound: Address;
  /** Whether nothing may be accepted before the socket is resumed: another process still accepts from it. */
  readonly isLater: boolean;
  /** The memory of its {@link ShareWords}. */
  readonly words: SharedArrayBuffer;
}
