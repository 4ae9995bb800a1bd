import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type ListenOptions, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { ActivatedSockets } from '../../../../src/app/upgrade/activated-sockets.ts';
import { openSocketAt } from '../../../../src/app/upgrade/open-sockets.ts';
import { descriptorOf, handleOf } from '../../../../src/net/node/node-internals.ts';
import { owned } from '../../../support/owned.ts';

async function listening(options: ListenOptions): Promise<{ server: Server; fd: number }> {
  const server = owned(createServer());
  server.listen(options);
  await once(server, 'listening');
  return { server, fd: descriptorOf(handleOf(server)) };
}

describe('the address of a descriptor', () => {
  it('is that of a TCP socket that listens, IPv4 or IPv6', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const { server, fd } = await listening({ host, port: 0 });
      expect(openSocketAt(fd)).toEqual({ kind: 'tcp', host, port: (server.address() as AddressInfo).port });
    }
  });

  it('is the path of a unix socket, or its abstract name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'balance-open-'));
    const path = join(folder, 'a b.sock');
    const { fd } = await listening({ path });
    expect(openSocketAt(fd)).toEqual({ kind: 'unix', path });
    rmSync(folder, { recursive: true });
  });

  it('is not known for anything else', () => {
    expect(openSocketAt(0)).toBeUndefined();
    expect(openSocketAt(99_999)).toBeUndefined();
  });
});

describe('what the environment says of sockets of systemd', () => {
  it('counts for the process that it names alone, and is removed', () => {
    const env = { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'web', PATH: '/bin' };
    expect(ActivatedSockets.fromEnvironment(env, 8)).toBeUndefined();
    expect(env).toEqual({ PATH: '/bin' });
    expect(ActivatedSockets.fromEnvironment({}, 8)).toBeUndefined();
    expect(ActivatedSockets.fromEnvironment({ LISTEN_PID: '8', LISTEN_FDS: 'many' }, 8)).toBeUndefined();
  });
});
