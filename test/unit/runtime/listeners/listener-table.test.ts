import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import type { Connection, ConnectionHandler, ProtocolInstance } from '../../../../src/plugin-api/index.ts';
import type { Generation } from '../../../../src/runtime/generation/generation.ts';
import { ListenerTable } from '../../../../src/runtime/listeners/listener-table.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';
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

it('passes connections on by their names from the moment a listener is bound', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'balance-listeners-'));
  const path = join(directory, 'web.sock');
  const table = new ListenerTable(new ReadBuffers(), new RecordingLogger());
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
