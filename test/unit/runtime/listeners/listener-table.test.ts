import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { OwnSockets } from '../../../../src/net/listen/sockets/own-sockets.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import type { Connection, ConnectionHandler, ProtocolInstance } from '../../../../src/plugin-api/index.ts';
import type { Generation } from '../../../../src/runtime/generation/generation.ts';
import { ListenerTable } from '../../../../src/runtime/listeners/listener-table.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';
import { client } from '../../../support/peers/clients.ts';
import { LineLayer } from '../../../support/sockets/test-layers.ts';
import { connectUnix } from '../../../support/sockets/unix-sockets.ts';

/** Ends each connection with its name. */
class Named implements ProtocolInstance {
  readonly protocol: string;
  readonly active = 0;

  constructor(protocol: string) {
    this.protocol = protocol;
  }

  handle({ transport }: Connection): ConnectionHandler {
    transport.read({
      data: () => undefined,
      end: () => undefined,
      drained: () => undefined,
      closed: () => undefined,
    });
    transport.writeText(this.protocol);
    transport.close();
    return { drain: () => undefined };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A table with listeners that ask for nothing but numbers. */
function tableWith(nextConnectionId: () => number): ListenerTable {
  return new ListenerTable({
    buffers: new ReadBuffers(),
    logger: new RecordingLogger(),
    sockets: new OwnSockets(),
    nextConnectionId,
  });
}

it('passes connections on by their names from the moment a listener is bound', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'balance-listeners-'));
  const path = join(directory, 'web.sock');
  const table = tableWith(() => 1);
  const planned = {
    config: { name: 'web', address: `unix:${path}`, max_connections: 0, tcp_keepalive: 0 },
    served: { instance: new Named('http') },
    passing: { instance: new Named('tcp') },
    layers: { list: [new LineLayer()] },
  };
  const generation = { listeners: [planned] } as unknown as Generation;
  const prepared = await table.prepare(generation, []);
  onTestFinished(() => {
    prepared.abort();
    table.destroy();
    rmSync(directory, { recursive: true });
  });
  const socket = await connectUnix(path);
  socket.send('to api\n');
  await socket.untilEnded();
  expect(socket.received.toString()).toBe('tcp');
});

it('gives connections the next number, whatever listener or table takes them', async () => {
  let last = 40;
  const nextConnectionId = (): number => (last += 1);
  const numbers: number[] = [];
  const numbered: ProtocolInstance = {
    protocol: 'numbered',
    active: 0,
    handle: (connection) => {
      numbers.push(connection.id);
      return new Named('numbered').handle(connection);
    },
    close: () => Promise.resolve(),
  };
  const planned = (name: string) => ({
    config: { name, address: '127.0.0.1:0', max_connections: 0, tcp_keepalive: 0 },
    served: { instance: numbered },
    layers: { list: [] },
  });
  const bound: string[] = [];
  for (const names of [['a', 'b'], ['c']]) {
    const table = tableWith(nextConnectionId);
    const prepared = await table.prepare({ listeners: names.map(planned) } as unknown as Generation, []);
    prepared.commit();
    onTestFinished(() => {
      table.destroy();
    });
    bound.push(...table.addresses().values());
  }
  for (const address of bound) await (await client(address)).untilEnded();
  expect(numbers).toEqual([41, 42, 43]);
});
