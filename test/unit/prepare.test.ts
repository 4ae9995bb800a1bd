import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
let project = '';

/** Stands for the compiler, which would take a second a call: copies sources and refuses what is wrong. */
const fakeCompiler = `#!/usr/bin/env node
const { cpSync, existsSync, mkdirSync, readFileSync } = require('node:fs');
mkdirSync('dist/src', { recursive: true });
for (const file of ['src/a', 'plugins/x/b']) {
  if (!existsSync(file + '.ts')) continue;
  if (readFileSync(file + '.ts', 'utf8').includes('wrong')) {
    console.log(file + '.ts(1,14): error');
    process.exit(2);
  }
  cpSync(file + '.ts', 'dist/' + file + '.js');
}
`;

/** A project whose only dependency, the compiler, is installed. */
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'balance-prepare-'));
  for (const folder of ['src', 'plugins/x', 'node_modules/typescript/bin'])
    mkdirSync(join(project, folder), { recursive: true });
  cpSync(join(root, 'src/prepare.mjs'), join(project, 'src/prepare.mjs'));
  const files: Record<string, string> = {
    'package.json': '{ "name": "x", "version": "1.0.0" }',
    'package-lock.json': lockOf({ 'node_modules/typescript': '6.0.3' }),
    'node_modules/.package-lock.json': lockOf({ 'node_modules/typescript': '6.0.3' }),
    'node_modules/typescript/bin/tsc': fakeCompiler,
    'tsconfig.json': '{}',
    'tsconfig.build.json': '{}',
    'src/bundle.mjs': '',
    'src/a.ts': 'export const a = 1;\n',
    'plugins/x/b.ts': 'export const b = 2;\n',
  };
  for (const [file, text] of Object.entries(files)) write(file, text);
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

function lockOf(versions: Record<string, string>): string {
  const packages = Object.fromEntries(Object.entries(versions).map(([path, version]) => [path, { version }]));
  return JSON.stringify({ name: 'x', version: '1.0.0', lockfileVersion: 3, packages });
}

function write(file: string, text: string): void {
  writeFileSync(join(project, file), text);
}

/** Runs the preparation; `npm` stands for a command that fails, so that no test installs anything. */
function prepare() {
  write('npm', '#!/bin/sh\necho "npm $*"; exit 1\n');
  spawnSync('chmod', ['+x', join(project, 'npm')]);
  const env = { ...process.env, PATH: `${project}:${process.env['PATH'] ?? ''}` };
  const result = spawnSync(process.execPath, [join(project, 'src/prepare.mjs')], { encoding: 'utf8', env });
  return { code: result.status, output: result.stdout + result.stderr };
}

const compiled = (file: string) => existsSync(join(project, 'dist', file));

describe('prepare', () => {
  it('compiles what is missing or changed, and says nothing when all is there', () => {
    expect(prepare()).toEqual({ code: 0, output: 'Compiling TypeScript …\n' });
    expect([compiled('src/a.js'), compiled('plugins/x/b.js')]).toEqual([true, true]);
    expect(prepare()).toEqual({ code: 0, output: '' });
    write('src/a.ts', 'export const a = 12;\n');
    expect(prepare().output).toContain('Compiling');
  });

  it('leaves a program that can be run, also where all was compiled anew', () => {
    write('package.json', '{ "name": "x", "version": "1.0.0", "bin": { "a": "dist/src/a.js" } }');
    for (let times = 0; times < 2; times++) {
      expect(prepare().code).toBe(0);
      expect(statSync(join(project, 'dist/src/a.js')).mode & 0o111).toBe(0o111);
      rmSync(join(project, 'dist'), { recursive: true });
    }
  });

  it('removes what was compiled from a source that is gone', () => {
    prepare();
    rmSync(join(project, 'plugins/x/b.ts'));
    expect(prepare().code).toBe(0);
    expect([compiled('src/a.js'), compiled('plugins/x/b.js')]).toEqual([true, false]);
  });

  it('shows the errors of the compiler, and compiles again the next time', () => {
    write('src/a.ts', 'export const a = "wrong";\n');
    for (const run of [prepare(), prepare()]) {
      expect(run.code).toBe(1);
      expect(run.output).toContain('src/a.ts(1,14)');
    }
  });

  it('works alone: who comes meanwhile waits, and finds all done', async () => {
    write('node_modules/typescript/bin/tsc', `${fakeCompiler}setTimeout(() => {}, 300);\n`);
    const both = [0, 1].map(() => spawn(process.execPath, [join(project, 'src/prepare.mjs')]));
    const outputs = both.map(async (child) => {
      let output = '';
      child.stdout.on('data', (text: Buffer) => (output += String(text)));
      expect(await once(child, 'close')).toEqual([0, null]);
      return output;
    });
    expect((await Promise.all(outputs)).sort()).toEqual(['', 'Compiling TypeScript …\n']);
    expect(compiled('.preparing')).toBe(false);
  });

  it('goes on where another one was killed', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    mkdirSync(join(project, 'dist'));
    write('dist/.preparing', String(pid));
    expect(prepare()).toEqual({ code: 0, output: 'Compiling TypeScript …\n' });
    expect(compiled('.preparing')).toBe(false);
  });

  it.each([
    ['is not installed', lockOf({})],
    ['is installed in another version', lockOf({ 'node_modules/typescript': '5.0.0' })],
  ])('installs when a package of the lock file %s', (_, installed) => {
    write('node_modules/.package-lock.json', installed);
    const { code, output } = prepare();
    expect(code).toBe(1);
    expect(output).toContain('npm ci --include=dev');
    expect(output).toContain('balance: npm ci failed');
  });
});
