import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect } from 'vitest';

/** The folder of the project. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** The program as it is built, for tests that run it in a process of its own. */
export const PROGRAM = join(ROOT, 'dist/src/cli/main.js');

/** A machine that does other things too may take long to compile or to pack. */
export const BUILD_LIMIT_MS = 180_000;

/**
 * Builds the program before the tests of the file that calls this. `npm test` did it before; a bare vitest would run what was
 * compiled some time ago. Where it can't be built the tests fail: an earlier build says nothing about this source.
 */
export function buildProgram(): void {
  beforeAll(() => {
    const { status } = spawnSync(process.execPath, [join(ROOT, 'src/prepare.mjs')], { stdio: 'inherit' });
    expect(status, 'the program can be built').toBe(0);
  }, BUILD_LIMIT_MS);
}
