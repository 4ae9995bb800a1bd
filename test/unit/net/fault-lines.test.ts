import { expect, it, onTestFinished } from 'vitest';

import { Listener } from '../../../src/net/listener.ts';
import { ReadBuffers } from '../../../src/net/read-buffers.ts';
import type { LogFields, StreamReader } from '../../../src/plugin-api/index.ts';
import { client } from '../../support/clients.ts';
import { eventually } from '../../support/eventually.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

/** What is logged when a reader with these fields fails at the first byte, and at the end. */
async function faultLines(logFields: (() => LogFields) | undefined): Promise<string[]> {
  const logger = new RecordingLogger();
  const fail = (): never => {
    throw new Error('a mistake');
  };
  const reader: StreamReader = {
    ...(logFields === undefined ? {} : { logFields }),
    data: fail,
    end: () => undefined,
    drained: () => undefined,
    closed: fail,
  };
  const listener = new Listener({
    name: 'web',
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    maxConnections: 0,
    instance: {
      protocol: 'broken',
      active: 0,
      handle: (connection) => {
        connection.stream.read(reader);
        return { drain: () => undefined };
      },
      close: () => Promise.resolve(),
    },
    buffers: new ReadBuffers(),
    logger,
    nextConnectionId: () => 1,
  });
  onTestFinished(() => listener.destroy());
  await listener.listen();
  const socket = await client(listener.bound);
  socket.send('x');
  await socket.untilEnded();
  return eventually(() => (logger.lines.length >= 2 ? logger.lines : undefined), 'both faults');
}

it('a line about a fault says which request it hit', async () => {
  const line =
    'error protocol failed on a connection {"listener":"web","request_id":"r-1","error":"a mistake"}';
  expect(await faultLines(() => ({ request_id: 'r-1' }))).toEqual([line, line]);
});

it('a line about a fault is written even if nobody knows what it hit', async () => {
  const line = 'error protocol failed on a connection {"listener":"web","error":"a mistake"}';
  expect(await faultLines(undefined)).toEqual([line, line]);
  const broken = (): never => {
    throw new Error('and another one');
  };
  expect(await faultLines(broken)).toEqual([line, line]);
});
