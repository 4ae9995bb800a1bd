import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { owned } from '../../support/owned.ts';
import { findUnused } from '../../structure/find-unused.ts';

it('finds exports and members that only tests use, or nobody', () => {
  const root = mkdtempSync(join(tmpdir(), 'balance-structure-'));
  owned({
    close: () => {
      rmSync(root, { recursive: true });
    },
  });
  const files = {
    'src/a.ts': [
      'export const used = 1, nobody = 2;',
      'export function tested(): void {}',
      'export class Kept { run(): void {} idle(): void {} #secret = 1; }',
      'export type Alone = string;',
      'export const here = 1; console.log(here);',
    ].join('\n'),
    'src/b.ts': "import { used, Kept } from './a.ts';\nnew Kept().run(used);\n",
    'src/index.ts': 'export const forOthers = 1;\n',
    'test/a.test.ts': "import { tested } from '../src/a.ts';\ntested();\n",
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  expect(findUnused(root)).toEqual([
    { path: 'src/a.ts', name: 'nobody', inTests: false },
    { path: 'src/a.ts', name: 'tested', inTests: true },
    { path: 'src/a.ts', name: 'idle', inTests: false },
    { path: 'src/a.ts', name: 'Alone', inTests: false },
  ]);
});
