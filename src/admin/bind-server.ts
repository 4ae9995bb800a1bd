import { lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { formatAddress, type Address } from '../config/address.ts';
import { BalanceError, systemCodeOf } from '../errors.ts';

/** Where a server may listen that is to listen at an address with a host name: to be tried in this order. */
export type BindAddresses = (address: Address) => Promise<readonly Address[]>;

/**
 * Binds; resolves with the address that it got. Rejects with a BalanceError that says why not.
 * @param addressesOf What a host name stands for. Default: the runtime looks that up.
 */
export async function bindServer(
  server: Server,
  address: Address,
  addressesOf: BindAddresses = (only) => Promise.resolve([only]),
): Promise<string> {
  try {
    await listenFirst(server, await addressesOf(address)).catch(async (error: unknown) => {
      const inUse = systemCodeOf(error) === 'EADDRINUSE';
      if (address.kind !== 'unix' || !inUse || !(await isAbandoned(address.path))) throw error;
      await unlink(address.path);
      await listen(server, address);
    });
  } catch (error) {
    throw bindError(address, error);
  }
  const bound = server.address();
  if (bound === null) return formatAddress(address);
  if (typeof bound === 'string') return `unix:${bound}`;
  return formatAddress({ kind: 'tcp', host: bound.address, port: bound.port });
}

/** Binds at the first of these addresses that this machine has. */
async function listenFirst(server: Server, addresses: readonly Address[]): Promise<void> {
  for (const [index, address] of addresses.entries()) {
    try {
      await listen(server, address);
      return;
    } catch (error) {
      const isElsewhere = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(systemCodeOf(error));
      if (!isElsewhere || index === addresses.length - 1) throw error;
    }
  }
}

function listen(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const listening = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (address.kind === 'unix') server.listen({ path: address.path }, listening);
    // Without a host Node takes :: for both families, or 0.0.0.0 where there is no IPv6.
    else if (address.host === '') server.listen({ port: address.port }, listening);
    else server.listen({ host: address.host, port: address.port }, listening);
  });
}

/** Whether a path is a unix socket that a process left behind when it was killed. Any other file is somebody's. */
async function isAbandoned(path: string): Promise<boolean> {
  if (!(await lstat(path)).isSocket()) return false;
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', () => {
      resolve(true);
    });
  });
}

function bindError(address: Address, error: unknown): BalanceError {
  const where = formatAddress(address);
  const options = { origin: 'config', cause: error } as const;
  switch (systemCodeOf(error)) {
    case 'EADDRINUSE':
      return new BalanceError('address_in_use', `admin server: ${where} is already in use`, options);
    case 'EACCES':
      return new BalanceError('config_invalid', `admin server: no permission to listen on ${where}`, options);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new BalanceError(
        'config_invalid',
        `admin server: ${where} is no address of this machine`,
        options,
      );
    default:
      return new BalanceError(
        'internal',
        `admin server: can't listen on ${where}: ${error instanceof Error ? error.message : ''}`,
        options,
      );
  }
}
