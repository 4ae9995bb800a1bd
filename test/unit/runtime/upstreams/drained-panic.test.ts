import { expect, it } from 'vitest';

import { TimeSlicer } from '../../../../src/time/time-slicer.ts';
import { backendConfig, sharedUpstreamLab } from '../../../support/labs/shared-upstream-lab.ts';

it('tells of no panic of an upstream that an edit has replaced, though a tunnel keeps it', async () => {
  const { upstream, logger } = await sharedUpstreamLab(
    [backendConfig(0, '127.0.0.1:1'), backendConfig(1, '127.0.0.1:2')],
    'outlier_detection: { panic_threshold: 50 }',
  );
  await upstream.drain(new TimeSlicer());
  const suspicion = { cause: 'error_rate', reason: 'a test' } as const;
  for (const { ejection } of upstream.members) expect(ejection?.eject(suspicion)).toBe(true);
  expect(logger.lines.filter((line) => line.includes('health is ignored'))).toEqual([]);
});
