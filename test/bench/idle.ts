import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';

import type { Bench } from './bench.ts';
import type { RunningPeer } from './measure.ts';
import { usageOf } from './process-usage.ts';
import type { Scenario } from './scenarios.ts';
import { tableText } from './table.ts';

const AT_A_TIME = 50;
/** Time for work after the load, such as a garbage collection, which must not count as a cost of connections. */
const SETTLE_MS = 3_000;
/** Node.js gives the memory of its last garbage back to the system up to 20 s after the load; version 24 keeps more of it meanwhile. */
const RELEASE_MS = 22_000;

/** Opens connections that ask once and stay, and prints what each costs in memory. */
export async function measureIdle(
  { certificates }: Bench,
  running: readonly RunningPeer[],
  { mode, path, connections }: Scenario,
): Promise<string> {
  const secureContext = mode === 'https' ? createSecureContext({ ca: certificates.caText }) : undefined;
  const rows: string[][] = [];
  for (const peer of running) {
    const sockets: Socket[] = [];
    await delay(SETTLE_MS);
    const before = usageOf(peer.pid).residentBytes;
    let failure = '';
    try {
      while (sockets.length < connections)
        sockets.push(
          ...(await Promise.all(
            Array.from({ length: AT_A_TIME }, () => askOnce(peer.port, path, secureContext)),
          )),
        );
    } catch (error) {
      failure = ` (${String(error)})`;
    }
    await delay(RELEASE_MS);
    const after = usageOf(peer.pid).residentBytes;
    for (const socket of sockets) socket.destroy();
    const each = (after - before) / 1024 / sockets.length;
    rows.push([
      `${peer.name}${failure}`,
      String(sockets.length),
      mebibytes(before),
      mebibytes(after),
      each.toFixed(1),
    ]);
  }
  return tableText(['proxy', 'connections', 'RSS before, MiB', 'RSS with them, MiB', 'KiB each'], rows);
}

function askOnce(port: number, path: string, secureContext: SecureContext | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = { port, host: '127.0.0.1' };
    const socket = secureContext === undefined ? connect(target) : connectTls({ ...target, secureContext });
    socket.once('error', reject);
    socket.once('data', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
  });
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}
