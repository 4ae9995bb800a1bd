import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { freePort, freePorts } from '../support/addresses/free-ports.ts';
import { buildProgram, PROGRAM } from '../support/labs/built-program.ts';
import { UpgradeLab } from '../support/labs/upgrade-lab.ts';
import { upgradeBackend, UpgradeTraffic } from '../support/labs/upgrade-traffic.ts';
import { owned } from '../support/owned.ts';

buildProgram();

const LIMIT_MS = 120_000;
const lab = async (yaml = '') => UpgradeLab.start({ backend: await upgradeBackend(), yaml });

/** An upgrade that fails while clients ask: nothing changes for them. Returns what `balance upgrade` says. */
async function failing(proxy: UpgradeLab, ...args: string[]): Promise<string> {
  const before = await proxy.status();
  const traffic = new UpgradeTraffic();
  traffic.keepAlive({ port: proxy.ports.web, host: '127.0.0.1' });
  traffic.newConnections({ port: proxy.ports.web, host: '127.0.0.1' });
  traffic.newConnections({ path: proxy.unixPath });
  const { code, output } = await proxy.balance('upgrade', ...args);
  expect((await traffic.stop()).faults).toEqual([]);
  expect(code).toBe(1);
  const after = await proxy.status();
  expect([after.pid, after.generation]).toEqual([before.pid, before.generation]);
  expect(after.upgrades).toMatchObject({ failed: before.upgrades.failed + 1, running: false, draining: [] });
  return output;
}

describe('an upgrade that fails changes nothing, and says why:', () => {
  it(
    'a config with a mistake, a program that ends or is missing, one that never gets ready, an address that somebody has',
    async () => {
      const proxy = await lab();
      const good = (): void => proxy.write();

      proxy.write('listeners: 5');
      expect(await failing(proxy)).toMatch(/upgrade failed: .*balance\.yaml:\d+:\d+/);

      const commands: readonly (readonly [command: string, reason: RegExp])[] = [
        ['[sh, -c, "exit 7"]', /it ended with exit code 7/],
        ['[sh, -c, "kill -9 $$"]', /SIGKILL ended it/],
        ['[/nowhere/balance, run]', /\/nowhere\/balance can't be started: .*ENOENT/],
      ];
      for (const [command, reason] of commands) {
        proxy.write(`upgrade: { command: ${command} }`);
        await proxy.ask('/reload', { method: 'POST' });
        expect(await failing(proxy)).toMatch(reason);
      }
      proxy.write('upgrade: { command: [sleep, "600"] }');
      await proxy.ask('/reload', { method: 'POST' });
      expect(await failing(proxy, '--timeout', '500ms')).toContain(
        'the new version was not ready within 0.5 s',
      );

      good();
      await proxy.ask('/reload', { method: 'POST' });
      const port = await freePort();
      const stranger = owned(createServer().listen(port, '127.0.0.1'));
      await once(stranger, 'listening');
      proxy.write(`metrics: { enabled: true, listen: '127.0.0.1:${String(port)}' }`);
      expect(await failing(proxy)).toContain('the address is in use');

      good();
      expect((await proxy.balance('upgrade')).code).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'a second one while one runs; reloads wait for the end of the first',
    async () => {
      const proxy = await lab();
      proxy.write('upgrade: { command: [sleep, "600"], timeout: 3s }');
      await proxy.ask('/reload', { method: 'POST' });
      const first = proxy.balance('upgrade');
      await proxy.until(async () =>
        (await proxy.ask<{ upgrades: { running: boolean } }>('/status')).upgrades.running ? true : undefined,
      );
      const second = await proxy.ask('/upgrade', { method: 'POST' });
      expect(second).toMatchObject({ ok: false, message: 'an upgrade runs' });
      proxy.write();
      const reload = proxy.ask<{ ok: boolean; generation: number }>('/reload', { method: 'POST' });
      expect((await first).output).toContain('the new version was not ready within 3 s');
      expect(await reload).toMatchObject({ ok: true, generation: 3 });
    },
    LIMIT_MS,
  );

  it(
    'the end of the proxy ends the new version as well',
    async () => {
      const proxy = await lab();
      proxy.write('upgrade: { command: [sleep, "600"] }');
      await proxy.ask('/reload', { method: 'POST' });
      const asked = proxy.balance('upgrade');
      await proxy.says('upgrade begins');
      process.kill((await proxy.status()).pid, 'SIGTERM');
      expect((await asked).output).toContain('which began the upgrade, was told to end');
      await proxy.says('upgrade taken back, as this version ends');
      await proxy.says('stopped');
    },
    LIMIT_MS,
  );
});

describe('a process that can not be replaced', () => {
  const mayUnshare = spawnSync('unshare', ['-pf', '--mount-proc', 'true']).status === 0;

  it.skipIf(!mayUnshare)(
    'because it is the first one of its container refuses, and says why',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'balance-first-'));
      const [port, web] = await freePorts(2);
      const file = join(folder, 'balance.yaml');
      writeFileSync(
        file,
        `admin: { listen: '127.0.0.1:${String(port)}' }\nlisten: 127.0.0.1:${String(web)}\nbackends: []\n`,
      );
      const child = spawn(
        'unshare',
        ['-pf', '--kill-child', '--mount-proc', process.execPath, PROGRAM, 'run', '--config', file],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      owned({
        close: () => {
          child.kill('SIGKILL');
          rmSync(folder, { recursive: true });
        },
      });
      let output = '';
      child.stdout.on('data', (bytes) => (output += String(bytes)));
      await expect.poll(() => output, { timeout: LIMIT_MS }).toContain('admin listening');
      const answer = await fetch(`http://127.0.0.1:${String(port)}/upgrade`, { method: 'POST' });
      expect(answer.status).toBe(409);
      expect(await answer.json()).toMatchObject({
        ok: false,
        message: expect.stringContaining('first process of its container') as string,
      });
      await expect.poll(() => output, { timeout: LIMIT_MS }).toContain('upgrade refused');
    },
    LIMIT_MS,
  );
});
