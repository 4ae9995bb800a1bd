import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { buildProgram } from '../support/labs/built-program.ts';
import { UpgradeLab } from '../support/labs/upgrade-lab.ts';
import { upgradeBackend, UpgradeTraffic } from '../support/labs/upgrade-traffic.ts';

buildProgram();

/** How many upgrades one after the other; `UPGRADES=100` for the long run. */
const UPGRADES = Number(process.env['UPGRADES'] ?? 6);
const LIMIT_MS = 60_000 + UPGRADES * 20_000;

describe('an upgrade', () => {
  it(
    'there and back, again and again, refuses no connection and fails no request',
    async () => {
      const lab = await UpgradeLab.start({
        backend: await upgradeBackend(),
        shutdownTimeout: `${LIMIT_MS / 1000}s`,
      });
      const traffic = new UpgradeTraffic();
      const web = { port: lab.ports.web, host: '127.0.0.1' };
      for (let n = 0; n < 4; n++) {
        traffic.keepAlive(web);
        traffic.newConnections(web);
      }
      traffic.newConnections({ path: lab.unixPath });
      traffic.keepAlive({ path: lab.unixPath });
      const inode = statSync(lab.unixPath).ino;
      await traffic.echo(web);
      await traffic.echo({ port: lab.ports.tunnel, host: '127.0.0.1' });
      for (let n = 1; n <= UPGRADES; n++) {
        const build = n % 2 === 1 ? 'two' : 'one';
        lab.use(build);
        const now = await lab.upgraded();
        expect([now.version, now.generation, now.upgrades.succeeded]).toEqual([build, n + 1, n]);
      }
      // The last old process ends when its requests have; the first of all still has the WebSocket and the tunnel.
      await lab.until(async () => ((await lab.status()).upgrades.draining.length === 1 ? true : undefined));
      const seen = await traffic.stop();
      if (UPGRADES > 20) process.stderr.write(`${String(UPGRADES)} upgrades: ${JSON.stringify(seen)}\n`);
      expect(seen.faults).toEqual([]);
      // The same socket all the time: its owner and its permissions go with it.
      expect(statSync(lab.unixPath).ino).toBe(inode);
      await lab.until(async () => ((await lab.status()).upgrades.draining.length === 0 ? true : undefined));
    },
    LIMIT_MS,
  );
});
