import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

import { buildProgram, PROGRAM, ROOT } from '../../support/labs/built-program.ts';
import { freePort } from '../../support/addresses/free-ports.ts';
import { PATIENCE_MS } from '../../support/time/patience.ts';
import { accepts } from '../../support/addresses/accepts.ts';

const folder = mkdtempSync(join(tmpdir(), 'balance-cli-'));
const children = new Set<ChildProcess>();
const servers = new Set<Server>();

buildProgram();

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  children.clear();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers.clear();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs `balance` to its end. */
function balance(...args: string[]) {
  const result = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8', timeout: PATIENCE_MS });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

function configFile(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function configFor(port: number, backendPort: number, more = ''): string {
  return configFile(
    `${port}.yaml`,
    `mode: http\nlisten: 127.0.0.1:${port}\nbackends:\n  - name: one\n    address: 127.0.0.1:${backendPort}\n${more}`,
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10);
}

/** A backend that answers nothing before it is told to. */
async function holdingBackend() {
  const held: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    held.push(response);
    server.emit('held');
  });
  servers.add(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { server, held, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

/** `balance run` with a request under way; `more` is added to its config. */
async function runningWithRequest(more = '') {
  const backend = await holdingBackend();
  const port = await freePort();
  const child = spawn(process.execPath, [PROGRAM, 'run', '--config', configFor(port, backend.port, more)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (output += String(bytes)));
  await until(() => accepts(port));
  const arrived = once(backend.server, 'held');
  const answer = fetch(`http://127.0.0.1:${port}/`).then(async (response) => response.text());
  answer.catch(() => undefined);
  await arrived;
  return { child, port, answer, output: () => output, finish: () => backend.held[0]!.end('late but whole') };
}

describe('balance', () => {
  it('prints its usage and its version', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(balance('--version')).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
    const help = balance('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const word of ['run', 'validate', 'demo', '--config', 'BALANCE_CONFIG'])
      expect(help.stdout).toContain(word);
  });

  it('explains a command line that it does not understand, with exit code 2', () => {
    expect(balance('rnu')).toEqual({
      code: 2,
      stdout: '',
      stderr: `balance: unknown command 'rnu'; did you mean "run"?; see balance --help\n`,
    });
    expect(balance('run', '--port=80')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('the guide to what helps before an edit', () => {
  const guide = /### Before you save\n.*?```console\n(.*?)```/s.exec(
    readFileSync(join(ROOT, 'README.md'), 'utf8'),
  );
  const [, ...examples] = guide![1]!.split(/^\$ /m);
  cpSync(join(ROOT, 'config'), join(folder, 'config'), { recursive: true });
  const shell = 'balance() { "$NODE" "$PROGRAM" "$@"; }';

  it.each(examples.map((example) => /^(.*?)\n(.*)$/s.exec(example)!.slice(1)))(
    'shows what really comes of: %s',
    (command, shown) => {
      const { stdout } = spawnSync('sh', ['-c', `exec 2>&1; ${shell}; ${command}`], {
        encoding: 'utf8',
        cwd: folder,
        env: { ...process.env, NODE: process.execPath, PROGRAM },
        timeout: PATIENCE_MS,
      });
      expect(stdout).toBe(shown);
    },
  );
});

describe('balance validate', () => {
  it('counts what a valid config holds', () => {
    const file = configFor(8080, 9001);
    expect(balance('validate', '--config', file)).toEqual({
      code: 0,
      stdout: `${file} is valid: 1 listener, 1 upstream, 1 backend\n`,
      stderr: '',
    });
  });

  it('prints every problem of a config and ends with 2', () => {
    const file = configFile(
      'bad.yaml',
      'mode: http\nlisten: nowhere\nbackends:\n  - name: a\n    address: 127.0.0.1:99999\n',
    );
    const result = balance('validate', '--config', file);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(`${file}:2:`);
    expect(result.stderr).toContain(`${file}:5:`);
  });
});

describe('balance run', () => {
  it('says in one line that the config file does not exist, and ends with 2', () => {
    const { code, stderr } = balance('run', '--config', join(folder, 'absent.yaml'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^[^\n]*absent\.yaml[^\n]*\n$/);
  });

  it('says how a file is named where none was named and the default is missing', () => {
    const env = { ...process.env, BALANCE_CONFIG: '' };
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, 'run'], {
      cwd: mkdtempSync(join(folder, 'bare-')),
      env,
      encoding: 'utf8',
      timeout: PATIENCE_MS,
    });
    expect(status).toBe(2);
    expect(stderr).toBe(
      'config/balance.yaml does not exist\nbalance: that is the default; name your own file with --config FILE\n',
    );
  });

  it('says in one line which address is in use, and ends with 1', async () => {
    const { port } = await holdingBackend();
    const { code, stderr } = balance('run', '--config', configFor(port, 9001));
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^balance: [^\\n]*${port}[^\\n]*in use[^\\n]*\\n$`));
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    'finishes what runs at %s, refuses what is new, and ends with 0',
    async (signal) => {
      const { child, port, answer, finish } = await runningWithRequest();
      const exited = once(child, 'exit');
      child.kill(signal);
      await until(async () => !(await accepts(port)));
      finish();
      expect(await answer).toBe('late but whole');
      expect(await exited).toEqual([0, null]);
    },
  );

  it('exits at once with 1 when a second signal comes', async () => {
    const { child, port, output } = await runningWithRequest();
    const exited = once(child, 'close');
    child.kill('SIGTERM');
    await until(async () => !(await accepts(port)));
    // Longer than the time in which a repeated signal counts as npm's echo of the first.
    await delay(400);
    child.kill('SIGTERM');
    expect(await exited).toEqual([1, null]);
    expect(output()).toContain('shutting down');
  });

  it('opens log files anew at SIGUSR1, and no debugger', async () => {
    const log = join(folder, 'access.log');
    const { child, finish, answer, output } = await runningWithRequest(
      `logging: { access_log: { output: ${log} } }\n`,
    );
    renameSync(log, `${log}.1`);
    child.kill('SIGUSR1');
    await until(async () => existsSync(log));
    finish();
    await answer;
    await until(async () => readFileSync(log, 'utf8') !== '');
    expect(readFileSync(log, 'utf8')).toContain(' INFO access ');
    expect(readFileSync(`${log}.1`, 'utf8')).toBe('');
    expect(output()).not.toMatch(/debugger/i);
    expect(child.exitCode).toBeNull();
  });

  it('reads the file again at SIGHUP', async () => {
    const { child, port, finish } = await runningWithRequest();
    finish();
    child.kill('SIGHUP');
    expect(await accepts(port)).toBe(true);
    expect(child.exitCode).toBeNull();
  });
});

describe('balance logs', () => {
  it('ends quietly when its reader has enough', () => {
    const file = configFile('long.log', '{"message":"a line","n":1}\n'.repeat(50_000));
    const command = `"${process.execPath}" "${PROGRAM}" logs "${file}" | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8', timeout: PATIENCE_MS });
    expect([stdout, stderr]).toEqual(['INFO  a line n=1\n0\n', '']);
  });
});
