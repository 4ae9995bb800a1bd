import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createUnixServer, Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import type { Address } from '../../../../src/config/values/address.ts';
import { parseAddress } from '../../../../src/config/values/address.ts';
import { Listener } from '../../../../src/net/listen/listener.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import type {
  Connection,
  ConnectionHandler,
  Logger,
  ProtocolInstance,
} from '../../../../src/plugin-api/index.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { connectUnix, killedSocketFile } from '../../../support/sockets/unix-sockets.ts';

const LOCAL: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 };

class SilentLogger implements Logger {
  readonly debugEnabled = false;
  readonly lines: string[] = [];
  debug(): void {}
  info(): void {}
  warn(message: string): void {
    this.lines.push(message);
  }
  error(message: string): void {
    this.lines.push(message);
  }
  child(): Logger {
    return this;
  }
}

/** A protocol that sends back what it gets and ends connections when it is told to drain. */
class Echo implements ProtocolInstance {
  readonly protocol: string;
  readonly connections: Connection[] = [];
  readonly drained: number[] = [];
  active = 0;

  constructor(protocol = 'echo') {
    this.protocol = protocol;
  }

  handle(connection: Connection): ConnectionHandler {
    this.connections.push(connection);
    const { transport: stream } = connection;
    stream.read({
      data: (bytes, start, end) => void stream.writeBorrowed(bytes, start, end),
      end: () => {
        stream.end();
      },
      drained: () => undefined,
      closed: () => undefined,
    });
    return {
      drain: () => {
        this.drained.push(connection.id);
        stream.end();
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function listen(
  options: { address?: Address; instance?: ProtocolInstance; maxConnections?: number } = {},
) {
  const logger = new SilentLogger();
  let lastId = 0;
  const listener = new Listener({
    name: 'test',
    address: options.address ?? LOCAL,
    maxConnections: options.maxConnections ?? 0,
    instance: options.instance ?? new Echo(),
    buffers: new ReadBuffers(),
    logger,
    nextConnectionId: () => (lastId += 1),
  });
  onTestFinished(() => {
    listener.destroy();
  });
  await listener.listen();
  return { listener, logger };
}

async function client(listener: Listener): Promise<ByteSocket> {
  const socket = await ByteSocket.connect(listener.bound);
  onTestFinished(() => {
    socket.close();
  });
  return socket;
}

function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'balance-listener-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return join(directory, 'socket');
}

describe('a listener', () => {
  it('hands each connection with its ends to the protocol', async () => {
    const instance = new Echo();
    const { listener } = await listen({ instance });
    const socket = await client(listener);
    socket.send('hello');
    await socket.untilText('hello');
    const [connection] = instance.connections;
    expect(connection).toMatchObject({
      id: 1,
      transport: {
        peer: { address: '127.0.0.1', port: socket.socket.localPort },
        local: { address: '127.0.0.1', port: Number(listener.bound.split(':').at(-1)) },
        tls: undefined,
        proxy: undefined,
      },
      listener: 'test',
      draining: false,
      current: instance,
    });
    expect(listener.connections).toBe(1);
    socket.end();
    await socket.untilClosed();
    await eventually(() => listener.connections === 0, 'the connection is forgotten');
  });

  it('shows IPv4 clients of a dual-stack socket as IPv4', async () => {
    const instance = new Echo();
    const { listener } = await listen({ instance, address: { kind: 'tcp', host: '', port: 0 } });
    const socket = await ByteSocket.connect(`127.0.0.1:${listener.bound.split(':').at(-1)}`);
    socket.send('x');
    await socket.untilText('x');
    expect(instance.connections[0]?.transport.peer.address).toBe('127.0.0.1');
    socket.close();
  });

  it('refuses connections above its limit and takes new ones when there is room again', async () => {
    const { listener } = await listen({ maxConnections: 2 });
    const [first, second] = [await client(listener), await client(listener)];
    await eventually(() => listener.connections === 2, 'both are there');
    const third = await client(listener);
    await third.untilEnded();
    expect(third.received.length).toBe(0);
    expect(listener.refused).toBe(1);
    first.end();
    await first.untilClosed();
    await eventually(() => listener.connections === 1, 'there is room');
    const fourth = await client(listener);
    fourth.send('served');
    await fourth.untilText('served');
    second.send('still here');
    await second.untilText('still here');
  });

  it('survives a protocol that throws when it is handed a connection', async () => {
    const broken = new Echo();
    broken.handle = () => {
      throw new Error('no hands');
    };
    const { listener, logger } = await listen({ instance: broken });
    const socket = await client(listener);
    await socket.untilEnded();
    expect(logger.lines).toEqual(['protocol refused a connection']);
    await eventually(() => listener.connections === 0, 'the connection is forgotten');
    void listener.replaceWith(new Echo());
    const next = await client(listener);
    next.send('works');
    await next.untilText('works');
  });

  it('survives a protocol that throws when it is told to drain', async () => {
    const broken = new Echo();
    const handle = broken.handle.bind(broken);
    broken.handle = (connection) => {
      handle(connection);
      return {
        drain: () => {
          throw new Error('no drain');
        },
      };
    };
    const { listener, logger } = await listen({ instance: broken });
    const socket = await client(listener);
    await eventually(() => listener.connections === 1, 'it is there');
    void listener.replaceWith(new Echo('another'));
    expect(logger.lines).toHaveLength(1);
    const closed = listener.close();
    socket.end();
    await closed;
  });

  it('keeps connections of the same protocol when another instance takes over', async () => {
    const [before, after] = [new Echo(), new Echo()];
    const { listener } = await listen({ instance: before });
    const socket = await client(listener);
    socket.send('1');
    await socket.untilText('1');
    void listener.replaceWith(after);
    socket.send('2');
    await socket.untilText('12');
    expect(before.connections[0]?.current).toBe(after);
    expect(before.drained).toEqual([]);
    const next = await client(listener);
    next.send('3');
    await next.untilText('3');
    expect([before.connections.length, after.connections.length]).toEqual([1, 1]);
  });

  it('drains connections when another protocol takes over', async () => {
    const [before, after] = [new Echo(), new Echo('other')];
    const { listener } = await listen({ instance: before });
    const socket = await client(listener);
    await eventually(() => listener.connections === 1, 'it is there');
    void listener.replaceWith(after);
    expect(await socket.untilEnded()).toBe('end');
    expect(before.drained).toEqual([1]);
  });

  it('closes when its last connection is over, and takes no new one meanwhile', async () => {
    const instance = new Echo();
    instance.handle = ((handle) => (connection: Connection) => {
      handle(connection);
      return { drain: () => undefined };
    })(instance.handle.bind(instance));
    const { listener } = await listen({ instance });
    const socket = await client(listener);
    socket.send('x');
    await socket.untilText('x');
    const bound = listener.bound;
    let closed = false;
    const closing = listener.close().then(() => (closed = true));
    expect(listener.draining).toBe(true);
    expect(instance.connections[0]?.draining).toBe(true);
    await expect(ByteSocket.connect(bound)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    socket.send('y');
    await socket.untilText('xy');
    expect(closed).toBe(false);
    socket.end();
    await closing;
    await listener.close();
  });

  it('takes a client that left before it was accepted for no error of its own', async () => {
    const listening = vi.spyOn(Server.prototype, 'listen');
    onTestFinished(() => {
      listening.mockRestore();
    });
    const { listener, logger } = await listen();
    const server = listening.mock.contexts[0] as Server;
    server.emit('error', Object.assign(new Error('accept ECONNABORTED'), { code: 'ECONNABORTED' }));
    expect(logger.lines).toEqual([]);
    expect(listener.shed).toBe(0);
    server.emit('error', Object.assign(new Error('accept EINVAL'), { code: 'EINVAL' }));
    expect(logger.lines).toEqual(['accept failed']);
  });

  it('says which address is taken', async () => {
    const { listener } = await listen();
    const address = parseAddress(listener.bound);
    await expect(listen({ address })).rejects.toMatchObject({
      code: 'address_in_use',
      origin: 'config',
      message: expect.stringContaining(listener.bound) as string,
    });
  });
});

describe('a listener on a unix socket', () => {
  it('serves, and takes its file away at the end', async () => {
    const path = socketPath();
    const instance = new Echo();
    const { listener } = await listen({ address: { kind: 'unix', path }, instance });
    expect(listener.bound).toBe(`unix:${path}`);
    const socket = await connectUnix(path);
    socket.send('hello');
    await socket.untilText('hello');
    const unixEnd = { address: 'unix', port: 0 };
    expect(instance.connections[0]).toMatchObject({ transport: { peer: unixEnd, local: unixEnd } });
    socket.end();
    await socket.untilClosed();
    await listener.close();
    await eventually(() => !existsSync(path), 'the file is gone');
  });

  it('takes over the file that a killed process left behind', async () => {
    const path = socketPath();
    await killedSocketFile(path);
    expect(existsSync(path)).toBe(true);
    await listen({ address: { kind: 'unix', path } });
    const socket = await connectUnix(path);
    socket.send('hello');
    await socket.untilText('hello');
    socket.close();
  });

  it('leaves the file of a process that lives alone', async () => {
    const path = socketPath();
    const other = createUnixServer().listen(path);
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    await expect(listen({ address: { kind: 'unix', path } })).rejects.toMatchObject({
      code: 'address_in_use',
    });
    expect(existsSync(path)).toBe(true);
  });

  it('never deletes a file that is no socket', async () => {
    const path = socketPath();
    writeFileSync(path, 'precious');
    await expect(listen({ address: { kind: 'unix', path } })).rejects.toMatchObject({
      code: 'address_in_use',
    });
    expect(existsSync(path)).toBe(true);
  });

  it('says when its folder is missing', async () => {
    await expect(listen({ address: { kind: 'unix', path: '/nowhere/at/all/socket' } })).rejects.toMatchObject(
      {
        origin: 'config',
        message: expect.stringContaining('/nowhere/at/all/socket') as string,
      },
    );
  });
});
