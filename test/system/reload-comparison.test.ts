import { describe, expect, it } from 'vitest';

import { localBalance } from '../soak-reload/comparison/balance.ts';
import { compareRun, type CompareResult } from '../soak-reload/comparison/compare-run.ts';
import { allFaultsOf, comparisonTable } from '../soak-reload/comparison/comparison-table.ts';
import { haproxy } from '../soak-reload/comparison/haproxy.ts';
import { nginx } from '../soak-reload/comparison/nginx.ts';
import type { ReloadPeer } from '../soak-reload/comparison/reload-peer.ts';
import { Scene } from '../soak-reload/scene.ts';
import { owned } from '../support/owned.ts';

const SHORT = { seed: 1, seconds: 3, rate: 3, load: 0.5 };
const TIME_LIMIT_MS = 90_000;

async function short(peer: ReloadPeer): Promise<CompareResult> {
  const result = await compareRun(owned(await Scene.open()), peer, SHORT);
  expect(result.reloads).toBeGreaterThan(0);
  for (const { kind, done } of result.loops) expect(done, kind.name).toBeGreaterThan(0);
  return result;
}

describe('the same reloads under the same traffic', () => {
  it(
    'go unnoticed with balance',
    async () => {
      const result = await short(localBalance);
      expect(result.loops.flatMap(({ shown }) => shown)).toEqual([]);
      expect(allFaultsOf(result)).toBe(0);
    },
    TIME_LIMIT_MS,
  );

  for (const peer of [nginx, haproxy]) {
    const missing = peer.version() === undefined;
    it.skipIf(missing)(
      `are followed by ${peer.name}, so that the two can be put side by side${missing ? ' (skipped: it is not installed)' : ''}`,
      async () => {
        expect(comparisonTable([await short(peer)])).toMatch(/^failed, kept connections +\d+$/m);
      },
      TIME_LIMIT_MS,
    );
  }
});
