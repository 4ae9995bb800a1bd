import { statSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { listenUnix } from '../../../src/net/listen/bind/unix-socket.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { get } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { connectUnix, killedSocketFile } from '../../support/sockets/unix-sockets.ts';

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function currentUmask(): number {
  const umask = process.umask(0o077);
  process.umask(umask);
  return umask;
}

/** A folder that goes with the test. */
async function folder(): Promise<string> {
  return (await labProxy('listen: "127.0.0.1:0"\nbackends: []\n')).directory;
}

function server(): Server {
  const made = createServer();
  onTestFinished(() => {
    made.close();
  });
  return made;
}

describe('a unix socket with a mode', () => {
  it.each([0o600, 0o640, 0o666, 0o777])('has it (%o) before anybody can connect', async (mode) => {
    const path = join(await folder(), 'app.sock');
    const umask = currentUmask();
    listenUnix(server(), path, mode);
    // Nothing of the system's queue of events was looked at since it was bound.
    expect(modeOf(path)).toBe(mode);
    expect(currentUmask()).toBe(umask);
  });

  it('is left as it is where another server has the path', async () => {
    const path = join(await folder(), 'app.sock');
    listenUnix(server(), path, 0o640);
    expect(() => {
      listenUnix(server(), path, 0o666);
    }).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
    expect(modeOf(path)).toBe(0o640);
  });
});

describe('a listener at a unix socket', () => {
  const yaml = (address: string, mode: string): string =>
    `listen: "unix:\${env:DIRECTORY}/app.sock"\n${mode}\nbackends: [{ address: "${address}" }]\n`;

  async function proxyWith(mode: string): Promise<{ proxy: LabProxy; path: string; address: string }> {
    const { address } = await backend(answering(() => ok()));
    const proxy = await labProxy(yaml(address, mode));
    return { proxy, path: join(proxy.directory, 'app.sock'), address };
  }

  it('has the mode of the config, follows an edit of it, and keeps its connections', async () => {
    const { proxy, path, address } = await proxyWith("socket_mode: '0660'");
    expect(modeOf(path)).toBe(0o660);
    const socket = await connectUnix(path);
    const { ino } = statSync(path);
    expect(await proxy.change(yaml(address, "socket_mode: '606'"))).toContain('socket_mode 0660 → 0606');
    expect(modeOf(path)).toBe(0o606);
    expect(statSync(path).ino).toBe(ino);
    expect((await get(socket)).status).toBe(200);
    await proxy.change(yaml(address, ''));
    expect(modeOf(path)).toBe(0o777 & ~currentUmask());
  });

  it('has it too where a killed process left its socket behind', async () => {
    const directory = await folder();
    const path = join(directory, 'app.sock');
    await killedSocketFile(path);
    await chmod(path, 0o777);
    await labProxy(`listen: "unix:${path}"\nsocket_mode: '0600'\nbackends: []\n`);
    expect(modeOf(path)).toBe(0o600);
  });
});

it('the admin and the metrics server have modes as well, and follow an edit of them', async () => {
  const yaml = (admin: string, metrics: string): string => `listen: "127.0.0.1:0"
backends: []
admin: { listen: "unix:\${env:DIRECTORY}/admin.sock"${admin} }
metrics: { listen: "unix:\${env:DIRECTORY}/metrics.sock"${metrics} }
`;
  const proxy = await labProxy(yaml(", socket_mode: '0600'", ", socket_mode: '0660'"));
  const modes = (): number[] =>
    ['admin', 'metrics'].map((name) => modeOf(join(proxy.directory, `${name}.sock`)));
  expect(modes()).toEqual([0o600, 0o660]);
  await proxy.change(yaml(", socket_mode: '0640'", ", socket_mode: '0666'"));
  expect(modes()).toEqual([0o640, 0o666]);
});
