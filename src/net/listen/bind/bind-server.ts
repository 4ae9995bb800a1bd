import type { Server } from 'node:net';

import type { Address } from '../../../config/values/address.ts';
import { bindAddress, type WantedAddress } from './bind-address.ts';
import { listenUnix } from './unix-socket.ts';

/** Where a server listens, and how. */
export interface BindOptions extends WantedAddress {
  /** Permissions of a unix socket. Default: what the process's umask leaves. */
  readonly socketMode?: number | undefined;
  /** How many connections may wait to be accepted. Default: the number of Node.js. */
  readonly backlog?: number | undefined;
  /** Called as soon as the server listens, in the same event: the first connection may come with the next event. */
  readonly listening?: (() => void) | undefined;
}

/**
 * Binds a server. Resolves with the bound address, which has the real port where the config says 0.
 *
 * @throws BalanceError as {@link bindAddress} does
 */
export async function bindServer(server: Server, options: BindOptions): Promise<Address> {
  await bindAddress(options, (address) => bind(server, address, options));
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) return options.address;
  return { kind: 'tcp', host: bound.address, port: bound.port };
}

/** Accepts from a socket that listens already; `fd` belongs to the server from now on. Rejects with the system's error. */
export function listenOn(server: Server, fd: number, options: BindOptions): Promise<void> {
  return begun(server, options, () => {
    // Node.js takes the backlog from there, and not from the options. Without one it would make the queue of the socket shorter.
    server.listen({ fd }, options.backlog);
  });
}

function bind(server: Server, address: Address, options: BindOptions): Promise<void> {
  const backlog = backlogOf(options);
  return begun(server, options, () => {
    if (address.kind === 'unix') listenUnix(server, address.path, options.socketMode, options.backlog);
    // Without a host Node.js binds `::` for IPv6 and IPv4, or `0.0.0.0` where there is no IPv6.
    else if (address.host === '') server.listen({ port: address.port, ...backlog });
    else server.listen({ host: address.host, port: address.port, ...backlog });
  });
}

function backlogOf({ backlog }: BindOptions): { readonly backlog?: number } {
  return backlog === undefined ? {} : { backlog };
}

/** Resolves once the server listens, as `listen` has told it to. */
function begun(server: Server, options: BindOptions, listen: () => void): Promise<void> {
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
      listen();
    } catch (error) {
      failed(error);
    }
  });
}
