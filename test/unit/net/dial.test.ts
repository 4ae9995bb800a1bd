import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { Address } from '../../../src/config/address.ts';
import { dial } from '../../../src/net/dial.ts';
import { ReadBuffers } from '../../../src/net/read-buffers.ts';
import { fullBacklog } from '../../support/full-backlog.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { RecordingReader } from '../../support/recording-reader.ts';

const options = (connectTimeoutMs = PATIENCE_MS) => ({
  connectTimeoutMs,
  buffers: new ReadBuffers(),
  onFault: () => undefined,
});

async function server(
  accept: (socket: Socket) => void,
  host = '127.0.0.1',
): Promise<Address & { kind: 'tcp' }> {
  const listening = createServer(accept).listen(0, host);
  await once(listening, 'listening');
  onTestFinished(() => void listening.close());
  const bound = listening.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return { kind: 'tcp', host, port: bound.port };
}

describe('dial', () => {
  it('finds the address of a name that has several', async () => {
    const address = await server((socket) => socket.end('hello'));
    const stream = await dial({ ...address, host: 'localhost' }, options());
    const reader = new RecordingReader();
    stream.read(reader);
    await reader.untilText('hello');
    stream.destroy();
  });

  it('refuses with a retryable error where nobody listens', async () => {
    const address = await server(() => undefined);
    const gone = { ...address, port: 1 };
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
});
