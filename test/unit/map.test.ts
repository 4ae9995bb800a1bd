import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const MOST_LINES = 215;

const map = readFileSync(new URL('src/README.md', ROOT), 'utf8');
const named = [...map.matchAll(/`((?:src|plugins|test|schemas|config|docker)\/[^`\s]*)`/g)].map(
  ([, path = '']) => path,
);

/** Every folder of the product that holds a TypeScript file. */
function folders(): string[] {
  const files = ['src', 'plugins'].flatMap((top) =>
    readdirSync(new URL(top, ROOT), { recursive: true, encoding: 'utf8' }).map((file) => `${top}/${file}`),
  );
  const inFolders = files.filter((file) => file.endsWith('.ts')).map((file) => dirname(file));
  return [...new Set(inFolders)].filter((folder) => folder !== 'src').sort();
}

/** Whether a README of the folder, or of one above it, or the comment with which one of its files begins says what it is for. */
function isExplained(folder: string): boolean {
  if (existsSync(new URL(`${folder}/README.md`, ROOT))) return true;
  for (let above = dirname(folder); above !== '.'; above = dirname(above)) {
    const readme = new URL(`${above}/README.md`, ROOT);
    const names = [relative(above, folder), basename(folder)].join('|');
    if (existsSync(readme) && new RegExp(`[\`(](${names})[\`)/]`).test(readFileSync(readme, 'utf8')))
      return true;
  }
  return readdirSync(new URL(folder, ROOT))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.generated.ts'))
    .some((file) => readFileSync(new URL(`${folder}/${file}`, ROOT), 'utf8').startsWith('// '));
}

describe('the map of the code in src/README.md', () => {
  it('names only files and folders that exist', () => {
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });

  it('leaves no folder of src and plugins unexplained', () => {
    expect(folders().filter((folder) => !named.includes(folder) && !isExplained(folder))).toEqual([]);
  });

  it(`has at most ${MOST_LINES} lines`, () => {
    expect(map.split('\n').length).toBeLessThanOrEqual(MOST_LINES);
  });
});
