import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Processes } from '../../bench/processes.ts';
import { freePort } from '../../support/addresses/free-ports.ts';
import type { Lane } from '../lane.ts';
import { closeLanes, openLanes, type ProxyUnderTest } from './proxy.ts';

/** The longest time that a proxy in another process takes to pass on what it got. */
const SETTLE_MS = 10;

/** Starts a proxy that has one port for each lane; `command` writes its config into `folder`. */
export async function startProcess(
  name: string,
  count: number,
  command: (folder: string, lanes: readonly Lane[]) => readonly string[],
): Promise<ProxyUnderTest> {
  const processes = new Processes();
  const folder = mkdtempSync(join(tmpdir(), 'balance-differential-'));
  const lanes = await openLanes(count, SETTLE_MS);
  const close = async (): Promise<void> => {
    await processes.close();
    await closeLanes(lanes);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const lane of lanes) lane.proxyPort = await freePort();
    await processes.startServer(command(folder, lanes), lanes.at(-1)?.proxyPort ?? 0);
    return { name, lanes, close };
  } catch (error) {
    await close();
    throw error;
  }
}
