import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';

import type { TransportLayer } from '../../../src/net/layers/layer.ts';
import { Listener } from '../../../src/net/listen/listener.ts';
import type { ProcessResources } from '../../../src/net/resources/process-resources.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import type { Connection, ConnectionHandler, ProtocolInstance } from '../../../src/plugin-api/index.ts';
import { CertificateAuthority } from '../../support/certificates.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { LineLayer, PeekLayer, TlsLayer, WaitingLayer } from '../../support/sockets/test-layers.ts';
import { eventually } from '../../support/time/eventually.ts';

/** Sends back what it gets. */
class Echo implements ProtocolInstance {
  readonly protocol: string;
  readonly connections: Connection[] = [];
  readonly wasDraining: boolean[] = [];
  active = 0;

  constructor(protocol = 'echo') {
    this.protocol = protocol;
  }

  handle(connection: Connection): ConnectionHandler {
    this.connections.push(connection);
    this.wasDraining.push(connection.draining);
    const { transport } = connection;
    transport.read({
      data: (bytes, start, end) => void transport.writeBorrowed(bytes, start, end),
      end: () => {
        transport.end();
      },
      drained: () => undefined,
      closed: () => undefined,
    });
    return {
      drain: () => {
        transport.end();
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface LabOptions {
  readonly layers: readonly TransportLayer[];
  readonly instance?: ProtocolInstance;
  readonly maxConnections?: number;
  readonly resources?: ProcessResources;
}

async function lab({ layers, instance, maxConnections = 0, resources }: LabOptions) {
  const logger = new RecordingLogger();
  const echo = new Echo();
  let lastId = 0;
  const listener = new Listener({
    name: 'layered',
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    maxConnections,
    instance: instance ?? echo,
    entrance: { layers },
    resources,
    buffers: new ReadBuffers(),
    logger,
    nextConnectionId: () => (lastId += 1),
  });
  onTestFinished(() => {
    listener.destroy();
  });
  await listener.listen();
  return { listener, echo, logger };
}

async function client(listener: Listener): Promise<ByteSocket> {
  const socket = await ByteSocket.connect(listener.bound);
  onTestFinished(() => {
    socket.close();
  });
  return socket;
}

describe('a layer that looks at the first bytes', () => {
  it('leaves them to the protocol, however they arrive', async () => {
    const layer = new LineLayer();
    const { listener } = await lab({ layers: [layer] });
    const text = 'hello\nworld';
    for (let cut = 0; cut <= text.length; cut += 1) {
      const socket = await client(listener);
      socket.send(text.slice(0, cut));
      await pause(2);
      socket.send(text.slice(cut));
      await socket.untilText(text);
      socket.send(', and more');
      await socket.untilText(`${text}, and more`);
      socket.close();
    }
    expect(new Set(layer.seen)).toEqual(new Set(['hello']));
    expect(layer.stopped).toBe(0);
  });

  it('may take them for itself and tell who the client is', async () => {
    const { listener, echo } = await lab({ layers: [new LineLayer({ consumes: true })] });
    const socket = await client(listener);
    socket.send('from 192.0.2.7\nhello');
    await socket.untilText('hello');
    expect(socket.received.toString()).toBe('hello');
    expect(echo.connections[0]?.transport.peer).toEqual({ address: '192.0.2.7', port: 7 });
  });

  it('may choose an upstream: then another instance gets the connection, if there is one', async () => {
    const layers = [new LineLayer()];
    const { listener, echo } = await lab({ layers });
    const toUpstream = async (): Promise<void> => {
      const socket = await client(listener);
      socket.send('to api\nhello');
      await socket.untilText('to api\nhello');
    };
    await toUpstream();
    expect(echo.connections[0]?.transport.route).toEqual({ upstream: 'api', sni: undefined });
    const passing = new Echo('passing');
    void listener.entrances.replaceWith({ layers, passing });
    await toUpstream();
    const other = await client(listener);
    other.send('plain\n');
    await other.untilText('plain\n');
    expect([echo.connections.length, passing.connections.length]).toEqual([2, 1]);
    expect([...listener.running()].map(({ instance }) => instance.protocol)).toEqual([
      'echo',
      'passing',
      'echo',
    ]);
    expect(listener.resetWorkOf(passing)).toBe(1);
    void listener.entrances.replaceWith({ layers });
    await toUpstream();
    expect(echo.connections.length).toBe(3);
  });

  it('comes before the next layer, each with what the one before left', async () => {
    const [first, second] = [new LineLayer({ consumes: true }), new LineLayer({ consumes: true })];
    const { listener } = await lab({ layers: [first, second] });
    const socket = await client(listener);
    socket.send('one\ntwo\nrest');
    await socket.untilText('rest');
    expect(socket.received.toString()).toBe('rest');
    expect([first.seen, second.seen]).toEqual([['one'], ['two']]);
  });

  it('gives the protocol the end of a client that ended at once', async () => {
    const { listener } = await lab({ layers: [new LineLayer()] });
    const socket = await client(listener);
    socket.send('all\n');
    socket.end();
    await socket.untilText('all\n');
    await socket.untilClosed();
    await eventually(() => listener.connections === 0, 'the connection is forgotten');
  });

  it('ends a connection that it refuses, and the next one is served', async () => {
    const layer = new LineLayer();
    const { listener, echo } = await lab({ layers: [layer] });
    const bad = await client(listener);
    bad.send('bad\n');
    await bad.untilEnded();
    await eventually(() => listener.connections === 0, 'the connection is forgotten');
    expect(echo.connections).toEqual([]);
    const good = await client(listener);
    good.send('good\n');
    await good.untilText('good\n');
    expect(listener.accepted).toBe(2);
  });

  it('has its time and no more', async () => {
    const layer = new LineLayer({ timeoutMs: 50 });
    const { listener, echo } = await lab({ layers: [layer] });
    const socket = await client(listener);
    socket.send('half a line');
    await socket.untilEnded();
    await eventually(() => listener.connections === 0, 'the connection is forgotten');
    expect([layer.stopped, echo.connections.length]).toEqual([1, 0]);
  });

  it('may be replaced for the next connection', async () => {
    const { listener } = await lab({ layers: [new LineLayer({ consumes: true })] });
    const before = await client(listener);
    await eventually(() => listener.connections === 1, 'it is there');
    void listener.entrances.replaceWith({ layers: [] });
    const after = await client(listener);
    after.send('line\nrest');
    await after.untilText('line\nrest');
    before.send('line\nrest');
    await before.untilText('rest');
    expect(before.received.toString()).toBe('rest');
  });
});

describe('a connection whose layer waits', () => {
  it('counts as a connection on which nothing runs', async () => {
    const layer = new WaitingLayer();
    const { listener, echo } = await lab({ layers: [layer], maxConnections: 1 });
    const socket = await client(listener);
    await eventually(() => layer.waiting.length === 1, 'it waits');
    expect([listener.connections, listener.accepted]).toEqual([1, 1]);
    expect([...listener.running()]).toEqual([]);
    const tooMany = await client(listener);
    await tooMany.untilEnded();
    expect(listener.refused).toBe(1);
    expect(listener.resetWorkOf(echo)).toBe(0);
    socket.send('later');
    layer.waiting[0]?.();
    await socket.untilText('later');
    expect([...listener.running()].map(({ kind }) => kind)).toEqual(['tunnel']);
    expect(listener.traffic.bytesReceived).toBe('later'.length);
  });

  it('is forgotten when the client leaves, and a late answer changes nothing', async () => {
    const layer = new LineLayer();
    const { listener, echo } = await lab({ layers: [layer, new WaitingLayer()] });
    const socket = await client(listener);
    socket.send('no line');
    await eventually(() => listener.connections === 1, 'it is there');
    socket.socket.resetAndDestroy();
    await eventually(() => listener.connections === 0, 'the connection is forgotten');
    expect([layer.stopped, echo.connections.length]).toEqual([1, 0]);
  });

  it('is ended with its listener', async () => {
    const layer = new WaitingLayer();
    const { listener, echo } = await lab({ layers: [layer] });
    const socket = await client(listener);
    await eventually(() => layer.waiting.length === 1, 'it waits');
    listener.destroy();
    await socket.untilEnded();
    await eventually(() => listener.connections === 0, 'the connection is forgotten');
    layer.waiting[0]?.();
    expect([layer.stopped, echo.connections.length]).toEqual([1, 0]);
  });

  it('goes on while its listener drains, which waits for it', async () => {
    const layer = new WaitingLayer();
    const { listener, echo } = await lab({ layers: [layer] });
    const socket = await client(listener);
    await eventually(() => layer.waiting.length === 1, 'it waits');
    let isClosed = false;
    const closed = listener.close().then(() => (isClosed = true));
    await pause(20);
    expect(isClosed).toBe(false);
    layer.waiting[0]?.();
    expect(echo.wasDraining).toEqual([true]);
    socket.end();
    await closed;
  });

  it('belongs to the instance that is live when the layer is done', async () => {
    const layer = new WaitingLayer();
    const { listener, echo } = await lab({ layers: [layer] });
    const socket = await client(listener);
    await eventually(() => layer.waiting.length === 1, 'it waits');
    const next = new Echo();
    const gone = listener.replaceWith(next, { apiVersion: 2, name: 'next', provision: () => next } as never);
    await gone;
    layer.waiting[0]?.();
    socket.send('to the new one');
    await socket.untilText('to the new one');
    expect([echo.connections.length, next.connections.length]).toEqual([0, 1]);
    expect(next.connections[0]?.current).toBe(next);
  });

  it('comes to no layer when there is no room for clients', async () => {
    const layer = new WaitingLayer();
    const resources = {
      hasRoomForClient: () => false,
      noteShortage: () => undefined,
    } as unknown as ProcessResources;
    const { listener } = await lab({ layers: [layer], resources });
    const socket = await client(listener);
    await socket.untilEnded();
    expect([layer.waiting.length, listener.shed, listener.connections]).toEqual([0, 1, 0]);
  });
});

describe('a layer that puts another socket below the transport', () => {
  async function secured(listener: Listener, ca: CertificateAuthority) {
    const port = Number(listener.bound.split(':').at(-1));
    const socket = connectTls({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost' });
    onTestFinished(() => {
      socket.destroy();
    });
    await once(socket, 'secureConnect');
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
    return { socket, text: () => text };
  }

  it('is TLS over the accepted handle, with what a layer before it has read', async () => {
    const ca = new CertificateAuthority();
    const { listener, echo } = await lab({ layers: [new PeekLayer(), new TlsLayer(ca.issue())] });
    const { socket, text } = await secured(listener, ca);
    socket.write('hello');
    await eventually(() => text() === 'hello', 'it comes back');
    const large = 'x'.repeat(1024 * 1024);
    socket.write(large);
    await eventually(() => text().length === large.length + 5, 'all comes back');
    const transport = echo.connections[0]?.transport;
    expect(transport?.tls).toMatchObject({ version: 'TLSv1.3', resumed: false });
    expect(transport?.peer).toMatchObject({ address: '127.0.0.1', port: socket.localPort });
    expect(listener.connections).toBe(1);
    socket.end();
    await eventually(() => listener.connections === 0, 'the connection is forgotten');
  });

  it('refuses what is no TLS', async () => {
    const ca = new CertificateAuthority();
    const { listener, echo } = await lab({ layers: [new TlsLayer(ca.issue())] });
    const socket = await client(listener);
    socket.send('GET / HTTP/1.1\r\n\r\n');
    await socket.untilEnded();
    await eventually(() => listener.connections === 0, 'the connection is forgotten');
    expect(echo.connections).toEqual([]);
  });
});
