import { once } from 'node:events';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { Address } from '../../../../../src/config/values/address.ts';
import { systemCodeOf } from '../../../../../src/errors.ts';
import {
  adoptDescriptor,
  bindHandle,
  type BoundHandle,
} from '../../../../../src/net/node/descriptors/bound-handle.ts';
import type { ListeningHandle } from '../../../../../src/net/node/node-internals.ts';

const LOCAL: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 };

function owned(bound: BoundHandle): BoundHandle {
  onTestFinished(() => {
    bound.close();
  });
  return bound;
}

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'balance-bound-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return join(folder, 'socket');
}

/** What a client finds at that address: `end` when it is accepted, else the code of the error. */
async function visit(address: Address): Promise<string> {
  const client =
    address.kind === 'unix' ? connect(address.path) : connect({ port: address.port, host: '127.0.0.1' });
  client.resume();
  return new Promise((resolve) => {
    client.once('error', (error) => {
      resolve(systemCodeOf(error));
    });
    client.once('close', () => {
      resolve('end');
    });
  });
}

/** Accepts from a handle, and closes what it accepts. */
function accept({ handle }: BoundHandle): void {
  handle.onconnection = (_error, accepted) => {
    (accepted as ListeningHandle).close();
  };
  expect(handle.listen(16)).toBe(0);
}

describe('a bound handle', () => {
  it('has its real port, and accepts nothing before somebody listens on it', async () => {
    const bound = owned(bindHandle(LOCAL));
    expect(bound.address).toMatchObject({ kind: 'tcp', host: '127.0.0.1' });
    expect(bound.fd).toBeGreaterThan(2);
    expect(await visit(bound.address)).toBe('ECONNREFUSED');
    accept(bound);
    expect(await visit(bound.address)).toBe('end');
  });

  it('is bound for IPv6 and IPv4 when no host is named', async () => {
    const bound = owned(bindHandle({ kind: 'tcp', host: '', port: 0 }));
    accept(bound);
    expect(await visit(bound.address)).toBe('end');
  });

  it('says at once that an address is in use, of TCP and of a unix socket', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const path = socketPath();
    owned(bindHandle({ kind: 'unix', path }));
    for (const address of [
      { kind: 'tcp', host: '127.0.0.1', port },
      { kind: 'unix', path },
    ] satisfies Address[])
      expect(() => bindHandle(address)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  });

  it('says that this machine does not have an address', () => {
    expect(() => bindHandle({ kind: 'tcp', host: '203.0.113.1', port: 0 })).toThrow(
      expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
    );
  });

  it('removes the file of a unix socket when it is closed, and keeps it for another process', () => {
    const path = socketPath();
    const bound = bindHandle({ kind: 'unix', path });
    expect(existsSync(path)).toBe(true);
    bound.close();
    bound.close();
    expect(existsSync(path)).toBe(false);
    // As it is bound beside its path, and moved there.
    const other = bindHandle({ kind: 'unix', path }, `${path}.new`);
    renameSync(`${path}.new`, path);
    other.closeKeepingPath();
    expect(existsSync(path)).toBe(true);
  });

  it('keeps no process alive', () => {
    const before = process.getActiveResourcesInfo();
    owned(bindHandle(LOCAL));
    owned(bindHandle({ kind: 'unix', path: socketPath() }));
    expect(process.getActiveResourcesInfo()).toEqual(before);
  });
});

describe.runIf(process.platform === 'linux')('a descriptor that was inherited', () => {
  it('is taken over with its address, TCP and unix, and serves', async () => {
    const path = socketPath();
    for (const address of [LOCAL, { kind: 'unix', path }] satisfies Address[]) {
      // The same number, as a child has it that was given the descriptor. Only the second handle is closed.
      const bound = bindHandle(address);
      const adopted = owned(adoptDescriptor(bound.fd, bound.address, true));
      expect(adopted.address).toEqual(bound.address);
      accept(adopted);
      expect(await visit(adopted.address)).toBe('end');
    }
  });

  it('is refused when it is no socket that can listen', () => {
    expect(() => adoptDescriptor(9_999, LOCAL, false)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});
