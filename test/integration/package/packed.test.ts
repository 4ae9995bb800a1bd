import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { BUILD_LIMIT_MS, buildProgram, ROOT } from '../../support/labs/built-program.ts';
import { linkProductionModules } from '../../support/labs/production-modules.ts';

const folder = mkdtempSync(join(tmpdir(), 'balance-packed-'));
const packed = join(folder, 'node_modules/balance');

/** The environment for npm and the compiler, without the options of this test run, which would only slow them down. */
const ELSEWHERE = { ...process.env, NODE_OPTIONS: undefined };

/** A program that uses the package as an embedding program, a plugin's author and TypeScript do. */
const CONSUMER = `
import { ConfigError, startProxy, type BalanceProxy, type ConfigFile } from 'balance';
import type { Connection, ProtocolHost, ProtocolPlugin } from 'balance/plugin-api';

const config: ConfigFile = { listen: '127.0.0.1:0', backends: [{ address: '127.0.0.1:1', weight: 2 }] };
export const proxy: BalanceProxy = await startProxy({ config, log: (line) => console.log(line.length) });
proxy
  .on('reloaded', ({ generation }) => console.log(generation.toFixed()))
  .on('reloadFailed', (error, outcome) => console.log(error.message, outcome.problems[0]?.path))
  .on('health', ({ backend, healthy }) => console.log(backend.length, healthy ? 1 : 0))
  .on('closed', () => undefined);
// @ts-expect-error there is no such event
proxy.on('open', () => undefined);
// @ts-expect-error there is no such key
await proxy.reload({ lisen: ':80' }).catch((error: unknown) => error instanceof ConfigError && error.problems);
export type Parts = [Connection, ProtocolHost, ProtocolPlugin];
`;

buildProgram();

beforeAll(() => {
  // As npm packs and unpacks it; without its scripts, since the program is built.
  const file = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
    env: ELSEWHERE,
  }).trim();
  linkProductionModules(folder);
  mkdirSync(packed, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, file), '-C', packed, '--strip-components=1']);
}, BUILD_LIMIT_MS);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function files(): string[] {
  return readdirSync(packed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(packed.length + 1));
}

function node(...args: string[]) {
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: ELSEWHERE });
}

describe('the packed file', { timeout: BUILD_LIMIT_MS }, () => {
  it('holds the program, its sources, its guides and examples, and no tests', () => {
    const names = files();
    const folders = new Set(names.map((name) => name.split('/').slice(0, 2).join('/')));
    for (const needed of ['LICENSE', 'README.md', 'CHANGELOG.md', 'dist/src', 'dist/plugins', 'dist/schemas'])
      expect(folders).toContain(needed);
    expect(names.filter((name) => /^(dist\/)?test\/.*\.[jt]s$|\.tsbuildinfo$|^dist\/\./.test(name))).toEqual(
      [],
    );
  });

  it('leads nowhere that is not in it', () => {
    const dead: string[] = [];
    for (const file of files().filter((name) => name.endsWith('.md'))) {
      const text = readFileSync(join(packed, file), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
        const isElsewhere = /^\w+:/.test(target);
        if (!isElsewhere && !existsSync(join(packed, dirname(file), target))) dead.push(`${file}: ${target}`);
      }
    }
    expect(dead).toEqual([]);
  });

  it('has all that its package.json names, and may be published', () => {
    const manifest = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8')) as {
      private?: boolean;
      license: string;
      bin: Record<string, string>;
      exports: Record<string, string | Record<string, string>>;
    };
    expect(manifest.private).toBeUndefined();
    expect(manifest.license).toBe('MIT');
    const named = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    for (const target of [...named, ...Object.values(manifest.bin)])
      expect(existsSync(join(packed, target)), target).toBe(true);
  });

  it('has a command that works without anything of a clone', () => {
    const config = join(folder, 'my.yaml');
    writeFileSync(config, "listen: '127.0.0.1:0'\nbackends: [{ address: '127.0.0.1:1' }]\n");
    const command = join(packed, 'dist/src/cli/main.js');
    // npm makes it executable, by the first line.
    expect(readFileSync(command, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(node(command, '--version').stdout).toBe('0.1.0\n');
    const { status, stdout, stderr } = node(command, 'validate', '--config', config);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('is valid');
  });

  it('opens its door to modules of both kinds', () => {
    const example = join(folder, 'embedded.mjs');
    writeFileSync(example, readFileSync(join(packed, 'config/programs/embedded.mjs')));
    const { status, stdout } = node(example);
    const [first = '', ...lines] = stdout.trim().split('\n');
    // Turns begin anywhere.
    expect(first).toMatch(/^answers (one two|two one)$/);
    expect(lines).toEqual([
      'refused load_balancer.algorithm',
      'changed upstream default: backend one removed',
      'answers two two',
      'closed',
    ]);
    expect(status).toBe(0);
    const common = node('--print', "Object.keys(require('balance')).sort().join()");
    expect(common.stdout).toBe('BalanceError,ConfigError,startProxy\n');
  });

  it("runs README's program", () => {
    const [, program = ''] =
      /^```js\n(.*?)^```$/ms.exec(readFileSync(join(packed, 'README.md'), 'utf8')) ?? [];
    const file = join(folder, 'readme.mjs');
    writeFileSync(file, program.replaceAll('127.0.0.1:8080', '127.0.0.1:0'));
    const { status, stdout } = node(file);
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+\n$/);
    expect(status).toBe(0);
  });

  it('has types that stand up to a strict program and to the author of a plugin', () => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
    writeFileSync(
      join(folder, 'common.cts'),
      "import balance = require('balance');\nexport = balance.startProxy;\n",
    );
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['consumer.ts', 'common.cts'] }),
    );
    const { status, stdout } = node(join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder);
    expect([status, stdout]).toEqual([0, '']);
  });
});
