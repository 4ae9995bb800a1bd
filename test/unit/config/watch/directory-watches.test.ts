import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DirectoryWatches } from '../../../../src/config/watch/directory-watches.ts';
import type { DirectoryInterest } from '../../../../src/config/watch/watch-targets.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { owned } from '../../../support/owned.ts';
import { temporaryDirectory } from './followed-config.ts';

const interest = (names: string[], includes: string[] = []): DirectoryInterest => ({
  names: new Set(names),
  includes: new Set(includes),
});

async function lab() {
  const directory = await temporaryDirectory();
  let events = 0;
  const watches = owned(new DirectoryWatches(() => events++));
  return {
    directory,
    events: () => events,
    listen: (to: DirectoryInterest) => watches.set(new Map([[directory, to]])),
  };
}

it('say whether anything is new, as what happened to it before needs one more look', async () => {
  const { directory, listen } = await lab();
  const pattern = join(directory, '*.yaml');
  expect(await listen(interest(['a.yaml']))).toBe(true);
  expect(await listen(interest(['a.yaml']))).toBe(false);
  expect(await listen(interest(['a.yaml', 'b.yaml']))).toBe(true);
  expect(await listen(interest(['b.yaml'], [pattern]))).toBe(true);
  expect(await listen(interest(['b.yaml'], [pattern]))).toBe(false);
  expect(await listen(interest([], [pattern]))).toBe(false);
});

it('hear of the names that matter, also of those that came to matter', async () => {
  const { directory, events, listen } = await lab();
  await listen(interest(['a.yaml']));
  await writeFile(join(directory, 'b.yaml'), '');
  await writeFile(join(directory, 'a.yaml'), '');
  await eventually(() => events() > 0, 'a.yaml was heard of');
  await listen(interest(['b.yaml']));
  const before = events();
  await writeFile(join(directory, 'b.yaml'), '1');
  await eventually(() => events() > before, 'b.yaml was heard of');
});
