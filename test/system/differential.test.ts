import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { allCases, sampleOf } from '../differential/cases/all-cases.ts';
import { allResponseCases } from '../differential/cases/response-cases.ts';
import { kindOf } from '../differential/compare.ts';
import { runRequests, runResponses, type Comparison } from '../differential/differential-run.ts';
import { balance } from '../differential/proxies/balance.ts';
import { haproxy } from '../differential/proxies/haproxy.ts';
import { nginx } from '../differential/proxies/nginx.ts';
import type { ProxyUnderTest } from '../differential/proxies/proxy.ts';
import { eventually } from '../support/time/eventually.ts';

const LANES = 8;
const TIME_LIMIT_MS = 180_000;
/** Every so manieth case is compared with other proxies. */
const SAMPLE_STEP = 29;

/** What is dangerous in our own results, one line each. */
function dangersOf(comparisons: readonly Comparison[]): string[] {
  return comparisons.flatMap(({ index, what, proxies }) =>
    (proxies[0]?.findings ?? [])
      .filter(({ level }) => level === 'dangerous')
      .map(({ rule }) => `#${index} ${what}: ${rule}`),
  );
}

describe('whatever bytes a client or a backend sends', () => {
  let proxy: ProxyUnderTest;

  beforeAll(async () => {
    proxy = await balance.start(LANES);
  });

  afterAll(async () => {
    await proxy.close();
  });

  it(
    'all backends read the same requests in what is forwarded, and it is what the client asked for',
    async () => {
      const comparisons = await runRequests([proxy], allCases());
      expect(comparisons.length).toBeGreaterThan(3_000);
      expect(dangersOf(comparisons)).toEqual([]);
      // Neither everything nor nothing goes through, or the cases would say little.
      const accepted = comparisons.filter(({ proxies }) => proxies[0]!.accepted).length;
      expect(accepted).toBeGreaterThan(comparisons.length / 10);
      expect(accepted).toBeLessThan((comparisons.length * 9) / 10);
    },
    TIME_LIMIT_MS,
  );

  it(
    'all clients read the same responses in what comes back, and it is what the backend meant for them',
    async () => {
      const comparisons = await runResponses([proxy], allResponseCases());
      expect(dangersOf(comparisons)).toEqual([]);
    },
    TIME_LIMIT_MS,
  );

  it('no socket to a backend stays behind, and the proxy serves on', async () => {
    for (const lane of proxy.lanes) {
      expect(lane.stuck).toBe(0);
      // One after the other, so that a single idle socket is all that there can be.
      await eventually(() => lane.backend.open <= 1, 'unused sockets are closed');
      const sound = 'GET /subject HTTP/1.1\r\nHost: subject.test\r\nConnection: close\r\n\r\n';
      const index = 0;
      const seen = await lane.run({
        index,
        family: 'after all',
        what: 'a sound request',
        bytes: sound,
        delivery: 'whole',
      });
      expect(seen.bytes).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(seen.answers).toBe(1);
    }
  });
});

for (const kind of [nginx, haproxy]) {
  const version = kind.version();
  const missing = version === undefined ? ` (skipped: ${kind.name} is not installed)` : '';

  describe.skipIf(version === undefined)(`the same bytes through ${kind.name}${missing}`, () => {
    it(
      'show that the kit sees what a proxy forwards, and how the two differ',
      async () => {
        const proxies = [await balance.start(LANES), await kind.start(LANES)];
        try {
          const comparisons = await runRequests(proxies, sampleOf(allCases(), SAMPLE_STEP));
          expect(dangersOf(comparisons)).toEqual([]);
          const kinds = new Set(comparisons.map(({ proxies: results }) => kindOf(results)));
          expect([...kinds]).toEqual(
            expect.arrayContaining(['all accept', 'all refuse', 'balance stricter']),
          );
        } finally {
          for (const proxy of proxies) await proxy.close();
        }
      },
      TIME_LIMIT_MS,
    );
  });
}
