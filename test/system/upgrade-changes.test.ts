import { once } from 'node:events';
import { connect, type SecureVersion } from 'node:tls';
import { describe, expect, it } from 'vitest';

import { freePort } from '../support/addresses/free-ports.ts';
import { CertificateAuthority } from '../support/certificates.ts';
import { buildProgram } from '../support/labs/built-program.ts';
import { UpgradeLab } from '../support/labs/upgrade-lab.ts';
import { upgradeBackend, UpgradeTraffic } from '../support/labs/upgrade-traffic.ts';
import { owned } from '../support/owned.ts';
import { answering, ok } from '../support/peers/answering.ts';
import { backend as recordingBackend } from '../support/peers/backends.ts';
import { client } from '../support/peers/clients.ts';
import { ODD_PLUGIN } from '../support/workers/odd-plugin.ts';

buildProgram();

const LIMIT_MS = 180_000;

describe('an upgrade', () => {
  it(
    'changes the number of workers, up and down, and loses nobody',
    async () => {
      const proxy = await UpgradeLab.start({
        backend: await upgradeBackend(),
        workers: 1,
        shutdownTimeout: '600s',
      });
      const traffic = new UpgradeTraffic();
      const web = { port: proxy.ports.web, host: '127.0.0.1' };
      traffic.keepAlive(web);
      traffic.newConnections(web);
      traffic.newConnections({ path: proxy.unixPath });
      await traffic.echo(web);
      for (const [asked, count] of [
        [2, 2],
        [4, 4],
        [1, 1],
        [2, 2],
      ] as const) {
        proxy.workers = asked;
        proxy.write();
        const { workers } = await proxy.upgraded();
        expect(workers).toHaveLength(count);
      }
      proxy.workers = 'auto';
      proxy.write();
      expect((await proxy.upgraded()).workers.length).toBeGreaterThan(0);
      expect((await traffic.stop()).faults).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'waits for no worker whose event loop stands still, and lets it finish later',
    async () => {
      const port = await freePort();
      const proxy = await UpgradeLab.start({
        backend: await upgradeBackend(),
        workers: 2,
        listeners: `  - { name: odd, address: '127.0.0.1:${port}', mode: odd, options: { mark: a } }`,
        yaml: 'plugins: { directory: plugins }',
        files: { 'plugins/odd.mjs': ODD_PLUGIN },
      });
      const blocked = await client(`127.0.0.1:${port}`);
      owned({ close: () => blocked.close() });
      blocked.send('block 8000');
      const traffic = new UpgradeTraffic();
      traffic.newConnections({ port: proxy.ports.web, host: '127.0.0.1' });
      await proxy.upgraded();
      expect((await traffic.stop()).faults).toEqual([]);
      await blocked.untilText(':a;');
      await proxy.until(async () =>
        (await proxy.status()).upgrades.draining.length === 0 ? true : undefined,
      );
    },
    LIMIT_MS,
  );

  it.each([1, 2])(
    'with %d workers keeps what operators have set backends to',
    async (workers) => {
      const address = await upgradeBackend();
      const proxy = await UpgradeLab.start({ backend: address, workers });
      const admin = `http://127.0.0.1:${String(proxy.ports.admin)}`;
      const listed = async (): Promise<unknown[]> =>
        ((await (await fetch(`${admin}/backends`)).json()) as { backends: unknown[] }).backends;
      const [{ name }] = (await listed()) as [{ name: string }];
      const path = `/backends/back/${encodeURIComponent(name)}/drain`;
      const set = await fetch(admin + path, {
        method: 'POST',
        body: JSON.stringify({ reason: 'a new disk' }),
      });
      expect(set.status).toBe(200);
      await proxy.upgraded();
      const byHand = { state: 'draining', reason: 'a new disk' };
      expect(await listed()).toMatchObject([{ state: 'draining', upstreams: [{ by_hand: byHand }] }]);
      expect((await fetch(`http://127.0.0.1:${String(proxy.ports.web)}/`)).status).toBe(503);
    },
    LIMIT_MS,
  );

  it.each([1, 2])(
    'with %d workers keeps the clients of a sticky cookie that has no key of its own',
    async (workers) => {
      const port = await freePort();
      const names = ['a', 'b'];
      const backends = await Promise.all(
        names.map(async (name) => {
          const { address } = await recordingBackend(answering(() => ok(name)));
          return `{ name: ${name}, address: '${address}' }`;
        }),
      );
      const proxy = await UpgradeLab.start({
        backend: await upgradeBackend(),
        workers,
        listeners: `  - { name: app, address: '127.0.0.1:${port}', mode: http, upstream: app }`,
        // The list of upstreams goes on.
        yaml: `  - { name: app, backends: [${backends.join(', ')}], sticky: {} }`,
      });
      const visit = (cookie?: string) =>
        fetch(`http://127.0.0.1:${port}/`, {
          headers: { connection: 'close', ...(cookie === undefined ? {} : { cookie }) },
        });
      const clients: { home: string; cookie: string }[] = [];
      for (let client = 0; client < 12; client++) {
        const answer = await visit();
        clients.push({ home: await answer.text(), cookie: answer.headers.getSetCookie()[0]!.split(';')[0]! });
      }
      expect(new Set(clients.map(({ home }) => home))).toEqual(new Set(names));
      await proxy.upgraded();
      for (const { home, cookie } of clients) {
        const answer = await visit(cookie);
        expect(answer.headers.getSetCookie()).toEqual([]);
        expect(await answer.text()).toBe(home);
      }
    },
    LIMIT_MS,
  );

  it.each([1, 2])(
    'with %d workers leaves sessions of TLS that can be resumed',
    async (workers) => {
      const authority = new CertificateAuthority();
      const { chain, key } = authority.issue({ names: ['localhost'] });
      const port = await freePort();
      const proxy = await UpgradeLab.start({
        backend: await upgradeBackend(),
        workers,
        files: { 'a.crt': chain, 'a.key': key },
        listeners: `  - { name: tls, address: '127.0.0.1:${port}', mode: http, upstream: back, tls: { cert_file: a.crt, key_file: a.key } }`,
      });
      const visit = (version: SecureVersion, session?: Buffer) =>
        visitOver(port, authority.cert, version, session);
      const versions = ['TLSv1.2', 'TLSv1.3'] as const;
      const before = await Promise.all(versions.map((version) => visit(version)));
      expect(before.map(({ isResumed }) => isResumed)).toEqual([false, false]);
      await proxy.upgraded();
      for (const [index, version] of versions.entries())
        for (let times = 0; times < 4; times++)
          expect((await visit(version, before[index]?.session)).isResumed).toBe(true);
      // The keys go on from one process to the next.
      const between = await Promise.all(versions.map((version) => visit(version)));
      await proxy.upgraded();
      for (const [index, version] of versions.entries())
        for (const { session } of [before[index], between[index]].filter((each) => each !== undefined))
          expect((await visit(version, session)).isResumed).toBe(true);
    },
    LIMIT_MS,
  );
});

/** One request; resolves with the newest session that the server gave. */
async function visitOver(port: number, ca: string, version: SecureVersion, session?: Buffer) {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca,
    minVersion: version,
    maxVersion: version,
    ...(session === undefined ? {} : { session }),
  });
  let newest: Buffer | undefined;
  socket.on('session', (given: Buffer) => (newest = given));
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  const isResumed = socket.isSessionReused();
  socket.destroy();
  return { isResumed, session: newest ?? socket.getSession() };
}

