import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { startApp, type App } from '../../../src/app.ts';
import { Scene } from '../../soak-reload/scene.ts';
import { runSoak } from '../../soak-reload/soak-run.ts';
import type { ReloadTarget, TargetSample } from '../../soak-reload/target/reload-target.ts';
import { verdict } from '../../soak-reload/verdict.ts';
import { owned } from '../../support/owned.ts';

const EDITS = 90;
const RATE = 12;
/** A share of the clients that the soak has by itself. */
const LOAD = 0.3;
/** Only a limit: the run ends when the edits are made. */
const SECONDS = 60;
const TIME_LIMIT_MS = 150_000;

/** The proxy in this process. */
class LocalTarget implements ReloadTarget {
  readonly alive = true;
  readonly faults: readonly string[] = [];
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  signal(): void {
    void this.#app.reload({ source: 'signal' });
  }

  readonly reload = (): Promise<{ ok: boolean; message: string }> => this.#app.reload({ source: 'admin' });

  async sample(): Promise<TargetSample> {
    const response = await fetch(`http://${this.#app.adminAddresses[0] ?? ''}/status`);
    const status = (await response.json()) as { generation: number; draining_generations: number };
    return {
      generation: status.generation,
      draining: status.draining_generations,
      residentBytes: 0,
      heapBytes: 0,
      fds: 0,
    };
  }

  async stop(): Promise<number> {
    this.#app.destroy();
    await this.#app.close();
    return 0;
  }
}

it(
  'drops nothing and answers nothing wrong while its config is edited at random under all kinds of traffic',
  async () => {
    const scene = owned(await Scene.open());
    const log = join(scene.folder, 'balance.log');
    const output = openSync(log, 'a');
    owned({ close: () => closeSync(output) });
    const app = await startApp({ configFile: scene.file.path, output, version: 'test' });
    const target = new LocalTarget(app);
    owned({ close: () => target.stop() });

    const seed = 1;
    const result = await runSoak(scene, target, {
      seed,
      rate: RATE,
      load: LOAD,
      seconds: SECONDS,
      edits: EDITS,
    });
    const failed = verdict({ result, faults: [], exit: 0, isProcess: false }).filter(({ passed }) => !passed);
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
