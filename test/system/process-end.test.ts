import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { buildProgram } from '../support/labs/built-program.ts';
import { UpgradeLab } from '../support/labs/upgrade-lab.ts';
import { upgradeBackend, UpgradeTraffic } from '../support/labs/upgrade-traffic.ts';
import { client } from '../support/peers/clients.ts';
import { owned } from '../support/owned.ts';
import { ODD_PLUGIN } from '../support/workers/odd-plugin.ts';
import { freePort } from '../support/addresses/free-ports.ts';

buildProgram();

const LIMIT_MS = 120_000;

/** A proxy with a tunnel that is open, and a worker whose event loop stands still. */
async function busyProxy(workers: number) {
  const odd = await freePort();
  const proxy = await UpgradeLab.start({
    backend: await upgradeBackend(),
    workers,
    shutdownTimeout: '600s',
    listeners: `  - { name: odd, address: '127.0.0.1:${odd}', mode: odd }`,
    yaml: 'plugins: { directory: plugins }',
    files: { 'plugins/odd.mjs': ODD_PLUGIN },
  });
  const tunnel = await client(`127.0.0.1:${proxy.ports.tunnel}`);
  owned({ close: () => tunnel.close() });
  tunnel.send('GET / HTTP/1.1\r\nHost: lab\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await tunnel.untilText(' 101 ');
  const at = { odd: `127.0.0.1:${odd}`, web: `127.0.0.1:${proxy.ports.web}` };
  return { proxy, tunnel, at };
}

describe.each([1, 2])('with %d workers', (workers) => {
  it(
    'the death of the process takes its threads and connections with it, and frees its addresses for the next one',
    async () => {
      const { proxy, tunnel, at } = await busyProxy(workers);
      const { pid } = await proxy.status();
      process.kill(pid, 'SIGKILL');
      expect(await proxy.ended()).toBe('SIGKILL');
      await tunnel.untilEnded();
      expect(proxy.processes()).toEqual([]);
      await expect(client(at.web)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await proxy.startAgain();
      const traffic = new UpgradeTraffic();
      traffic.newConnections({ port: proxy.ports.web, host: '127.0.0.1' });
      // Its file was left behind.
      traffic.newConnections({ path: proxy.unixPath });
      await proxy.until(() => (traffic.seen.answers >= 10 ? true : undefined));
      expect((await traffic.stop()).faults).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'a signal ends it with 0, whatever a plugin throws up to the last moment',
    async () => {
      const { proxy, tunnel, at } = await busyProxy(workers);
      const storm = await client(at.odd);
      storm.send('storm');
      await storm.untilText(';');
      for (const socket of [storm, tunnel]) socket.close();
      const { pid } = await proxy.status();
      process.kill(pid, 'SIGTERM');
      expect(await proxy.ended()).toBe(0);
      expect(proxy.output).toContain('thrown again and again');
    },
    LIMIT_MS,
  );

  it(
    'a second signal ends the process at once, whatever runs in it',
    async () => {
      const { proxy, tunnel, at } = await busyProxy(workers);
      const { pid } = await proxy.status();
      const blocked = await client(at.odd);
      owned({ close: () => blocked.close() });
      process.kill(pid, 'SIGTERM');
      await proxy.says('shutting down');
      // With one thread, nothing hears a signal while that stands still.
      if (workers > 1) blocked.send('block 600000');
      // One that comes too soon after the first one counts as its echo.
      await delay(300);
      process.kill(pid, 'SIGTERM');
      expect(await proxy.ended()).toBe(1);
      await tunnel.untilEnded();
      expect(proxy.output).toContain('stopped at once');
      expect(proxy.processes()).toEqual([]);
    },
    LIMIT_MS,
  );
});
