import { expect, it } from 'vitest';

import { collectGarbage } from '../../../../src/app/parts/collect-garbage.ts';

it('frees what nobody can reach any more, and leaves no inspector behind', async () => {
  let freed = 0;
  const registry = new FinalizationRegistry(() => {
    freed += 1;
  });
  // In a function of its own: nothing on the stack refers to it.
  const make = (): void => {
    for (let made = 0; made < 100; made += 1) registry.register(new Uint8Array(1_000), made);
  };
  make();
  await collectGarbage();
  await collectGarbage();
  await new Promise(setImmediate);
  expect(freed).toBeGreaterThan(90);
});
