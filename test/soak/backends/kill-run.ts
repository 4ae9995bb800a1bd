import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../support/addresses/free-ports.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { rest } from '../traffic.ts';
import { BackendFleet } from './backend-fleet.ts';
import { CLIENT_KINDS } from './client-kinds.ts';
import { KindTally, runClients } from './kill-traffic.ts';
import type { KillProxy } from './proxies/kill-proxy.ts';
import { reap, type ReaperOptions } from './reaper.ts';

const SETTLE_MS = 1_000;

export interface KillOptions extends ReaperOptions {
  readonly seconds: number;
  readonly backends: number;
  readonly workers: number;
  readonly seed: number;
}

export interface KillResult {
  readonly name: string;
  readonly kills: number;
  readonly tallies: readonly KindTally[];
  readonly faults: readonly string[];
}

/** Puts traffic on a proxy while its backends are killed and restarted. `stopping` ends it early. */
export async function killRun(
  proxy: KillProxy,
  options: KillOptions,
  stopping: AbortSignal,
): Promise<KillResult> {
  const folder = mkdtempSync(join(tmpdir(), 'balance-kills-'));
  const fleet = await BackendFleet.start(options.backends);
  const stop = new AbortController();
  try {
    const running = await proxy.start({
      backends: fleet.backends,
      workers: options.workers,
      folder,
      port: await freePort(),
    });
    try {
      const tallies = CLIENT_KINDS.map((kind) => new KindTally(kind));
      const clients = tallies.map((tally, index) =>
        runClients(tally, running.port, new SeededRandom(options.seed * 100 + index), stop.signal),
      );
      await rest(SETTLE_MS);
      const reaperStop = new AbortController();
      const reaper = reap(fleet, new SeededRandom(options.seed), options, reaperStop.signal);
      const untilMs = performance.now() + options.seconds * 1_000;
      while (performance.now() < untilMs && !stopping.aborted) await rest(100);
      reaperStop.abort();
      await reaper;
      stop.abort();
      await Promise.all(clients);
      return { name: proxy.name, kills: fleet.kills, tallies, faults: [...running.faults] };
    } finally {
      stop.abort();
      await running.close();
    }
  } finally {
    await fleet.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
