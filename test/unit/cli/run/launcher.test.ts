import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { systemCodeOf } from '../../../../src/errors.ts';
import { buildProgram, PROGRAM, ROOT } from '../../../support/labs/built-program.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { owned } from '../../../support/owned.ts';

buildProgram();

/** Of util-linux: changes the limits of a process that runs. */
const HAS_PRLIMIT = spawnSync('prlimit', ['--version']).status === 0;

interface Launched {
  readonly launcher: ChildProcess;
  output(): string;
  /** Whether the proxy accepts connections. */
  answers(): Promise<boolean>;
}

/** Whether somebody listens there. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    // A proxy without backends resets a connection at once, maybe before this process has noticed that it stands.
    return systemCodeOf(error) !== 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}

/** npm itself starts more slowly than the proxy: both took 16 s on a machine that had ten times more to do than it could. */
const START_LIMIT_MS = 50_000;

/** Starts `balance run` by that command, in a process group of its own, and waits until it listens. */
async function launch(command: string, args: readonly string[], cwd = ROOT): Promise<Launched> {
  const folder = mkdtempSync(join(tmpdir(), 'balance-launch-'));
  const config = join(folder, 'my.yaml');
  writeFileSync(config, "mode: tcp\nlisten: '127.0.0.1:0'\nbackends: []\n");
  const launcher = spawn(command, [...args, '--config', config], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  owned({
    close: () => {
      try {
        process.kill(-(launcher.pid ?? 0), 'SIGKILL');
      } catch {
        // It ended as it should.
      }
      rmSync(folder, { recursive: true });
    },
  });
  let text = '';
  for (const stream of [launcher.stdout, launcher.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const port = await eventually(
    () => /address=127\.0\.0\.1:(\d+)/.exec(text)?.[1],
    () => `it listens: ${text}`,
    START_LIMIT_MS,
  );
  return {
    launcher,
    output: () => text,
    answers: () => answers(Number(port)),
  };
}

const NPX = ['npx', ['--no', '--', 'balance', 'run']] as const;
const NPM_EXEC = ['npm', ['exec', '--no', '--', 'balance', 'run']] as const;

const ENDS = [
  ['npx', NPX, 'SIGTERM', 'launcher'],
  ['npx', NPX, 'SIGHUP', 'launcher'],
  ['npx', NPX, 'SIGKILL', 'launcher'],
  // A terminal sends it to all of them. Sent to npx alone it goes no further than npx's shell.
  ['npx', NPX, 'SIGINT', 'group'],
  // The same code of npm as npx.
  ['npm exec', NPM_EXEC, 'SIGTERM', 'launcher'],
] as const;

describe('a proxy that a package manager started', () => {
  for (const [name, [command, args], signal, goesTo] of ENDS) {
    it(`ends when ${goesTo === 'group' ? 'Ctrl-C ends' : signal + ' comes to'} ${name}`, async () => {
      const { launcher, output, answers } = await launch(command, args);
      const closed = once(launcher, 'close');
      const { pid = 0 } = launcher;
      process.kill(goesTo === 'group' ? -pid : pid, signal);
      // The pipes are closed when the last process that holds them has ended, which is the proxy.
      await closed;
      expect(output()).toContain('shutting down');
      expect(await answers()).toBe(false);
    });
  }
});

describe('a proxy that no package manager started', () => {
  it('goes on when the process that started it has ended', async () => {
    const script = `"$0" "$@" & exit 0`;
    const { answers, launcher } = await launch('sh', ['-c', script, process.execPath, PROGRAM, 'run']);
    expect(launcher.exitCode ?? (await once(launcher, 'exit'))[0]).toBe(0);
    expect(await answers()).toBe(true);
  });
});

/** Stands for a package manager: runs its arguments in that way, tells their pid, and stays until it is ended. */
const MANAGER = `
const [way, ...args] = process.argv.slice(1);
const env = { ...process.env, npm_lifecycle_event: 'start' };
const stdio = ['pipe', 'inherit', 'inherit'];
const ways = {
  direct: () => [process.execPath, args, { stdio, env }],
  detached: () => [process.execPath, args, { stdio, env, detached: true }],
  background: () => ['sh', ['-c', '"$@" & echo child=$!; wait', 'sh', process.execPath, ...args], { stdio, env }],
};
const child = require('node:child_process').spawn(...ways[way]());
if (way !== 'background') console.log('child=' + child.pid);
`;

describe('a proxy below something that stands for a package manager', () => {
  async function launchBelow(way: string) {
    const launched = await launch(process.execPath, ['-e', MANAGER, '--', way, PROGRAM, 'run']);
    const pid = Number(/child=(\d+)/.exec(launched.output())?.[1]);
    owned({
      close: () => {
        tryKill(pid);
      },
    });
    return { ...launched, pid };
  }

  function tryKill(pid: number): void {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended as it should.
    }
  }

  it.each(['detached', 'background'])('goes on when that ends, if it was started %s', async (way) => {
    const { launcher, answers, output } = await launchBelow(way);
    const gone = once(launcher, 'exit');
    launcher.kill('SIGKILL');
    await gone;
    // Longer than it takes to be noticed.
    await setTimeout(1500);
    expect(output()).not.toContain('package manager');
    expect(await answers()).toBe(true);
  });

  it.runIf(HAS_PRLIMIT)('goes on while no file can be opened, and ends with it afterwards', async () => {
    const { launcher, output, pid } = await launchBelow('direct');
    const limit = (files: string) => spawnSync('prlimit', ['--pid', String(pid), `--nofile=${files}:`]);
    expect(limit('3').status).toBe(0);
    await setTimeout(1500);
    expect(output()).not.toContain('package manager');
    expect(limit('1024').status).toBe(0);
    launcher.kill('SIGKILL');
    await eventually(
      () => output().includes('the package manager that started this proxy has ended'),
      () => `the end in ${output()}`,
    );
  });
});

describe('the command of a clone', () => {
  for (const [signal, line] of [
    ['SIGTERM', 'shutting down signal=SIGTERM'],
    ['SIGINT', 'shutting down signal=SIGINT'],
    ['SIGHUP', 'config reloaded'],
  ] as const) {
    it(`is the proxy itself: ${signal} reaches it, wherever it is called`, async () => {
      const { launcher, output } = await launch(join(ROOT, 'bin/balance'), ['run'], tmpdir());
      launcher.kill(signal);
      await eventually(
        () => output().includes(line),
        () => `${line} in ${output()}`,
      );
      if (signal !== 'SIGHUP') return;
      launcher.kill('SIGTERM');
      expect(await once(launcher, 'exit')).toEqual([0, null]);
    });
  }
});
