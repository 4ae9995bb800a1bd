import { expect, it } from 'vitest';

import { requestsSlot } from '../../../../src/runtime/upstreams/slot-keys.ts';
import { StandingRegistry } from '../../../../src/runtime/upstreams/standing-registry.ts';
import { sharedSlots } from '../../../support/labs/shared-slots.ts';
import { backendConfig } from '../../../support/labs/shared-upstream-lab.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

it('counts the requests of all workers from the edit on that limits them', () => {
  const backend = backendConfig(0, '127.0.0.1:1');
  const key = requestsSlot('u', backend);
  const { table, slots } = sharedSlots(2, []);
  const registries = slots.map((own) => new StandingRegistry({ logger: new RecordingLogger(), slots: own }));
  const before = registries.map((registry) => registry.requestCount('u', backend));
  const grant = table.grant(2, [key]);
  for (const own of slots) own.follow(2, [key], { grant, pages: table.buffers, tables: new Map() });
  const [here, there] = registries.map((registry) => registry.requestCount('u', backend).value);
  expect([here!.take(1), there!.take(1), there!.total]).toEqual([true, false, 1]);
  for (const count of before) count.release();
});
