import { expect, it } from 'vitest';

import { Campaign } from '../../fuzz/campaign.ts';
import { failureReport } from '../../fuzz/report.ts';
import { owned } from '../../support/owned.ts';
import { startProxy } from '../../support/labs/start-proxy.ts';
import { InProcessTarget } from './in-process-target.ts';

const SEED = 20_260;
const CASES = 800;
const CONCURRENCY = 60;

it('gives every client its own sound answers, whatever other clients and backends do, and leaves nothing open', async () => {
  const campaign = owned(await Campaign.start(SEED));
  const proxy = owned(await startProxy(campaign.config));
  await campaign.attach(new InProcessTarget(proxy));
  await campaign.run(0, CASES, CONCURRENCY);
  await campaign.settle();
  expect(failureReport(campaign.failures, { seed: SEED, batch: CASES })).toBe('');
  expect([...campaign.tallies.values()].reduce((sum, { cases }) => sum + cases, 0)).toBe(CASES);
}, 60_000);
