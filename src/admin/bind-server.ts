import { lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { formatAddress, type Address } from '../config/address.ts';
import { bindRefusal } from '../config/bind-refusal.ts';
import { bindWithMode } from '../config/unix-socket-mode.ts';
import { systemCodeOf } from '../errors.ts';

/** Where a server may listen that is to listen at an address with a host name: to be tried in this order. */
export type BindAddresses = (address: Address) => Promise<readonly Address[]>;

/**
 * Binds; resolves with the address that it got. Rejects with a BalanceError that says why not.
 * @param what Who listens, for error messages, as in `admin server`.
 * @param socketMode Permissions of a unix socket. Default: what the process's umask leaves.
 * @param addressesOf What a host name stands for. Default: the runtime looks that up.
 */
export async function bindServer(
  server: Server,
  address: Address,
  what: string,
  socketMode?: number,
  addressesOf: BindAddresses = (only) => Promise.resolve([only]),
): Promise<string> {
  try {
    await listenFirst(server, await addressesOf(address), socketMode).catch(async (error: unknown) => {
      const inUse = systemCodeOf(error) === 'EADDRINUSE';
      if (address.kind !== 'unix' || !inUse || !(await isAbandoned(address.path))) throw error;
      await unlink(address.path);
      await listen(server, address, socketMode);
    });
  } catch (error) {
    throw bindRefusal(what, address, error);
  }
  const bound = server.address();
  if (bound === null) return formatAddress(address);
  if (typeof bound === 'string') return `unix:${bound}`;
  return formatAddress({ kind: 'tcp', host: bound.address, port: bound.port });
}

/** Binds at the first of these addresses that this machine has. */
async function listenFirst(
  server: Server,
  addresses: readonly Address[],
  socketMode: number | undefined,
): Promise<void> {
  for (const [index, address] of addresses.entries()) {
    try {
      await listen(server, address, socketMode);
      return;
    } catch (error) {
      const isElsewhere = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(systemCodeOf(error));
      if (!isElsewhere || index === addresses.length - 1) throw error;
    }
  }
}

function listen(server: Server, address: Address, socketMode: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const listening = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (address.kind === 'unix') bindWithMode(server.once('listening', listening), address.path, socketMode);
    // Without a host Node takes :: for both families, or 0.0.0.0 where there is no IPv6.
    else if (address.host === '') server.listen({ port: address.port }, listening);
    else server.listen({ host: address.host, port: address.port }, listening);
  });
}

/** Whether a path is a unix socket that a process left behind when it was killed. Any other file is somebody's. */
async function isAbandoned(path: string): Promise<boolean> {
  // A name without a file can't be left behind.
  if (path.startsWith('\0') || !(await lstat(path)).isSocket()) return false;
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    // Anything else, such as a full backlog (EAGAIN), says that somebody is there.
    probe.once('error', (error) => {
      resolve(systemCodeOf(error) === 'ECONNREFUSED');
    });
  });
}
