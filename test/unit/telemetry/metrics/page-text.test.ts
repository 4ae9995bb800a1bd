import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { eventfulLab, randomEvents } from './metric-events.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.UTC(2025, 10, 17) });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Where a new metric or error code changes the page, `npx vitest run FILE -u` writes it anew; read the difference. */
it.each(['prometheus', 'openmetrics'] as const)('writes the same page as ever in %s', async (format) => {
  const lab = eventfulLab();
  for (const event of randomEvents(new SeededRandom(13), 150)) event(lab.counters);
  lab.counters.setBuckets([0.03125, 0.25, 30]);
  for (const event of randomEvents(new SeededRandom(14), 50)) event(lab.counters);
  const text = (await lab.render(format)).toString();
  // This one label says by which version of Node.js it was written.
  const page = text.replace(process.version, 'v0.0.0');
  await expect(page).toMatchFileSnapshot(`pages/${format}.txt`);
});
