import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { measureStructure } from '../../structure/measure-structure.ts';
import { readSources } from '../../structure/read-sources.ts';
import { missedBars } from '../../structure/structure-bars.ts';

const folders: string[] = [];

/** A checkout with these files. */
function checkout(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'balance-structure-'));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('readSources', () => {
  it('tells imports of types from others, in all their forms', () => {
    const root = checkout({
      'src/a/one.ts': [
        "import type { Two } from '../b/two.ts';",
        "import { type Three } from './three.ts';",
        "import { four, type Five } from './four.ts';",
        "export * from './six.ts';",
        "export type * from './seven.ts';",
        "const later = () => import('./eight.ts');",
        "type Nine = import('./nine.ts').Nine;",
        "import { readFileSync } from 'node:fs';",
      ].join('\n'),
    });
    expect(readSources(root)[0]?.imports).toEqual([
      { path: 'src/b/two.ts', isTypeOnly: true },
      { path: 'src/a/three.ts', isTypeOnly: true },
      { path: 'src/a/four.ts', isTypeOnly: false },
      { path: 'src/a/six.ts', isTypeOnly: false },
      { path: 'src/a/seven.ts', isTypeOnly: true },
      { path: 'src/a/eight.ts', isTypeOnly: false },
      { path: 'src/a/nine.ts', isTypeOnly: true },
    ]);
  });

  it('measures lines and functions, comments before a function left out', () => {
    const root = checkout({
      'src/a.ts':
        '/** Two lines\n * long. */\nexport function a(): void {\n  a();\n}\nexport const b = () =>\n  1;\n',
    });
    expect(readSources(root)[0]).toMatchObject({
      room: 'src/a.ts',
      lines: 7,
      functions: [
        { name: 'a', line: 3, lines: 3 },
        { name: 'b', line: 6, lines: 2 },
      ],
    });
  });
});

describe('missedBars', () => {
  it('names circles of files and of folders, imports of types included', () => {
    const root = checkout({
      'src/a/one.ts': "import type { Two } from '../b/two.ts';\n",
      'src/b/two.ts': "import { one } from '../a/one.ts';\n",
    });
    expect(missedBars(measureStructure(readSources(root)))).toEqual([
      'cycle of files: src/a/one.ts → src/b/two.ts → src/a/one.ts',
      'cycle of folders: src/a → src/b → src/a',
      'the median file has 1 lines, not 60 to 200',
    ]);
  });

  it('names what is too long and too full, but no generated file', () => {
    const line = 'x;\n';
    const few = Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`src/a/f${n}.ts`, line.repeat(60)]));
    const root = checkout({
      ...few,
      'src/b/long.ts': line.repeat(351),
      'src/b/long.generated.ts': line.repeat(351),
      'src/c/function.ts': `function f() {\n${line.repeat(59)}}\n`,
    });
    expect(missedBars(measureStructure(readSources(root)))).toEqual([
      'src/b/long.ts has 351 lines, more than 350',
      'src/c/function.ts:1 f has 61 lines, more than 60',
      'src/a holds 15 files, more than 14',
    ]);
  });
});
