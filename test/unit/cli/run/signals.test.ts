import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

import { buildProgram, PROGRAM } from '../../../support/labs/built-program.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { freePort } from '../../../support/addresses/free-ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'balance-signals-'));
const children = new Set<ChildProcess>();

/** The bit of SIGUSR2 in the kernel's masks; the first module takes it last. */
const SIGUSR2_BIT = 1n << 11n;

buildProgram();

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  children.clear();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A process of `balance` from its first moment on. */
class Started {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  output = '';

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(this.child);
    for (const stream of [this.child.stdout, this.child.stderr])
      stream!.on('data', (bytes: Buffer) => (this.output += String(bytes)));
    this.exited = once(this.child, 'close');
  }

  get isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves once the first module has run, if it is seen: the kernel knows which signals a process catches. */
  async caught(): Promise<void> {
    while (!this.isOver && this.output === '') {
      const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'));
      if ((BigInt(`0x${mask![1]!}`) & SIGUSR2_BIT) !== 0n) return;
      await turn();
    }
  }

  async says(words: string): Promise<void> {
    while (!this.output.includes(words) && !this.isOver) await delay(5);
    expect(this.output).toContain(words);
  }
}

/**
 * A config that marks its answers; nothing but SIGHUP makes an edit count. A SIGUSR2 that comes when the proxy is up starts a program that
 * ends at once: a new version would outlive the test.
 */
function write(file: string, port: number, backendAddress: string, mark: string): void {
  // A process that reads the file meanwhile must not find half of it.
  writeFileSync(
    `${file}.new`,
    `mode: http
listen: 127.0.0.1:${port}
reload: { watch: false }
upgrade: { command: ['false'] }
backends: [{ address: '${backendAddress}' }]
transform: { response_headers: [{ action: set, name: X-Edit, value: ${mark} }] }
`,
  );
  renameSync(`${file}.new`, file);
}

async function served() {
  const port = await freePort();
  const { address } = await backend(answering(() => ok()));
  const file = join(folder, `${port}.yaml`);
  const edit = (mark: string): void => {
    write(file, port, address, mark);
  };
  edit('first');
  return {
    edit,
    /** Which edit the proxy serves. */
    mark: async () => (await fetch(`http://127.0.0.1:${port}/`)).headers.get('X-Edit'),
    run: () => new Started('run', '--config', file),
  };
}

describe('a signal while balance starts', () => {
  it('finds handlers from the first module on, which imports nothing', () => {
    const compiled = readFileSync(PROGRAM, 'utf8');
    expect(compiled).not.toMatch(/^\s*(import\s[^(]|export\s.*\sfrom\s)/m);
    expect(compiled.indexOf('process.on(')).toBeLessThan(compiled.indexOf('await import('));
  });

  it('SIGHUP, again and again until it is up, ends nothing and loses no edit', async () => {
    const { edit, mark, run } = await served();
    const started = run();
    await started.caught();
    let edits = 0;
    while (!started.output.includes('listening') && !started.isOver) {
      edits += 1;
      edit(`edit-${edits}`);
      started.child.kill('SIGHUP');
      await delay(5);
    }
    expect(edits).toBeGreaterThan(1);
    while ((await mark()) !== `edit-${edits}`) {
      expect(started.isOver).toBe(false);
      await delay(10);
    }
  });

  it('SIGHUP right behind the first module is a reload once it is up', async () => {
    const { edit, mark, run } = await served();
    const started = run();
    await started.caught();
    started.child.kill('SIGHUP');
    await started.says('config reloaded');
    expect(await mark()).toBe('first');
    edit('second');
    started.child.kill('SIGHUP');
    while ((await mark()) !== 'second') await delay(10);
  });

  it('SIGUSR1 and SIGUSR2, again and again until it is up, start no debugger and end nothing', async () => {
    const { mark, run } = await served();
    const started = run();
    await started.caught();
    while (!started.output.includes('listening') && !started.isOver) {
      started.child.kill('SIGUSR1');
      started.child.kill('SIGUSR2');
      await delay(5);
    }
    expect(await mark()).toBe('first');
    expect(started.output).not.toMatch(/debugger/i);
  });

  // From the first module to some time after it is up, wherever that falls on this machine.
  it.each([0, 20, 60, 100, 150, 200, 250, 300, 400, 600])(
    'SIGTERM %i ms behind the first module ends it in order',
    async (offsetMs) => {
      const { run } = await served();
      const started = run();
      await started.caught();
      if (offsetMs > 0) await delay(offsetMs);
      started.child.kill('SIGTERM');
      expect(await started.exited).toEqual([0, null]);
      expect(started.output).toMatch(/SIGTERM before the proxy was up|shutting down signal=SIGTERM/);
    },
  );

  it.each(['SIGINT', 'SIGQUIT'] as const)('%s ends it in order, with its echo', async (signal) => {
    const { run } = await served();
    const started = run();
    await started.caught();
    started.child.kill(signal);
    started.child.kill(signal);
    expect(await started.exited).toEqual([0, null]);
    expect(started.output).toContain(`${signal} before the proxy was up`);
  });
});

describe('a command that runs to its end', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)(
    'ends by %s as every other program does, also when it came while it started',
    async (signal) => {
      const file = join(folder, 'followed.log');
      writeFileSync(file, '{"message":"a line"}\n');
      const following = new Started('logs', '--follow', file);
      await following.says('a line');
      following.child.kill(signal);
      expect(await following.exited).toEqual([null, signal]);

      const starting = new Started('logs', '--follow', file);
      await starting.caught();
      starting.child.kill(signal);
      expect(await starting.exited).toEqual([null, signal]);
    },
  );

  it('starts no debugger at SIGUSR1', async () => {
    const file = join(folder, 'watched.log');
    writeFileSync(file, '{"message":"a line"}\n');
    const following = new Started('logs', '--follow', file);
    await following.says('a line');
    following.child.kill('SIGUSR1');
    writeFileSync(file, '{"message":"another one"}\n', { flag: 'a' });
    await following.says('another one');
    expect(following.output).not.toMatch(/debugger/i);
  });
});
