import { describe, expect, it } from 'vitest';

import { buildProgram } from '../support/labs/built-program.ts';
import { UpgradeLab } from '../support/labs/upgrade-lab.ts';
import { upgradeBackend, UpgradeTraffic } from '../support/labs/upgrade-traffic.ts';

buildProgram();

const LIMIT_MS = 180_000;

/** New connections, over TCP and over the path: those of a process that is killed would break anyway. */
function newcomers(proxy: UpgradeLab): UpgradeTraffic {
  const traffic = new UpgradeTraffic();
  traffic.newConnections({ port: proxy.ports.web, host: '127.0.0.1' });
  traffic.newConnections({ path: proxy.unixPath });
  return traffic;
}

/** The new process of an upgrade: the log names it when it is there, and the system before. */
async function newProcess(proxy: UpgradeLab, old: number): Promise<number> {
  return proxy.until(() => proxy.processes().find((pid) => pid !== old));
}

describe('a new version that is killed', () => {
  it.each([0, 100, 300, 700])(
    '%d ms after its start changes nothing',
    async (afterMs) => {
      const proxy = await UpgradeLab.start({ backend: await upgradeBackend() });
      const { pid } = await proxy.status();
      const traffic = newcomers(proxy);
      process.kill(pid, 'SIGUSR2');
      const child = await newProcess(proxy, pid);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      // One that is not killed in time has taken over, and then it is the one that must stay.
      if ((await proxy.status()).pid === pid) process.kill(child, 'SIGKILL');
      await proxy.until(() => (/upgrade (failed|done)/.test(proxy.output) ? true : undefined));
      const { faults } = await traffic.stop();
      const isOver = proxy.output.includes('upgrade failed');
      expect(isOver ? faults : []).toEqual([]);
      expect((await proxy.status()).pid).toBe(isOver ? pid : child);
    },
    LIMIT_MS,
  );
});

describe('an old version that is killed', () => {
  it.each([100, 300, 700])(
    '%d ms after it started the new one leaves the clients to that',
    async (afterMs) => {
      const proxy = await UpgradeLab.start({ backend: await upgradeBackend() });
      const { pid } = await proxy.status();
      process.kill(pid, 'SIGUSR2');
      const child = await newProcess(proxy, pid);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      if (proxy.isOurs(pid)) process.kill(pid, 'SIGKILL');
      // Its admin server answers a moment before its workers accept, and the upgrade counts from then on.
      const now = await proxy.until(async () => {
        const status = await proxy.status();
        return status.pid === child && status.upgrades.succeeded > 0 ? status : undefined;
      });
      expect(now.upgrades).toMatchObject({ succeeded: 1, failed: 0 });
      const traffic = newcomers(proxy);
      await proxy.until(() => (traffic.seen.answers >= 20 ? true : undefined));
      expect((await traffic.stop()).faults).toEqual([]);
    },
    LIMIT_MS,
  );
});
