import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceLocations } from '../../../../../src/telemetry/logs/format/source-locations.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-places-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Compiles a source whose fourth line throws, and gives the compiled line and column of that. */
async function compiled(name: string): Promise<{ file: string; line: number; column: number }> {
  const source = 'interface A {\n  readonly a: number;\n}\nconst a: A = { a: boom() };\nexport { a };\n';
  const { outputText, sourceMapText = '' } = ts.transpileModule(source, {
    fileName: `${name}.ts`,
    compilerOptions: { sourceMap: true, target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  const file = join(folder, `${name}.js`);
  await writeFile(file, outputText);
  await writeFile(`${file}.map`, sourceMapText);
  const lines = outputText.split('\n');
  const index = lines.findIndex((line) => line.includes('boom'));
  return { file, line: index + 1, column: (lines[index] ?? '').indexOf('boom') + 1 };
}

describe('a place in a compiled file', () => {
  it('is shown as the line that was written', async () => {
    const { file, line, column } = await compiled('one');
    expect(line).not.toBe(4);
    const places = new SourceLocations();
    const shown = expect.stringMatching(/^source-places-\w+\/one\.ts:4$/) as string;
    expect(places.locationOf(file, line, column)).toEqual(shown);
    expect(places.locationOf(`${pathToFileURL(file).href}?state=a1`, line, column)).toEqual(shown);
  });

  it('is shown as it is where there is no map, or a broken one', async () => {
    const { file, line, column } = await compiled('two');
    await writeFile(`${file}.map`, '{"version":3');
    expect(new SourceLocations().locationOf(file, line, column)).toMatch(/\/two\.js:\d$/);
    expect(new SourceLocations().locationOf(join(folder, 'none.js'), 7, 1)).toMatch(/\/none\.js:7$/);
    expect(new SourceLocations().locationOf('node:internal/timers', 7, 1)).toBe('node:internal/timers:7');
  });
});

it('the package carries the maps that lead to its sources', () => {
  const root = new URL('../../../../../', import.meta.url);
  const read = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(new URL(name, root), 'utf8')) as Record<string, unknown>;
  // Whole folders: a map lies beside each module.
  expect(read('package.json')['files']).toEqual(expect.arrayContaining(['dist/src', 'dist/plugins']));
  expect(read('tsconfig.build.json')['compilerOptions']).toMatchObject({ sourceMap: true });
});
