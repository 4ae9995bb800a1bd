import fc from 'fast-check';
import { expect, it } from 'vitest';

import { editCommands } from './reload-model/edit-commands.ts';
import { ReloadLab } from './reload-model/reload-lab.ts';
import { ReloadModel } from './reload-model/reload-model.ts';
import { LookAround, trafficCommands } from './reload-model/traffic-commands.ts';

/** Set them to look further: MODEL_RUNS=500 MODEL_SEED=7 npx vitest run test/integration/runtime/model.test.ts */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 12);
const SEED = Number(process.env['MODEL_SEED'] ?? 20_260);
const MOST_COMMANDS = 40;
const TIME_LIMIT_MS = 120_000;

it(
  'does what a simple model of its configs says, whatever edits and traffic come in whatever order',
  async () => {
    let edits = 0;
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.commands([...editCommands, ...trafficCommands], { maxCommands: MOST_COMMANDS, size: 'max' }),
        async (commands) => {
          const model = new ReloadModel();
          const lab = await ReloadLab.start(model.plan);
          try {
            await fc.asyncModelRun(() => ({ model, real: lab }), commands);
            await new LookAround().run(model, lab);
            edits += model.marker;
            opened += model.nextHandle - 1;
          } finally {
            await lab.close();
          }
        },
      ),
      {
        numRuns: RUNS,
        seed: SEED,
        interruptAfterTimeLimit: TIME_LIMIT_MS - 20_000,
        markInterruptAsFailure: false,
      },
    );
    // It was a test at all.
    expect(edits).toBeGreaterThan(0);
    expect(opened).toBeGreaterThan(0);
  },
  RUNS > 50 ? 0 : TIME_LIMIT_MS,
);
