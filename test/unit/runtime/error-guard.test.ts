import { expect, it } from 'vitest';

import { loadConfigText } from '../../../src/config/load-config.ts';
import type { LoadedConfig } from '../../../src/config/loaded-config.ts';
import { ErrorGuard } from '../../../src/runtime/error-guard.ts';
import type { ReloadOutcome } from '../../../src/runtime/reload-outcome.ts';
import { eventually } from '../../support/eventually.ts';
import { owned } from '../../support/owned.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { exchangeRecord } from '../telemetry/records.ts';

function config(port: number): LoadedConfig {
  const watch = 'reload: { watch_errors: { window: 1s, max_error_ratio: 0.1 } }';
  return loadConfigText(`backends: [{ address: 'a:${port}' }]\n${watch}\n`, 'x.yaml', { modes: ['http'] });
}

it('goes on with the trial of an edit when other plugins come to it', async () => {
  const restored: LoadedConfig[] = [];
  const guard = new ErrorGuard({
    subscribe: () => () => undefined,
    rollBack: (loaded) => {
      restored.push(loaded);
      return Promise.resolve({ ok: true } as ReloadOutcome);
    },
    logger: new RecordingLogger(),
  });
  owned({ close: () => guard.destroy() });
  const [good, bad] = [config(1), config(2)];
  guard.applied(good, 'start');
  guard.applied(bad, 'file');
  guard.applied(bad, 'plugins');
  for (let count = 0; count < 20; count += 1) guard.exchange(exchangeRecord({ status: 500, durationMs: 0 }));
  await eventually(() => restored.length > 0, 'it is taken back');
  expect(restored).toEqual([good]);
});
