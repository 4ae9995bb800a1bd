import { describe, expect, it } from 'vitest';

import {
  liveConfigReading,
  statusReading,
  type ShownParts,
} from '../../../../src/app/admin/admin-readings.ts';

/** Parts of a proxy whose running parts answer when the test wants, and whose config a test can replace meanwhile. */
function shownParts() {
  let answer = (): void => undefined;
  const generation = { id: 1, hash: 'one', loadedAtMs: 5, active: 0, isLive: true };
  const reloads = {
    ready: true,
    live: { config: 'config one', sources: { files: [] } },
    journal: { last: { message: 'one' }, lastSuccess: { source: 'start' } },
  };
  const parts = {
    version: '1.2.3',
    control: {
      workers: () => [],
      running: () =>
        new Promise((resolve) => {
          answer = () => {
            resolve({ generation });
          };
        }),
    },
    reloads,
    upgrade: { reading: undefined },
    plugins: { live: [], failures: [], ignored: [], importedStates: 0 },
    certificates: { certificates: [] },
    ticketKeys: { ageMs: 7 },
  } as unknown as ShownParts;
  return {
    parts,
    answerAfterEdit: (): void => {
      reloads.ready = false;
      reloads.live = { config: 'config two', sources: { files: [] } };
      reloads.journal = { last: { message: 'two' }, lastSuccess: { source: 'file' } };
      answer();
    },
  };
}

describe('readings for the admin server', () => {
  it('show the state of reloads at the moment for which the running parts answer', async () => {
    const { parts, answerAfterEdit } = shownParts();
    const status = statusReading(parts);
    answerAfterEdit();
    expect(await status).toMatchObject({
      generation: { id: 1 },
      ready: true,
      ticketKeyAgeMs: 7,
      lastReload: { message: 'one' },
    });
  });

  it('show the config of the generation that they name', async () => {
    const { parts, answerAfterEdit } = shownParts();
    const shown = liveConfigReading(parts);
    answerAfterEdit();
    expect(await shown).toMatchObject({ generation: 1, hash: 'one', config: 'config one', source: 'start' });
  });
});
