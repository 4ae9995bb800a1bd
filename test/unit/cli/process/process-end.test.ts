import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { buildProgram, ROOT } from '../../../support/labs/built-program.ts';
import { owned } from '../../../support/owned.ts';
import { PATIENCE_MS } from '../../../support/time/patience.ts';

buildProgram();

/** Runs `script` in a process of its own, which then ends with code 3. `PIPE` is a pipe that nobody writes. */
function end(script: string): { code: number | null; signal: string | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'balance-end-'));
  owned({
    close: () => {
      rmSync(folder, { recursive: true });
    },
  });
  const pipe = join(folder, 'pipe');
  spawnSync('mkfifo', [pipe]);
  const program = `
    import { ProcessEnd } from ${JSON.stringify(join(ROOT, 'dist/src/cli/process/process-end.js'))};
    import { constants, openSync, readFile } from 'node:fs';
    import { Worker } from 'node:worker_threads';
    const end = new ProcessEnd(process, 200);
    process.on('exit', (code) => console.log('last words', code));
    const inThread = (code) =>
      new Promise((resolve) => new Worker(code, { eval: true, execArgv: [] }).once('online', resolve));
    const PIPE = ${JSON.stringify(pipe)};
    const whenRead = async () => {
      for (;;) {
        try {
          // It can be opened so once somebody reads it.
          return openSync(PIPE, constants.O_WRONLY | constants.O_NONBLOCK);
        } catch {
          await new Promise(setImmediate);
        }
      }
    };
    ${script}
    void end.exit(3);
    void end.exit(4);
  `;
  const args = ['--input-type=module', '-e', program];
  // This thread waits for it, so that no limit of a test would end it.
  const limit = { timeout: PATIENCE_MS, killSignal: 'SIGTERM' } as const;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    ...limit,
  });
  return { code: status, signal, output: stdout + stderr };
}

const HELD = 'balance: a call of the system holds a thread of this process, so it kills itself\n';

describe('the end of the process', () => {
  it('has the code of the first call, and does not wait for threads that work', () => {
    const busy = "await inThread('for (;;);');";
    expect(end(busy)).toEqual({ code: 3, signal: null, output: 'last words 3\n' });
  });

  it('waits for a process that reads one file after the other, as one that starts does', () => {
    const reading = `
      const untilMs = performance.now() + 700;
      const next = () => performance.now() < untilMs && readFile(${JSON.stringify(join(ROOT, 'package.json'))}, next);
      next();
    `;
    expect(end(reading)).toEqual({ code: 3, signal: null, output: 'last words 3\n' });
  });

  it.each([
    [
      'a thread',
      // The child tells when the thread waits for it. It has nothing to do with the pipes of this process, which the test reads to their ends.
      `const begun = new Promise((done) => readFile(PIPE, done));
       const child = 'require("node:child_process").spawnSync("sh", ["-c", "echo > $0; exec sleep 20", PATH], { stdio: "ignore" })';
       await inThread(child.replace('PATH', JSON.stringify(PIPE)));
       await begun;`,
    ],
    ["a thread of Node's pool", 'readFile(PIPE, () => undefined); await whenRead();'],
  ])('comes by a signal to itself when %s waits in a call of the system', (_, script) => {
    expect(end(script)).toEqual({ code: null, signal: 'SIGKILL', output: `last words 3\n${HELD}` });
  });
});
