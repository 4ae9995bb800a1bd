import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { Bench } from './bench.ts';
import { pinned } from './cores.ts';
import type { RunningPeer } from './measure.ts';
import { withOpenFiles } from './open-files.ts';
import type { RunningProcess } from './processes.ts';
import { usageOf } from './process-usage.ts';
import type { Scenario } from './scenarios.ts';
import { mebibytes, tableText } from './table.ts';

/** As many as the ports of one address allow, and a few thousand to spare. */
const CONNECTIONS_OF_A_CLIENT = 25_000;
/** Time for work after the load, such as a garbage collection, which must not count as a cost of connections. */
const SETTLE_MS = 3_000;
/** Node.js gives the memory of its last garbage back to the system up to 20 s after the load; version 24 keeps more of it meanwhile. */
const RELEASE_MS = 22_000;

/** Opens connections that ask once and stay, and prints what each costs in memory. */
export async function measureIdle(
  bench: Bench,
  running: readonly RunningPeer[],
  scenario: Scenario,
): Promise<string> {
  const rows: string[][] = [];
  for (const peer of running) {
    await delay(SETTLE_MS);
    const before = usageOf(peer.pid).residentBytes;
    const clients: (RunningProcess & { said: string })[] = [];
    for (let left = scenario.connections; left > 0; left -= CONNECTIONS_OF_A_CLIENT)
      clients.push(
        await startClient(bench, peer, scenario, Math.min(left, CONNECTIONS_OF_A_CLIENT), clients.length),
      );
    await delay(RELEASE_MS);
    const after = usageOf(peer.pid).residentBytes;
    for (const client of clients) await client.stop();
    const open = clients.reduce((sum, { said }) => sum + Number.parseInt(said, 10), 0);
    const failures = clients.map(({ said }) => said.replace(/^\d+/, '')).join('');
    const each = (after - before) / 1024 / open;
    rows.push([
      `${peer.name}${failures}`,
      String(open),
      mebibytes(before),
      mebibytes(after),
      each.toFixed(1),
    ]);
  }
  return tableText(['proxy', 'connections', 'RSS before, MiB', 'RSS with them, MiB', 'KiB each'], rows);
}

/** Each client connects from an address of its own, because the ports of one would not do. */
function startClient(
  { processes, cores, certificates }: Bench,
  peer: RunningPeer,
  { mode, path }: Scenario,
  connections: number,
  index: number,
): Promise<RunningProcess & { said: string }> {
  const program = fileURLToPath(new URL('idle-process.js', import.meta.url));
  const args = [peer.port, connections, `127.0.1.${index + 1}`, path].map(String);
  const ca = mode === 'https' ? [certificates.ca] : [];
  const command = [process.execPath, program, ...args, ...ca];
  return processes.startClient(withOpenFiles(pinned(cores.load, command)), 'OPEN');
}
