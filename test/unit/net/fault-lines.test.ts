import { expect, it, onTestFinished } from 'vitest';

import { Listener } from '../../../src/net/listen/listener.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import type { LogFields, StreamReader } from '../../../src/plugin-api/index.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
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
        connection.transport.read(reader);
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

const BEGIN = 'error protocol failed on a connection {"plugin":"broken","listener":"web",';

it('a line about a fault says whose it is, where, and which request it hit', async () => {
  const lines = await faultLines(() => ({ request_id: 'r-1' }));
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(line.startsWith(`${BEGIN}"request_id":"r-1","error":"a mistake","at":"/`)).toBe(true);
    expect(line).toMatch(
      /"at":"[^"]*fault-lines\.test\.ts:\d+:\d+","stack":"at [^"]*fault-lines\.test\.ts:\d+:\d+\)?\\nat /,
    );
  }
});

it('a line about a fault is written even if nobody knows what it hit', async () => {
  const begin = `${BEGIN}"error":"a mistake","at":`;
  for (const line of await faultLines(undefined)) expect(line.startsWith(begin)).toBe(true);
  const broken = (): never => {
    throw new Error('and another one');
  };
  for (const line of await faultLines(broken)) expect(line.startsWith(begin)).toBe(true);
});
