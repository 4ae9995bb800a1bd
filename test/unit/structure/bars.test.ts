import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

import { measureStructure } from '../../structure/measure-structure.ts';
import { readSources } from '../../structure/read-sources.ts';
import { missedBars } from '../../structure/structure-bars.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

it('keeps files, functions and folders short, and imports free of cycles', () => {
  expect(missedBars(measureStructure(readSources(ROOT)))).toEqual([]);
});
