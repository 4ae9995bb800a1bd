import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

import { readSources } from '../../structure/read-sources.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const UNIT_TESTS = fileURLToPath(new URL('../', import.meta.url));

/** Folders of unit tests whose subject is another part of the checkout than `src` and `plugins`. */
const TOOLS = ['soak-reload', 'structure'];

const sources = readSources(ROOT).map(({ path }) => path);
const tests = readdirSync(UNIT_TESTS, { recursive: true, encoding: 'utf8' })
  .map((path) => path.split(sep).join('/'))
  .filter((path) => path.endsWith('.test.ts') && !TOOLS.includes(path.split('/')[0] ?? ''));

/** The folder whose files the tests of that folder are about: `plugins-loader` stands for `src/plugins`, beside `plugins`. */
function sourceFolderOf(test: string): string {
  const folder = dirname(test);
  if (folder === '.') return '';
  if (folder === 'plugins' || folder.startsWith('plugins/')) return folder;
  return `src/${folder.replace(/^plugins-loader/, 'plugins')}`;
}

it('has a folder of sources for each folder of unit tests', () => {
  const strays = tests.filter((test) => !existsSync(`${ROOT}${sourceFolderOf(test)}`));
  expect(strays).toEqual([]);
});

it('keeps the unit test of a file in the folder that mirrors the folder of the file', () => {
  const strays = tests.filter((test) => {
    const name = basename(test, '.test.ts');
    const namesakes = sources.filter((source) => basename(source, '.ts') === name);
    const folder = sourceFolderOf(test);
    return namesakes.length > 0 && !namesakes.some((source) => dirname(source) === folder);
  });
  expect(strays).toEqual([]);
});

it('finds both the tests and the sources', () => {
  expect(tests.length).toBeGreaterThan(100);
  expect(sources.length).toBeGreaterThan(100);
  expect(relative(ROOT, UNIT_TESTS).split(sep).join('/')).toBe('test/unit');
});
