import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { Address } from '../../../../../src/config/values/address.ts';
import { bindServer, listenOn } from '../../../../../src/net/listen/bind/bind-server.ts';
import { bindHandle } from '../../../../../src/net/node/descriptors/bound-handle.ts';

function server(): Server {
  const made = createServer();
  onTestFinished(() => {
    made.close();
  });
  return made;
}

const LOCAL: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 };

describe('binding a server', () => {
  it('gives the real port, and tells at once that it listens', async () => {
    const made = server();
    let listened = false;
    const options = { address: LOCAL, what: 'test', listening: () => void (listened = made.listening) };
    const bound = await bindServer(made, options);
    expect(bound).toEqual({ ...LOCAL, port: expect.any(Number) as number });
    expect(bound.kind === 'tcp' ? bound.port : 0).not.toBe(0);
    expect(listened).toBe(true);
  });

  it('takes the first address of a name that this machine has', async () => {
    const made = server();
    const bindAddresses = () => Promise.resolve<Address[]>([{ ...LOCAL, host: '192.0.2.1' }, LOCAL]);
    const bound = await bindServer(made, { address: LOCAL, what: 'test', bindAddresses });
    expect(bound).toMatchObject({ host: '127.0.0.1' });
  });

  it('does not happen once the server was closed while its name was looked up', async () => {
    const made = server();
    let isClosed = false;
    const bindAddresses = () => {
      isClosed = true;
      return Promise.resolve([LOCAL]);
    };
    const options = { address: LOCAL, what: 'admin server', bindAddresses, isClosed: () => isClosed };
    await expect(bindServer(made, options)).rejects.toThrow(
      "admin server can't bind 127.0.0.1:0: it was closed while its name was looked up",
    );
    expect(made.listening).toBe(false);
  });

  it.runIf(process.platform === 'linux')(
    'lets as many clients wait at a socket that listens already',
    async () => {
      const bound = bindHandle(LOCAL);
      const made = server();
      await listenOn(made, bound.fd, { address: LOCAL, what: 'test', backlog: 2 });
      const port = bound.address.kind === 'tcp' ? bound.address.port : 0;
      // Nobody accepts while this process waits for the other one.
      const visits = `
      let waiting = 0;
      for (let n = 0; n < 20; n += 1) require('node:net').connect(${String(port)}, '127.0.0.1', () => (waiting += 1));
      setTimeout(() => process.exit(waiting), 300);`;
      const { status } = spawnSync(process.execPath, ['-e', visits]);
      // The system lets one more wait.
      expect(status).toBeLessThanOrEqual(3);
    },
  );

  it('leaves nothing at the server when there is something at the path of its socket', async () => {
    const made = server();
    const folder = mkdtempSync(join(tmpdir(), 'balance-bind-server-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const address: Address = { kind: 'unix', path: join(folder, 'file') };
    writeFileSync(address.path, '');
    const inUse = `test can't bind unix:${address.path}: a file that is no socket has this path`;
    await expect(bindServer(made, { address, what: 'test', socketMode: 0o600 })).rejects.toThrow(inUse);
    expect(made.listening).toBe(false);
    expect([made.listenerCount('error'), made.listenerCount('listening')]).toEqual([0, 0]);
  });
});
