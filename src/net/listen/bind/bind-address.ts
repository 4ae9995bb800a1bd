import { unlink } from 'node:fs/promises';

import type { Address } from '../../../config/values/address.ts';
import { systemCodeOf } from '../../../errors.ts';
import { isElsewhere, type BindAddresses } from '../../dns/bind-addresses.ts';
import { bindError } from './bind-error.ts';
import { isAbandoned } from './unix-socket.ts';

/** The address of a config, and who wants it. */
export interface WantedAddress {
  readonly address: Address;
  /** The server in error messages, as in `listener web` or `admin server`. */
  readonly what: string;
  /** The addresses behind a host name. Default: `bindOne` gets the name. */
  readonly bindAddresses?: BindAddresses | undefined;
  /** Whether the server was closed while its host name was looked up. Then it is not bound. Default: never. */
  readonly isClosed?: (() => boolean) | undefined;
}

/**
 * Binds the first of the addresses of a host name that this machine has. A unix socket that a killed process left behind is
 * replaced.
 *
 * @param bindOne binds one address, and rejects with the system's error
 * @throws BalanceError `address_in_use` or another code; its message says why the address can't be bound, and what to do
 */
export async function bindAddress<T>(
  wanted: WantedAddress,
  bindOne: (address: Address) => Promise<T>,
): Promise<T> {
  const { address, what, bindAddresses } = wanted;
  try {
    const addresses = bindAddresses === undefined ? [address] : await bindAddresses(address);
    return await bindFirst(addresses, wanted, bindOne).catch(async (error: unknown) => {
      const inUse = systemCodeOf(error) === 'EADDRINUSE';
      if (address.kind !== 'unix' || !inUse || !(await isAbandoned(address.path))) throw error;
      await unlink(address.path);
      return bindOne(address);
    });
  } catch (error) {
    throw bindError(what, address, error);
  }
}

async function bindFirst<T>(
  addresses: readonly Address[],
  { isClosed }: WantedAddress,
  bindOne: (address: Address) => Promise<T>,
): Promise<T> {
  for (const [index, address] of addresses.entries()) {
    if (isClosed?.() === true) throw new Error('it was closed while its name was looked up');
    try {
      return await bindOne(address);
    } catch (error) {
      if (index === addresses.length - 1 || !isElsewhere(systemCodeOf(error))) throw error;
    }
  }
  throw new Error('it has no address');
}
