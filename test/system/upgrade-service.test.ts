import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { freePorts } from '../support/addresses/free-ports.ts';
import { buildProgram, PROGRAM } from '../support/labs/built-program.ts';
import { UpgradeLab } from '../support/labs/upgrade-lab.ts';
import { upgradeBackend, UpgradeTraffic } from '../support/labs/upgrade-traffic.ts';
import { owned } from '../support/owned.ts';

buildProgram();

const LIMIT_MS = 120_000;
const has = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;

/** Node.js has no datagrams over unix sockets. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

/** The folder ends with the test. */
function folderOf(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `balance-${name}-`));
  owned({
    close: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  });
  return folder;
}

/** What the service manager is told, message by message. */
async function serviceManager(): Promise<{ path: string; told: string[] }> {
  const path = join(folderOf('notify'), 'notify');
  const child = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  owned({ close: () => child.kill('SIGKILL') });
  let text = '';
  const told: string[] = [];
  child.stdout.on('data', (bytes) => {
    text += String(bytes);
    told.splice(0, told.length, ...text.split('\n').slice(0, -1));
  });
  await expect.poll(() => told, { timeout: LIMIT_MS }).toContain('bound');
  return { path, told };
}

describe.skipIf(!has('systemd-notify', '--version') || !has('python3', '--version'))('systemd', () => {
  it(
    'is told when the proxy is ready, reloads and stops, and which process is the main one',
    async () => {
      const { path, told } = await serviceManager();
      const heard = async (message: string, times = 1): Promise<void> => {
        await expect
          .poll(() => told.filter((each) => each.includes(message)).length, { timeout: LIMIT_MS })
          .toBeGreaterThanOrEqual(times);
      };
      const backend = await upgradeBackend();
      const proxy = await UpgradeLab.start({ backend, env: { NOTIFY_SOCKET: path } });
      await heard('READY=1');
      const { pid } = await proxy.status();
      process.kill(pid, 'SIGHUP');
      await heard('RELOADING=1');
      await heard('READY=1', 2);
      const now = await proxy.upgraded();
      await heard(`MAINPID=${String(now.pid)}`);
      await heard('READY=1', 3);
      expect(told.join()).not.toContain('STOPPING=1');
      process.kill(now.pid, 'SIGTERM');
      await heard('STOPPING=1');
    },
    LIMIT_MS,
  );
});

describe.skipIf(!has('systemd-socket-activate', '--version'))('sockets of systemd', () => {
  it(
    'go to the listener with their name, or with their address; others are closed with a warning; an upgrade hands them over',
    async () => {
      const folder = folderOf('activated');
      const [named = 0, same = 0, admin = 0, other = 0] = await freePorts(4);
      const path = join(folder, 'path.sock');
      const file = join(folder, 'balance.yaml');
      const backend = await upgradeBackend();
      writeFileSync(
        file,
        `admin: { listen: '127.0.0.1:${String(admin)}' }
listeners:
  - { name: web, address: '127.0.0.1:1', mode: http, upstream: back }
  - { name: same, address: '127.0.0.1:${String(same)}', mode: http, upstream: back }
  - { name: path, address: 'unix:${path}', mode: http, upstream: back }
upstreams: [{ name: back, backends: [{ address: '${backend}' }] }]
`,
      );
      const addresses = [
        `127.0.0.1:${String(named)}`,
        `127.0.0.1:${String(same)}`,
        `127.0.0.1:${String(other)}`,
        path,
      ];
      const child = spawn(
        'systemd-socket-activate',
        [
          ...addresses.flatMap((address) => ['-l', address]),
          '--fdname=web:x:y:z',
          process.execPath,
          PROGRAM,
          'run',
          '--config',
          file,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (bytes) => (output += String(bytes)));
      let pid = child.pid ?? 0;
      owned({ close: () => process.kill(pid, 'SIGKILL') });
      const answer = async (port: number): Promise<string> =>
        (await fetch(`http://127.0.0.1:${String(port)}/`)).text();
      await expect.poll(() => output, { timeout: LIMIT_MS }).toContain('Listening on');
      // systemd-socket-activate starts the program with the first connection.
      expect(await answer(named)).toBe('fine');
      expect(await answer(same)).toBe('fine');
      await expect
        .poll(() => output, { timeout: LIMIT_MS })
        .toContain('a socket of the service manager is closed');
      await expect(answer(other)).rejects.toThrow();

      const status = async () =>
        (await (
          await fetch(`http://127.0.0.1:${String(admin)}/status`, { headers: { Connection: 'close' } })
        ).json()) as { pid: number; upgrades: { succeeded: number } };
      expect((await status()).pid).toBe(pid);
      process.kill(pid, 'SIGUSR2');
      await expect.poll(async () => (await status()).upgrades.succeeded, { timeout: LIMIT_MS }).toBe(1);
      pid = (await status()).pid;
      expect(await answer(named)).toBe('fine');
      expect(await answer(same)).toBe('fine');
      const traffic = new UpgradeTraffic();
      traffic.newConnections({ path });
      await expect.poll(() => traffic.seen.answers, { timeout: LIMIT_MS }).toBeGreaterThan(0);
      expect((await traffic.stop()).faults).toEqual([]);
    },
    LIMIT_MS,
  );
});
