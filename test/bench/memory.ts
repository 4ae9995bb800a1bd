import { setTimeout as delay } from 'node:timers/promises';

import type { Bench } from './bench.ts';
import { measure, type RunningPeer } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { usageOf } from './process-usage.ts';
import type { Scenario } from './scenarios.ts';
import { mebibytes, tableText } from './table.ts';

/** Time for the start, and then for the last garbage, to be over. */
const SETTLE_MS = 3_000;

/** The memory of peers that differ by one worker each: at rest, and after load. */
export async function measureMemory(
  bench: Bench,
  running: readonly RunningPeer[],
  scenario: Scenario,
  { seconds }: BenchOptions,
): Promise<string> {
  await delay(SETTLE_MS);
  const rows: string[][] = [];
  let last: { readonly atRest: number; readonly loaded: number } | undefined;
  for (const peer of running) {
    const atRest = usageOf(peer.pid).residentBytes;
    await measure(bench, peer, scenario, seconds);
    await delay(SETTLE_MS);
    const loaded = usageOf(peer.pid).residentBytes;
    const further =
      last === undefined ? ['–', '–'] : [mebibytes(atRest - last.atRest), mebibytes(loaded - last.loaded)];
    rows.push([peer.name, mebibytes(atRest), mebibytes(loaded), ...further]);
    last = { atRest, loaded };
  }
  const head = [
    'proxy',
    'RSS at rest, MiB',
    'after load, MiB',
    'more than the row above, at rest',
    'after load',
  ];
  return tableText(head, rows);
}
