import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';

import {
  AcceptBursts,
  type AcceptBurstsOptions,
} from '../../../../../src/net/listen/sockets/accept-bursts.ts';
import { DescriptorCopier } from '../../../../../src/net/node/descriptors/descriptor-copier.ts';
import { Listener } from '../../../../../src/net/listen/listener.ts';
import { OwnSockets } from '../../../../../src/net/listen/sockets/own-sockets.ts';
import { listeningHandleOf, type ListeningHandle } from '../../../../../src/net/node/node-internals.ts';
import { ReadBuffers } from '../../../../../src/net/transport/memory/read-buffers.ts';
import type { Connection, ConnectionHandler } from '../../../../../src/plugin-api/index.ts';
import { eventually } from '../../../../support/time/eventually.ts';
import { RecordingLogger } from '../../../../support/recording-logger.ts';

/** A server whose turns last as long as the test says. */
async function lab(
  options: Partial<Pick<AcceptBurstsOptions, 'resources'>> & { copier?: DescriptorCopier } = {},
) {
  const copier = options.copier ?? new DescriptorCopier();
  await copier.open();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const listening = listeningHandleOf(server) as ListeningHandle;
  const clock = { nowMs: 1_000, stepMs: 0 };
  const nowMs = (): number => (clock.nowMs += clock.stepMs);
  const bursts = new AcceptBursts({
    listening,
    backlog: 256,
    copies: copier,
    resources: options.resources,
    nowMs,
  });
  /** Connections that were accepted in each turn of the loop. */
  const perTurn: number[] = [];
  let thisTurn = 0;
  listening.onconnection = (_error, handle) => {
    (handle as ListeningHandle).close();
    if (thisTurn === 0)
      setImmediate(() => {
        perTurn.push(thisTurn);
        thisTurn = 0;
      });
    thisTurn += 1;
    bursts.noteAccept();
  };
  onTestFinished(() => {
    void bursts.close();
    server.close();
    copier.close();
  });
  return { copier, server, listening, bursts, clock, perTurn };
}

async function visit(server: Server, count: number): Promise<void> {
  const { port } = server.address() as { port: number };
  const visits = Array.from({ length: count }, async () => {
    const client: Socket = connect(port, '127.0.0.1');
    client.on('error', () => undefined);
    client.resume();
    await once(client, 'close');
  });
  await Promise.all(visits);
}

/** What is decided is decided by newcomers: they come until it is. */
async function visitUntil(server: Server, isDone: () => boolean): Promise<void> {
  while (!isDone()) await visit(server, 1);
}

