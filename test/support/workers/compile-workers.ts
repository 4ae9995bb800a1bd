import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PREPARE = fileURLToPath(new URL('../../../src/prepare.mjs', import.meta.url));

/** Compiles what changed, once before all tests: threads run the compiled files, whatever the tests themselves import. */
export default function compileWorkers(): void {
  const { status } = spawnSync(process.execPath, [PREPARE], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the sources can not be compiled, so no worker can be started');
}
