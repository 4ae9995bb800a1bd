import { expect, it } from 'vitest';

import { loadConfigText } from '../../support/labs/load-config.ts';
import { changeModel } from '../../soak-reload/model/change-model.ts';
import { firstModel } from '../../soak-reload/model/config-model.ts';
import { renderConfig, type Places } from '../../soak-reload/model/render-config.ts';
import { spoilConfig } from '../../soak-reload/model/spoil-config.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const EDITS = 200;
const WEB = ['H0', 'H1', 'H2', 'H3', 'H4', 'H5'];
const TUNNELS = ['T0', 'T1', 'T2', 'T3'];
const places: Places = {
  web: 20_001,
  raw: 20_002,
  flip: 20_003,
  admin: 20_004,
  plugin: 20_005,
  extras: [20_006, 20_007, 20_008],
  metrics: [20_009, 20_010],
  servers: new Map([...WEB, ...TUNNELS].map((id, at) => [id, `127.0.0.1:${30_000 + at}`])),
};

/** Loads it without the files beside it. */
function load(text: string): unknown {
  return loadConfigText(text.replace('include: conf.d/*.yaml\n', ''), '/nowhere/balance.yaml', {
    modes: ['http', 'tcp', 'greeter'],
  });
}

it('spoils every config, also where the files beside it are not written yet', () => {
  const random = new SeededRandom(3);
  const model = firstModel(WEB.slice(0, 3), TUNNELS.slice(0, 2));
  expect(() => load(renderConfig(model, places))).not.toThrow();
  const spoils = new Set<string>();
  for (let edit = 1; edit <= EDITS; edit++) {
    model.marker = edit;
    changeModel(model, random, places);
    const { text, what } = spoilConfig(model, random, places);
    spoils.add(what);
    // Only a listener that is bound already is in the way of this one.
    if (what !== 'an address that somebody else has') expect(() => load(text), `${what}:\n${text}`).toThrow();
  }
  expect(spoils.size).toBeGreaterThan(20);
});
