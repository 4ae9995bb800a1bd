import { describe, expect, it } from 'vitest';

import { metricsSource, type MeteredParts } from '../../../src/app/metrics-source.ts';

/** What workers have counted. */
const OTHERS = {
  counters: [],
  telemetry: [
    {
      spans: { exported: 10, dropped: 0 },
      droppedLogLines: 0,
      pluginFailures: [{ plugin: 'odd', count: 3 }],
      subscriberFailures: 2,
    },
  ],
  runtimes: [],
};

describe('the source of the metrics', () => {
  it('reads reloads, logs and plugins at the moment for which the moving parts answer', async () => {
    let answer = (): void => undefined;
    const logging = { droppedLines: 1 };
    const spans = { exported: 1, dropped: 1 };
    const failures = new Map([['odd', 1]]);
    const source = metricsSource({
      version: '1.2.3',
      control: {
        workers: () => [],
        readings: () =>
          new Promise((resolve) => {
            answer = () => {
              resolve({ proxy: 'readings', counts: OTHERS });
            };
          }),
      },
      journal: { totals: () => 'totals' },
      upgrade: { reading: 'upgrades' },
      telemetry: { pluginFailures: failures, failures: 0 },
      telemetryControl: { spans },
      logging,
      plugins: { live: [{ name: 'http' }] },
      certificates: { certificates: [] },
    } as unknown as MeteredParts);
    const read = source.read();
    logging.droppedLines = 2;
    spans.exported = 2;
    failures.set('odd', 2);
    answer();
    expect(await read).toEqual({
      proxy: 'readings',
      counts: OTHERS,
      workers: [],
      reloads: 'totals',
      upgrades: 'upgrades',
      certificates: [],
      telemetry: {
        spans: { exported: 11, dropped: 1 },
        droppedLogLines: 1,
        pluginFailures: [
          { plugin: 'http', count: 0 },
          { plugin: 'odd', count: 4 },
        ],
        subscriberFailures: 2,
      },
    });
  });
});