/** The command of the config starts the new version a little later than the test asks for it. */
function slowCommand(proxy: UpgradeLab): string {
  const { program, configFile } = proxy;
  const line = `sleep 1.5; exec '${process.execPath}' '${program}' run --config '${configFile}'`;
  return `upgrade: { command: [sh, -c, ${JSON.stringify(line)}] }`;
}

describe('while an upgrade runs', () => {
  async function upgrading() {
    const proxy = await UpgradeLab.start({ backend: await upgradeBackend() });
    proxy.write(slowCommand(proxy));
    await proxy.ask('/reload', { method: 'POST' });
    const { pid } = await proxy.status();
    const traffic = new UpgradeTraffic();
    traffic.newConnections({ port: proxy.ports.web, host: '127.0.0.1' });
    process.kill(pid, 'SIGUSR2');
    await proxy.says('upgrade begins');
    return { proxy, pid, traffic };
  }

  it(
    'a reload that is asked for goes to the new version, and is no failure of the old one',
    async () => {
      const { proxy, pid, traffic } = await upgrading();
      proxy.write(`${slowCommand(proxy)}\nmetrics: { enabled: true, path: /metrics }`);
      // A storm of them.
      for (let times = 0; times < 20; times++) process.kill(pid, 'SIGHUP');
      await proxy.says('the reload that was asked for meanwhile is passed on to the new version');
      // The first one was before the upgrade.
      await proxy.until(() => (proxy.output.split(' config reloaded').length > 2 ? true : undefined));
      const now = await proxy.status();
      expect(now.pid).not.toBe(pid);
      expect(proxy.output).toContain('config not read again');
      expect(proxy.output).not.toContain('config not reloaded');
      expect((await traffic.stop()).faults).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'further signals begin no other one',
    async () => {
      const { proxy, pid, traffic } = await upgrading();
      for (let times = 0; times < 5; times++) process.kill(pid, 'SIGUSR2');
      const now = await proxy.until(async () => {
        const status = await proxy.status();
        return status.pid === pid ? undefined : status;
      });
      expect(now.upgrades).toMatchObject({ succeeded: 1, failed: 0 });
      expect(proxy.output).toContain('reason="an upgrade runs"');
      expect(proxy.processes().filter((each) => each !== pid)).toEqual([now.pid]);
      expect((await traffic.stop()).faults).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'the end of the new version, as a signal asks for it, leaves the clients to the old one',
    async () => {
      const { proxy, pid, traffic } = await upgrading();
      const child = await proxy.until(() => proxy.processes().find((each) => each !== pid));
      process.kill(child, 'SIGTERM');
      await proxy.says('upgrade failed, this version goes on');
      expect(await proxy.status()).toMatchObject({ pid, upgrades: { succeeded: 0, failed: 1 } });
      expect((await traffic.stop()).faults).toEqual([]);
    },
    LIMIT_MS,
  );
});
