import { createServer } from 'node:net';

import { BalanceError, systemCodeOf } from '../../errors.ts';

/** A wildcard address and a loopback address can both be taken by others, on either family. */
const HOSTS = ['127.0.0.1', '::1', '0.0.0.0', '::'] as const;
/** Ports above a taken one that are tried before the demo gives up. */
const MOST_TRIED = 1000;

/**
 * A port for each of `wanted`: itself where it is free, else the next higher one that is.
 *
 * @throws BalanceError `address_in_use` when none of the next 1,000 ports is free
 */
export async function freePortsFor(wanted: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const chosen = new Map<number, number>();
  const spoken = new Set(wanted);
  for (const port of wanted) {
    let candidate = port;
    while ((candidate !== port && spoken.has(candidate)) || !(await isFree(candidate))) {
      candidate += 1;
      if (candidate > port + MOST_TRIED || candidate > 65_535) throw noPortLeft(port);
    }
    spoken.add(candidate);
    chosen.set(port, candidate);
  }
  return chosen;
}

async function isFree(port: number): Promise<boolean> {
  for (const host of HOSTS) if (await isTaken(port, host)) return false;
  return true;
}

/** False too where this machine does not have the address. */
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
    `no port from ${port} to ${port + MOST_TRIED} is free for the demo`,
  );
}
