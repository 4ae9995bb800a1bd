import { createServer } from 'node:net';

import { BalanceError, systemCodeOf } from '../../errors.ts';

/** Another program can have the port on a wildcard address or on a loopback address, of either family. */
const HOSTS = ['127.0.0.1', '::1', '0.0.0.0', '::'] as const;
/** How many ports above a taken one the demo tries before it gives up. */
const MAX_TRIED = 1000;

/**
 * Chooses a port for each of `wanted`: the port itself if it is free, else the next higher one that is.
 *
 * @throws BalanceError `address_in_use` when none of the next 1,000 ports is free
 */
export async function freePortsFor(wanted: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const chosen = new Map<number, number>();
  const reserved = new Set(wanted);
  for (const port of wanted) {
    let candidate = port;
    while ((candidate !== port && reserved.has(candidate)) || !(await isFree(candidate))) {
      candidate += 1;
      if (candidate > port + MAX_TRIED || candidate > 65_535) throw noPortLeft(port);
    }
    reserved.add(candidate);
    chosen.set(port, candidate);
  }
  return chosen;
}

async function isFree(port: number): Promise<boolean> {
  for (const host of HOSTS) if (await isTaken(port, host)) return false;
  return true;
}

/** Also false when this machine does not have the address. */
function isTaken(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      resolve(systemCodeOf(error) === 'EADDRINUSE');
    });
    server.listen({ port, host, exclusive: true, ipv6Only: host === '::' }, () => {
      server.close(() => {
        resolve(false);
      });
    });
  });
}

function noPortLeft(port: number): BalanceError {
  return new BalanceError(
    'address_in_use',
    `no port from ${port} to ${port + MAX_TRIED} is free for the demo`,
  );
}
