import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../support/addresses/free-ports.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { rest } from '../traffic.ts';
import { BackendFleet } from './backend-fleet.ts';
import { CLIENT_KINDS } from './client-kinds.ts';
import { KindTally, runClients } from './kill-traffic.ts';
import type { KillProxy, RunningKillProxy } from './proxies/kill-proxy.ts';
import { reap, type ReaperOptions } from './reaper.ts';

const SETTLE_MS = 1_000;
const LARGEST_WEIGHT = 10;

export interface KillOptions extends ReaperOptions {
  readonly seconds: number;
  readonly backends: number;
  readonly workers: number;
  readonly seed: number;
  /** The mean time between two edits of the weights; 0: there are none. */
  readonly editEveryMs: number;
}

export interface KillResult {
  readonly name: string;
  readonly kills: number;
  readonly edits: number;
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
      const editing = edit(running, fleet, new SeededRandom(options.seed + 1), options, reaperStop.signal);
      const untilMs = performance.now() + options.seconds * 1_000;
      while (performance.now() < untilMs && !stopping.aborted) await rest(100);
      reaperStop.abort();
      await reaper;
      const edits = await editing;
      stop.abort();
      await Promise.all(clients);
      return { name: proxy.name, kills: fleet.kills, edits, tallies, faults: [...running.faults] };
    } finally {
      stop.abort();
      await running.close();
    }
  } finally {
    await fleet.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Changes the weights of the backends until it is stopped. Returns how often it did. */
async function edit(
  proxy: RunningKillProxy,
  { backends }: BackendFleet,
  random: SeededRandom,
  { editEveryMs }: KillOptions,
  stopping: AbortSignal,
): Promise<number> {
  let edits = 0;
  if (proxy.edit === undefined || editEveryMs === 0) return edits;
  for (; !stopping.aborted; edits++) {
    await rest(editEveryMs * (0.5 + random.next()));
    await proxy.edit(backends.map(() => random.between(1, LARGEST_WEIGHT)));
  }
  return edits;
}
