import { unlink } from 'node:fs/promises';
import type { Server } from 'node:net';

import type { Address } from '../../../config/values/address.ts';
import { systemCodeOf } from '../../../errors.ts';
import { bindError } from './bind-error.ts';
import { isElsewhere, type BindAddresses } from '../../dns/bind-addresses.ts';
import { bindWithMode, isAbandoned } from './unix-socket.ts';

/** Where a server listens, and how. */
export interface BindOptions {
  readonly address: Address;
  /** The server in error messages, as in `listener web` or `admin server`. */
  readonly what: string;
  /** The addresses behind a host name. Default: Node.js looks that up, in its thread pool. */
  readonly bindAddresses?: BindAddresses | undefined;
  /** Permissions of a unix socket. Default: what the process's umask leaves. */
  readonly socketMode?: number | undefined;
  /** How many connections may wait to be accepted. Default: the number of Node.js. */
  readonly backlog?: number | undefined;
  /** Called as soon as the server listens, in the same event: the first connection may come with the next event. */
  readonly listening?: (() => void) | undefined;
  /** Whether the server was closed while its host name was looked up. Then it is not bound. Default: never. */
  readonly isClosed?: (() => boolean) | undefined;
}

/**
 * Binds a server. Resolves with the bound address, which has the real port where the config says 0. A unix socket that a killed
 * process left behind is replaced.
 *
 * @throws BalanceError `address_in_use` or another code; its message says why the address can't be bound, and what to do
 */
export async function bindServer(server: Server, options: BindOptions): Promise<Address> {
  const { address, what, bindAddresses } = options;
  try {
    const addresses = bindAddresses === undefined ? [address] : await bindAddresses(address);
    await bindFirst(server, addresses, options).catch(async (error: unknown) => {
      const inUse = systemCodeOf(error) === 'EADDRINUSE';
      if (address.kind !== 'unix' || !inUse || !(await isAbandoned(address.path))) throw error;
      await unlink(address.path);
      await bind(server, address, options);
    });
  } catch (error) {
    throw bindError(what, address, error);
  }
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) return address;
  return { kind: 'tcp', host: bound.address, port: bound.port };
}

/** Binds the first of these addresses that this machine has. */
async function bindFirst(server: Server, addresses: readonly Address[], options: BindOptions): Promise<void> {
  for (const [index, address] of addresses.entries()) {
    if (options.isClosed?.() === true) throw new Error('it was closed while its name was looked up');
    try {
      await bind(server, address, options);
      return;
    } catch (error) {
      if (index === addresses.length - 1 || !isElsewhere(systemCodeOf(error))) throw error;
    }
  }
}

function bind(server: Server, address: Address, options: BindOptions): Promise<void> {
  const backlog = options.backlog === undefined ? {} : { backlog: options.backlog };
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void => {
      server.off('listening', listening).off('error', failed);
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const listening = (): void => {
      server.off('error', failed);
      options.listening?.();
      resolve();
    };
    server.once('error', failed).once('listening', listening);
    try {
      if (address.kind === 'unix') bindWithMode(server, address.path, options.socketMode, options.backlog);
      // Without a host Node.js binds `::` for IPv6 and IPv4, or `0.0.0.0` where there is no IPv6.
      else if (address.host === '') server.listen({ port: address.port, ...backlog });
      else server.listen({ host: address.host, port: address.port, ...backlog });
    } catch (error) {
      failed(error);
    }
  });
}
