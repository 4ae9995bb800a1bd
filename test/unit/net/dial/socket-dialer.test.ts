import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { Address } from '../../../../src/config/values/address.ts';
import { dial } from '../../../support/sockets/dial.ts';
import type { ProcessResources } from '../../../../src/net/resources/process-resources.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import { freePort } from '../../../support/addresses/free-ports.ts';
import { fullBacklog } from '../../../support/sockets/full-backlog.ts';
import { PATIENCE_MS } from '../../../support/time/patience.ts';
import { RecordingReader } from '../../../support/sockets/recording-reader.ts';
import { fixedNames } from '../../../support/addresses/fixed-names.ts';

const options = (connectTimeoutMs = PATIENCE_MS) => ({
  connectTimeoutMs,
  names: fixedNames(),
  buffers: new ReadBuffers(),
  onFault: () => undefined,
});

function server(accept: (socket: Socket) => void, host = '127.0.0.1'): Promise<Address & { kind: 'tcp' }> {
  return listen(accept, host, 0);
}

async function listen(
  accept: (socket: Socket) => void,
  host: string,
  wanted: number,
): Promise<Address & { kind: 'tcp' }> {
  const listening = createServer((socket) => {
    socket.on('error', () => undefined);
    accept(socket);
  }).listen(wanted, host);
  await once(listening, 'listening');
  onTestFinished(() => void listening.close());
  const bound = listening.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return { kind: 'tcp', host, port: bound.port };
}

/** Takes a connection and says nothing. */
function accept(socket: Socket): void {
  socket.resume();
}

describe('dial', () => {
  it('finds the address of a name that has several', async () => {
    const address = await server((socket) => socket.end('hello'));
    const { transport: stream } = await dial({ ...address, host: 'localhost' }, options());
    const reader = new RecordingReader();
    stream.read(reader);
    await reader.untilText('hello');
    stream.destroy();
  });

  it('takes no descriptor that is kept back, not even while it connects', async () => {
    const address = await fullBacklog();
    const short: string[] = [];
    const resources = {
      hasRoomForBackend: () => false,
      noteShortage: (of: string, code: string) => void short.push(`${of} ${code}`),
    } as unknown as ProcessResources;
    await expect(dial(address, { ...options(), resources })).rejects.toMatchObject({
      code: 'resources_exhausted',
      origin: 'internal',
      status: 503,
    });
    expect(short).toEqual(['connect EMFILE']);
  });

  it('refuses with a retryable error where nobody listens', async () => {
    const address = await server(() => undefined);
    const gone = { ...address, port: await freePort() };
    await expect(dial(gone, options())).rejects.toMatchObject({
      code: 'connect_failed',
      origin: 'upstream',
      retryable: true,
      status: 502,
    });
  });

  it('refuses with a retryable error where a unix socket is missing', async () => {
    await expect(dial({ kind: 'unix', path: '/nowhere/socket' }, options())).rejects.toMatchObject({
      code: 'connect_failed',
      retryable: true,
    });
  });

  it('gives up after its time limit', async () => {
    const address = await fullBacklog();
    await expect(dial(address, options(200))).rejects.toMatchObject({
      code: 'connect_timeout',
      retryable: true,
      status: 504,
    });
  });

  it('tries the addresses of a name one after the other, and those that failed last the next time', async () => {
    const { port } = await server((socket) => socket.end('hello'), '127.0.0.3');
    const names = fixedNames({ 'shop.test': ['127.0.0.1', '127.0.0.2', '127.0.0.3'] });
    const address = { kind: 'tcp', host: 'shop.test', port } as const;
    const { transport: stream, ip } = await dial(address, { ...options(), names });
    expect(ip).toBe('127.0.0.3');
    stream.destroy();
    const turns = names.turns('shop.test', port);
    expect(turns.order(['127.0.0.1', '127.0.0.2', '127.0.0.3'])[0]).toBe('127.0.0.3');
  });

  it('takes the addresses of a name in turn', async () => {
    const { port } = await server(accept, '127.0.0.1');
    await listen(accept, '127.0.0.2', port);
    const names = fixedNames({ 'shop.test': ['127.0.0.1', '127.0.0.2'] });
    const ips: (string | undefined)[] = [];
    for (let round = 0; round < 4; round++) {
      const { transport: stream, ip } = await dial(
        { kind: 'tcp', host: 'shop.test', port },
        { ...options(), names },
      );
      ips.push(ip);
      stream.destroy();
    }
    expect(ips).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2']);
  });

  it('does not wait for an address that says nothing while another one answers', async () => {
    const silent = await fullBacklog();
    await listen(accept, '127.0.0.2', silent.port);
    const names = fixedNames({ 'shop.test': ['127.0.0.1', '127.0.0.2'] });
    const { transport: stream, ip } = await dial(
      { kind: 'tcp', host: 'shop.test', port: silent.port },
      { ...options(), names },
    );
    expect(ip).toBe('127.0.0.2');
    stream.destroy();
    // It is known to be slow from now on.
    expect(names.turns('shop.test', silent.port).order(['127.0.0.1', '127.0.0.2'])[0]).toBe('127.0.0.2');
  });

  it('names each address that it tried', async () => {
    const { port } = await server(() => undefined, '127.0.0.9');
    const names = fixedNames({ 'shop.test': ['127.0.0.1', '127.0.0.2'] });
    await expect(
      dial({ kind: 'tcp', host: 'shop.test', port }, { ...options(), names }),
    ).rejects.toMatchObject({
      code: 'connect_failed',
      status: 502,
      message: `connect ECONNREFUSED 127.0.0.1:${String(port)}, connect ECONNREFUSED 127.0.0.2:${String(port)}`,
    });
  });

  it('says at once why a name has no address', async () => {
    await expect(dial({ kind: 'tcp', host: 'dead.test', port: 1 }, options())).rejects.toMatchObject({
      code: 'connect_failed',
      retryable: true,
      status: 502,
      message: 'dead.test can not be resolved: the test knows no such name',
    });
  });

  it('waits for name servers within its time limit, and no longer', async () => {
    let stopped = 0;
    const names = { ...fixedNames(), lookUp: () => () => (stopped += 1) };
    await expect(
      dial({ kind: 'tcp', host: 'dead.test', port: 1 }, { ...options(50), names }),
    ).rejects.toMatchObject({
      code: 'connect_timeout',
      status: 504,
      message: 'no connection to dead.test:1 within 50 ms: the name servers have not answered for dead.test',
    });
    expect(stopped).toBe(1);
  });
});
