import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { DescriptorCopier } from '../../../../../src/net/node/descriptors/descriptor-copier.ts';
import { listeningHandleOf, type ListeningHandle } from '../../../../../src/net/node/node-internals.ts';
import { eventually } from '../../../../support/time/eventually.ts';

async function opened(): Promise<DescriptorCopier> {
  const copier = new DescriptorCopier();
  onTestFinished(() => {
    copier.close();
  });
  await copier.open();
  expect(copier).toMatchObject({ isOpen: true, failure: '' });
  return copier;
}

async function copyOf(copier: DescriptorCopier, server: Server): Promise<ListeningHandle> {
  const listening = listeningHandleOf(server);
  if (listening === undefined) throw new Error('it does not listen');
  const copy = await new Promise<object | undefined>((resolve) => {
    copier.copy(listening, resolve);
  });
  if (copy === undefined) throw new Error('there is no copy');
  return copy as ListeningHandle;
}

async function listeningAt(address: number | string): Promise<Server> {
  const server = createServer((socket) => socket.end('server'));
  server.listen(address);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function abstractAddresses(): Set<string> {
  const lines = readFileSync('/proc/net/unix', 'utf8').split('\n');
  return new Set(lines.map((line) => line.split(' ').at(-1) ?? '').filter((path) => path.startsWith('@')));
}

/** Resolves with what a client is told, or with the code of its failure. */
function asked(server: { port: number } | { path: string }): Promise<string> {
  return new Promise((resolve) => {
    const client = connect(server);
    client.once('data', (bytes) => {
      resolve(bytes.toString());
      client.destroy();
    });
    client.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? '');
    });
    client.once('end', () => {
      resolve('end');
    });
  });
}

describe.runIf(process.platform === 'linux')('a copied descriptor', () => {
  it('accepts for a TCP socket, also when the original is closed, and frees the address with the last', async () => {
    const copier = await opened();
    const server = await listeningAt(0);
    const { port } = server.address() as { port: number };
    const copy = await copyOf(copier, server);
    let accepted = 0;
    copy.onconnection = (_error, handle) => {
      accepted += 1;
      (handle as ListeningHandle).close();
    };
    server.close();
    expect(copy.listen(16)).toBe(0);
    expect(['end', 'ECONNRESET']).toContain(await asked({ port }));
    expect(accepted).toBe(1);
    copy.close();
    expect(await asked({ port })).toBe('ECONNREFUSED');
  });

  it('leaves the original as it is when it is closed', async () => {
    const copier = await opened();
    const server = await listeningAt(0);
    const copies = [await copyOf(copier, server), await copyOf(copier, server)];
    for (const copy of copies) copy.close();
    expect(await asked({ port: (server.address() as { port: number }).port })).toBe('server');
  });

  it('accepts for a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'balance-copier-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const copier = await opened();
    const path = join(folder, 'socket');
    const server = await listeningAt(path);
    const copy = await copyOf(copier, server);
    onTestFinished(() => {
      copy.close();
    });
    let accepted = 0;
    copy.onconnection = (_error, handle) => {
      accepted += 1;
      (handle as ListeningHandle).close();
    };
    copy.listen(16);
    // Clients that come at once are shared among the descriptors.
    await Promise.all(Array.from({ length: 20 }, () => asked({ path })));
    expect(accepted).toBeGreaterThan(0);
  });

  it('comes by the dozen, in the order in which they were asked for', async () => {
    const copier = await opened();
    const server = await listeningAt(0);
    const before = openDescriptors();
    const copies = await Promise.all(Array.from({ length: 100 }, () => copyOf(copier, server)));
    expect(openDescriptors()).toBeGreaterThan(before + 90);
    for (const copy of copies) copy.close();
    await eventually(() => openDescriptors() <= before, 'all are closed');
  });
});

describe.runIf(process.platform === 'linux')('a copier of descriptors', () => {
  it('leaves nothing open when it is closed, and no descriptor of others closed', async () => {
    const before = openDescriptors();
    const copier = new DescriptorCopier();
    await copier.open();
    const other = openSync('/proc/self/status', 'r');
    copier.close();
    copier.close();
    expect(readFileSync(other, 'utf8')).toContain('Name:');
    closeSync(other);
    await eventually(() => openDescriptors() <= before, 'all are closed');
    expect(copier.isOpen).toBe(false);
  });

  it('opens nothing when it is closed before it could', async () => {
    const before = openDescriptors();
    const copier = new DescriptorCopier();
    const opening = copier.open();
    copier.close();
    await opening;
    expect(copier.isOpen).toBe(false);
    await eventually(() => openDescriptors() <= before, 'all are closed');
  });

  it('keeps no process alive', async () => {
    const busy = (): string[] => process.getActiveResourcesInfo().filter((name) => name.startsWith('Pipe'));
    const before = busy();
    await opened();
    await eventually(() => busy().length <= before.length, 'nothing of it counts');
  });

  it('takes a stranger who connects to it for nobody', async () => {
    const before = abstractAddresses();
    const copier = new DescriptorCopier();
    onTestFinished(() => {
      copier.close();
    });
    const opening = copier.open();
    const own = [...abstractAddresses()].filter((path) => path.startsWith('@balance-') && !before.has(path));
    const strangers = own.flatMap((path) => [connect(`\0${path.slice(1)}`), connect(`\0${path.slice(1)}`)]);
    for (const [index, stranger] of strangers.entries()) {
      stranger.on('error', () => undefined).resume();
      // One says something wrong, and the other nothing.
      if (index === 0) stranger.write('x'.repeat(32));
    }
    await opening;
    expect(own.length).toBeGreaterThan(0);
    expect(copier.isOpen).toBe(true);
    const server = await listeningAt(0);
    (await copyOf(copier, server)).close();
    for (const stranger of strangers) await eventually(() => stranger.destroyed, 'the stranger is sent away');
  });

  it('says so when the way to write is not known, and gives no copies', async () => {
    const copier = new DescriptorCopier(null);
    await copier.open();
    expect(copier.isOpen).toBe(false);
    expect(copier.failure).toContain('not known');
    const server = await listeningAt(0);
    await expect(copyOf(copier, server)).rejects.toThrow('there is no copy');
  });

  it('gives no copy of what is closed', async () => {
    const copier = await opened();
    const server = await listeningAt(0);
    const listening = listeningHandleOf(server);
    if (listening === undefined) throw new Error('it does not listen');
    server.close();
    await once(server, 'close');
    const copy = await new Promise<object | undefined>((resolve) => {
      copier.copy(listening, resolve);
    });
    expect(copy).toBeUndefined();
  });
});
