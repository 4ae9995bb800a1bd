import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { Scene } from '../../soak-reload/scene.ts';
import { runSoak } from '../../soak-reload/soak-run.ts';
import { LocalTarget } from '../../soak-reload/target/local-target.ts';
import { verdict } from '../../soak-reload/verdict.ts';
import { owned } from '../../support/owned.ts';

const EDITS = 50;
const RATE = 12;
/** A share of the clients that the soak has by itself. */
const LOAD = 0.3;
/** Only a limit: the run ends when the edits are made. */
const SECONDS = 60;
const TIME_LIMIT_MS = 150_000;

it(
  'drops nothing and answers nothing wrong while its config is edited at random under all kinds of traffic',
  async () => {
    const scene = owned(await Scene.open(true));
    const log = join(scene.folder, 'balance.log');
    const target = await LocalTarget.start(scene.file.path, log);
    owned({ close: () => target.stop() });

    const seed = 1;
    const result = await runSoak(scene, target, {
      seed,
      rate: RATE,
      load: LOAD,
      seconds: SECONDS,
      edits: EDITS,
    });
    const failed = verdict({ result, faults: [], process: undefined }).filter(({ passed }) => !passed);
    const shown = [...result.loops.flatMap((loop) => loop.shown), ...result.editor.failures];
    expect({ failed, shown }).toEqual({ failed: [], shown: [] });

    // It was a test at all: edits of both kinds, most of them live, and traffic of each kind.
    expect(result.editor.valid).toBeGreaterThan(EDITS / 3);
    expect(result.editor.invalid).toBeGreaterThan(EDITS / 10);
    expect(result.journal.edits.filter(({ liveAtMs }) => liveAtMs !== undefined).length).toBeGreaterThan(
      EDITS / 10,
    );
    for (const { kind, done } of result.loops) expect(done, kind.name).toBeGreaterThan(0);
    expect(await readFile(log, 'utf8')).not.toMatch(/unexpected error/);
  },
  TIME_LIMIT_MS,
);