describe.runIf(process.platform === 'linux')('a socket that listens', () => {
  it('is accepted from once a turn while the loop is calm', async () => {
    const { server, bursts, perTurn, clock } = await lab();
    clock.stepMs = 0.1;
    await visit(server, 1);
    await visit(server, 1);
    expect(bursts.descriptors).toBe(1);
    expect(Math.max(...perTurn)).toBe(1);
  });

  it('is accepted from many times a turn when turns are long, and once when they are short again', async () => {
    const { server, bursts, perTurn, clock } = await lab();
    clock.stepMs = 6;
    await visitUntil(server, () => bursts.descriptors === 64);
    perTurn.length = 0;
    await visit(server, 60);
    await eventually(() => perTurn.reduce((sum, count) => sum + count, 0) === 60, 'all are accepted');
    expect(Math.max(...perTurn)).toBeGreaterThan(1);
    clock.stepMs = 0.01;
    clock.nowMs += 60_000;
    await visitUntil(server, () => bursts.descriptors === 1);
    await visit(server, 3);
  });

  it('gives its further descriptors back once turns are short again, also when nobody comes', async () => {
    const { server, bursts, clock } = await lab();
    clock.stepMs = 6;
    await visitUntil(server, () => bursts.descriptors === 64);
    clock.stepMs = 0.01;
    clock.nowMs += 60_000;
    await eventually(() => bursts.descriptors === 1, 'the further descriptors are closed');
  });

  it('takes a small part of the descriptors that there are', async () => {
    const resources = { openFilesLimit: 256, hasRoomForClient: () => true };
    const { server, bursts, clock } = await lab({ resources });
    clock.stepMs = 6;
    await visitUntil(server, () => bursts.descriptors > 1);
    await visit(server, 40);
    expect(bursts.descriptors).toBe(9);
  });

  it('takes none of the descriptors that are kept for other work', async () => {
    let refused = 0;
    const hasRoomForClient = (descriptor: number): boolean => {
      expect(descriptor).toBeGreaterThan(2);
      refused += 1;
      return false;
    };
    const { server, bursts, clock } = await lab({ resources: { openFilesLimit: 1_024, hasRoomForClient } });
    clock.stepMs = 6;
    await visitUntil(server, () => refused > 0);
    await visit(server, 40);
    expect(bursts.descriptors).toBe(1);
  });

  it('gives its further descriptors back when the system has none for clients, and rests', async () => {
    const { server, bursts, clock } = await lab();
    clock.stepMs = 6;
    await visitUntil(server, () => bursts.descriptors === 64);
    bursts.yieldDescriptors();
    expect(bursts.descriptors).toBe(1);
    await visit(server, 5);
    expect(bursts.descriptors).toBe(1);
    clock.nowMs += 60_000;
    await visitUntil(server, () => bursts.descriptors === 64);
  });

  it('closes copies that come after its end', async () => {
    const { copier, server, bursts, clock } = await lab();
    clock.stepMs = 6;
    let asked = 0;
    let closing: Promise<void> | undefined;
    const copy = copier.copy.bind(copier);
    copier.copy = (handle, take) => {
      asked += 1;
      copy(handle, take);
      closing ??= bursts.close();
    };
    await visitUntil(server, () => asked > 0);
    await closing;
    // Only the descriptor that listened first is left.
    expect(bursts.descriptors).toBe(1);
  });

  it('is accepted from once a turn where descriptors can not be copied', async () => {
    const { server, bursts, clock } = await lab({ copier: new DescriptorCopier(null) });
    clock.stepMs = 6;
    await visit(server, 5);
    expect(bursts.descriptors).toBe(1);
  });
});

describe.runIf(process.platform === 'linux')('a busy listener', () => {
  async function busyListener() {
    const copier = new DescriptorCopier();
    await copier.open();
    let connections = 0;
    const listener = new Listener({
      name: 'busy',
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      maxConnections: 0,
      instance: {
        protocol: 'busy',
        active: 0,
        handle: ({ transport }: Connection): ConnectionHandler => {
          const untilMs = performance.now() + 5;
          while (performance.now() < untilMs);
          transport.destroy();
          return { drain: () => undefined };
        },
        close: () => Promise.resolve(),
      },
      buffers: new ReadBuffers(),
      sockets: new OwnSockets(copier),
      logger: new RecordingLogger(),
      nextConnectionId: () => (connections += 1),
    });
    await listener.listen();
    onTestFinished(() => {
      listener.destroy();
      copier.close();
    });
    const port = Number(listener.bound.split(':').at(-1));
    const storm = (): void => {
      for (let count = 0; count < 50; count += 1)
        connect(port, '127.0.0.1')
          .on('error', () => undefined)
          .resume();
    };
    await eventually(() => {
      if (listener.descriptors === 1) storm();
      return listener.descriptors > 1;
    }, 'it has further descriptors');
    return { listener, port };
  }

  it('frees its address when it stops, with all its descriptors and those that are on their way', async () => {
    const { listener, port } = await busyListener();
    await listener.suspend();
    expect(listener.descriptors).toBe(1);
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    other.close();
    await once(other, 'close');
    await listener.resume();
    await listener.close();
    const another = createServer().listen(port, '127.0.0.1');
    await once(another, 'listening');
    another.close();
  });
});
