import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { backend, echoing, naming } from '../../support/peers/backends.ts';
import { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { client, fate, firstLine } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { receiveBulk, sendBulk } from '../../support/sockets/flow.ts';
import { fullBacklog } from '../../support/sockets/full-backlog.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { RecordingBackend } from '../../support/peers/recording-backend.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { connectUnix, killedSocketFile } from '../../support/sockets/unix-sockets.ts';

const MIB = 1024 * 1024;

function tcp(addresses: readonly string[], more = ''): string {
  const backends = addresses.map((address, index) => `{ name: b${index}, address: '${address}' }`).join(', ');
  return `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [${backends}]\nlogging: { level: debug }\n${more}`;
}

const METRICS = `admin: { listen: '127.0.0.1:0' }\nmetrics: { enabled: true, listen: '127.0.0.1:0' }\n`;

describe('tcp: bytes', () => {
  it('go both ways, many at once, unchanged', async () => {
    const servers = [await backend(), await backend()];
    const proxy = await labProxy(tcp(servers.map(({ address }) => address)));
    const transfers = Array.from({ length: 6 }, async (_, index) => {
      const near = await client(proxy.address());
      near.send(`${index}\n`);
      const far = await eventually(
        () =>
          servers
            .flatMap(({ connections }) => connections)
            .find((connection) => connection.text === `${index}\n`),
        'the connection arrived',
      );
      const up = 5 * MIB + index;
      const down = 4 * MIB - index;
      const received = [receiveBulk(far.socket, up), receiveBulk(near.socket, down)];
      const sent = [
        sendBulk(near.socket, up, new SeededRandom(index)),
        sendBulk(far.socket, down, new SeededRandom(100 + index)),
      ];
      expect(await Promise.all(received)).toEqual(await Promise.all(sent));
      near.end();
      expect(await far.untilEnded()).toBe('end');
      far.end();
      expect(await near.untilClosed()).toBe('end');
    });
    await Promise.all(transfers);
    expect(servers.map(({ connections }) => connections.length)).toEqual([3, 3]);
  });

  it('arrive right at slow readers', async () => {
    const server = await backend();
    const proxy = await labProxy(tcp([server.address]));
    const transfers = Array.from({ length: 4 }, async (_, index) => {
      const near = await client(proxy.address());
      near.send(`${index}\n`);
      const far = await eventually(
        () => server.connections.find(({ text }) => text === `${index}\n`),
        'it arrived',
      );
      near.socket.pause();
      const sum = sendBulk(far.socket, 14 * MIB, new SeededRandom(40 + index));
      await pause(30 * index);
      const received = receiveBulk(near.socket, 14 * MIB);
      const random = new SeededRandom(60 + index);
      near.socket.on('data', () => {
        if (random.next() > 0.1) return;
        near.socket.pause();
        setTimeout(() => near.socket.resume(), random.between(1, 20));
      });
      near.socket.resume();
      expect(await received).toBe(await sum);
    });
    await Promise.all(transfers);
  });

  it('are passed on after either side has ended its direction', async () => {
    const server = await backend();
    const proxy = await labProxy(tcp([server.address]));
    const asking = await client(proxy.address());
    asking.send('question');
    asking.end();
    const answering = await server.connection(0);
    expect(await answering.untilEnded()).toBe('end');
    expect(answering.text).toBe('question');
    answering.send('answer');
    answering.end();
    expect(await asking.untilClosed()).toBe('end');
    expect(asking.text).toBe('answer');

    const late = await client(proxy.address());
    const early = await server.connection(1);
    early.send('bye');
    early.end();
    expect(await late.untilEnded()).toBe('end');
    late.send('wait');
    await early.untilText('wait');
    late.end();
    expect(await early.untilClosed()).toBe('end');
  });

  it('reach the backend when client and FIN come before the backend is connected', async () => {
    const server = await backend(echoing());
    const proxy = await labProxy(tcp([await deadAddress(), server.address]));
    for (let round = 0; round < 4; round += 1) {
      const socket = await client(proxy.address());
      socket.send('all at once');
      socket.end();
      await socket.untilClosed();
      expect(socket.text).toBe('all at once');
    }
  });

  it('that never move end the connection after timeouts.idle', async () => {
    const server = await backend();
    const proxy = await labProxy(tcp([server.address], 'timeouts: { idle: 100ms }\n'));
    const socket = await client(proxy.address());
    expect(await socket.untilEnded()).toBe('end');
    await (await server.connection(0)).untilEnded();
  });
});

describe('tcp: a reset', () => {
  it('of the backend reaches the client, and of the client the backend', async () => {
    const server = await backend();
    const proxy = await labProxy(tcp([server.address]));
    const first = await client(proxy.address());
    (await server.connection(0)).reset();
    expect(await first.untilClosed()).toBe('reset');
    const second = await client(proxy.address());
    const far = await server.connection(1);
    second.reset();
    expect(await far.untilClosed()).toBe('reset');
    const third = await client(proxy.address());
    third.send('still serving');
    await (await server.connection(2)).untilText('still serving');
  });
});

describe('tcp: a server that speaks first', () => {
  it('is heard', async () => {
    const server = await backend(naming('220 ready'));
    const proxy = await labProxy(tcp([server.address]));
    expect(await firstLine(proxy.address())).toBe('220 ready');
  });

  it('is heard once through each warm socket, none of which serves twice', async () => {
    const server = await backend((connection, index) => {
      connection.send(`220 ${index}\n`);
    });
    const proxy = await labProxy(tcp([server.address], 'connection_pool: { min_idle: 2 }\n'));
    await server.connection(1);
    await pause(30);
    const seen = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      const socket = await client(proxy.address());
      const greeting = await socket.untilText('\n');
      expect(socket.text).toBe(greeting);
      expect(seen.has(greeting)).toBe(false);
      seen.add(greeting);
      const number = Number(greeting.slice(4));
      const far = await server.connection(number);
      socket.send('hello');
      await far.untilText('hello');
      socket.end();
      await far.untilEnded();
      far.end();
      await socket.untilClosed();
      expect(socket.text).toBe(greeting);
      // The pool has connected another one in its place.
      await eventually(() => server.open === 2, 'two sockets are warm again');
    }
    expect(server.connections).toHaveLength(8);
  });

  it('is heard when it has ended the warm socket meanwhile', async () => {
    const server = await backend((connection) => {
      connection.send('sorry, full\n');
      connection.end();
    });
    const proxy = await labProxy(tcp([server.address], 'connection_pool: { min_idle: 1 }\n'));
    await server.connection(0);
    await pause(30);
    const socket = await client(proxy.address());
    await socket.untilEnded();
    expect(socket.text).toBe('sorry, full\n');
  });

  it('never speaks to a client through a warm socket that it has ended', async () => {
    const server = await backend(echoing());
    const proxy = await labProxy(tcp([server.address], 'connection_pool: { min_idle: 1 }\n'));
    (await server.connection(0)).close();
    await pause(30);
    const socket = await client(proxy.address());
    socket.send('hello');
    await socket.untilText('hello');
  });
});

describe('tcp: a backend that can not be reached', () => {
  it('is passed over for the next one', async () => {
    const server = await backend(naming('alive'));
    const proxy = await labProxy(tcp([await deadAddress(), server.address, await deadAddress()], METRICS));
    for (let round = 0; round < 6; round += 1) expect(await firstLine(proxy.address())).toBe('alive');
  });

  it('leads to a reset when there is no other', async () => {
    const proxy = await labProxy(tcp([await deadAddress(), await deadAddress()]));
    expect(await fate(proxy.address())).toBe('reset');
    await proxy.untilLogged('connection refused');
  });

  it('is given up after timeouts.connect', async () => {
    const { port } = await fullBacklog();
    const server = await backend(naming('alive'));
    const proxy = await labProxy(
      tcp([`127.0.0.1:${port}`, server.address], 'timeouts: { connect: 150ms }\n'),
    );
    expect(await firstLine(proxy.address())).toBe('alive');
    expect(await firstLine(proxy.address())).toBe('alive');
    const alone = await labProxy(tcp([`127.0.0.1:${port}`], 'timeouts: { connect: 150ms }\n'));
    expect(await fate(alone.address())).toBe('reset');
  });

  it('leads to a reset for those who also wait on a unix socket', async () => {
    const proxy = await labProxy(
      tcp([await deadAddress()]).replace("'127.0.0.1:0'", "'unix:${env:DIRECTORY}/s'"),
    );
    const socket = await connectUnix(join(proxy.directory, 's'));
    await socket.untilEnded();
    // The process lives: it takes the next one.
    const next = await connectUnix(join(proxy.directory, 's'));
    await next.untilEnded();
    await proxy.untilLogged('connection refused');
  });
});

describe('tcp: max_connections of backends', () => {
  const limited = (address: string, queue: string): string =>
    `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [{ name: b, address: '${address}', max_connections: 1 }]\nqueue: ${queue}\n${METRICS}`;

  const untilWaiting = (proxy: LabProxy, clients: number): Promise<boolean> =>
    eventually(async () => {
      const metrics = await ScrapedMetrics.from(proxy.app.adminAddresses.at(-1) ?? '');
      return metrics.sum('balance_queue_waiting') === clients;
    }, `${clients} clients wait`);

  it('lets clients wait, and serves the next one when one ends', async () => {
    const server = await backend(echoing('b'));
    const proxy = await labProxy(limited(server.address, '{ max_size: 5, timeout: 20s }'));
    const first = await client(proxy.address());
    await first.untilText('b:');
    const second = await client(proxy.address());
    second.send('sent while it waited');
    await untilWaiting(proxy, 1);
    const third = await client(proxy.address());
    await untilWaiting(proxy, 2);
    expect(server.connections).toHaveLength(1);
    first.close();
    await second.untilText('b:sent while it waited');
    expect(third.received.length).toBe(0);
    second.close();
    await third.untilText('b:');
    expect(server.connections).toHaveLength(3);
  });

  it('refuses who finds the queue full', async () => {
    const server = await backend(echoing('b'));
    const proxy = await labProxy(limited(server.address, '{ max_size: 1, timeout: 20s }'));
    const first = await client(proxy.address());
    await first.untilText('b:');
    const second = await client(proxy.address());
    await untilWaiting(proxy, 1);
    expect(await fate(proxy.address())).toBe('reset');
    expect(second.closed).toBe(false);
    await proxy.untilLogged('the queue is full');
  });

  it('refuses who waited for too long', async () => {
    const server = await backend(echoing('b'));
    const proxy = await labProxy(limited(server.address, '{ max_size: 5, timeout: 100ms }'));
    const first = await client(proxy.address());
    await first.untilText('b:');
    const second = await client(proxy.address());
    expect(await second.untilClosed()).toBe('reset');
    first.send('on');
    await first.untilText('b:on');
  });

  it.each(['at once', 'after it sent something'])(
    'gives up the place of a client that resets %s',
    async (when) => {
      const server = await backend(echoing('b'));
      const proxy = await labProxy(limited(server.address, '{ max_size: 1, timeout: 20s }'));
      const first = await client(proxy.address());
      await first.untilText('b:');
      const gone = await client(proxy.address());
      if (when !== 'at once') gone.send('hello?');
      await untilWaiting(proxy, 1);
      gone.reset();
      await untilWaiting(proxy, 0);
      const next = await client(proxy.address());
      await untilWaiting(proxy, 1);
      expect(next.closed, 'it got the place in the queue').toBe(false);
      first.close();
      await next.untilText('b:');
      expect(server.connections).toHaveLength(2);
    },
  );
});

describe('tcp: listeners', () => {
  it('refuse connections above max_connections', async () => {
    const server = await backend(naming('b'));
    const proxy = await labProxy(tcp([server.address], 'max_connections: 2\n'));
    const first = await client(proxy.address());
    await first.untilText('b\n');
    const second = await client(proxy.address());
    await second.untilText('b\n');
    // The end may come as a reset before the client has noticed that it is connected.
    await client(proxy.address()).then(
      (third) => third.untilEnded(),
      () => undefined,
    );
    expect(server.connections).toHaveLength(2);
    first.end();
    await first.untilClosed();
    await eventually(async () => {
      const socket = await ByteSocket.connect(proxy.address());
      await Promise.race([socket.untilText('b\n'), socket.untilEnded()]);
      const served = socket.text === 'b\n';
      socket.close();
      return served;
    }, 'there is room again');
  });

  it('and backends can be unix sockets; an abandoned socket file is in nobody’s way', async () => {
    const first = await labProxy(
      tcp(['unix:${env:DIRECTORY}/backend']).replace("'127.0.0.1:0'", "'unix:${env:DIRECTORY}/front'"),
    );
    const [front, behind] = [join(first.directory, 'front'), join(first.directory, 'backend')];
    const server = createServer((socket) => socket.pipe(socket)).listen(behind);
    const socket = await connectUnix(front);
    const sum = sendBulk(socket.socket, 3 * MIB, new SeededRandom(5));
    expect(await receiveBulk(socket.socket, 3 * MIB)).toBe(await sum);
    socket.end();
    await socket.untilClosed();
    server.close();
    await first.app.close();
    await eventually(() => !existsSync(front), 'the socket file is gone');

    await killedSocketFile(front);
    const next = await backend(naming('b'));
    const second = await labProxy(tcp([next.address]).replace("'127.0.0.1:0'", `'unix:${front}'`));
    const again = await connectUnix(front);
    await again.untilText('b\n');
    again.close();
    expect(second.address()).toBe(`unix:${front}`);
  });
});

describe('tcp: choice of the backend', () => {
  it('by source-ip is the same for each connection of a client', async () => {
    const servers = await Promise.all(['a', 'b', 'c', 'd'].map((name) => backend(naming(name))));
    const proxy = await labProxy(
      tcp(
        servers.map(({ address }) => address),
        'load_balancer: { algorithm: consistent-hash, hash_key: source-ip }\n',
      ),
    );
    const names = new Set<string>();
    for (let round = 0; round < 10; round += 1) names.add(await firstLine(proxy.address()));
    expect(names.size).toBe(1);
  });

  it('skips unhealthy backends until they are back', async () => {
    const steady = await backend(naming('steady'));
    const shaky = await RecordingBackend.start(naming('shaky'));
    const { port, address } = shaky;
    const proxy = await labProxy(
      tcp(
        [steady.address, address],
        `health_check: { type: tcp, interval: 50ms, timeout: 1s, healthy_threshold: 2, unhealthy_threshold: 2 }\n${METRICS}`,
      ),
    );
    await eventually(async () => (await firstLine(proxy.address())) === 'shaky', 'both serve');
    await shaky.close();
    await proxy.untilLogged('backend is unhealthy');
    for (let round = 0; round < 6; round += 1) expect(await firstLine(proxy.address())).toBe('steady');
    const back = createServer((socket) => socket.on('error', () => undefined).end('back\n')).listen(
      port,
      '127.0.0.1',
    );
    try {
      await proxy.untilLogged('backend is healthy');
      await eventually(async () => (await firstLine(proxy.address())) === 'back', 'it serves again');
    } finally {
      back.close();
    }
  });
});

describe('tcp: what is told', () => {
  it('counts tunnels while they run and in all', async () => {
    const server = await backend(echoing());
    const proxy = await labProxy(tcp([server.address], METRICS));
    const metrics = async (name: string): Promise<number> =>
      (await ScrapedMetrics.from(proxy.app.adminAddresses.at(-1) ?? '')).sum(name);
    const active = 'balance_tunnels_active';
    const sockets = [await client(proxy.address()), await client(proxy.address())];
    for (const socket of sockets) {
      socket.send('x');
      await socket.untilText('x');
    }
    expect(await metrics(active)).toBe(2);
    for (const socket of sockets) {
      socket.end();
      await socket.untilClosed();
    }
    await eventually(async () => (await metrics(active)) === 0, 'none runs any more');
  });
});

describe('tcp: a burst of clients', () => {
  it('that connect and leave in all ways leaves nothing behind', async () => {
    const server = await backend(echoing());
    const proxy = await labProxy(tcp([server.address], METRICS));
    const random = new SeededRandom(77);
    await Promise.all(
      Array.from({ length: 150 }, async () => {
        const socket = await ByteSocket.connect(proxy.address());
        const way = random.between(0, 4);
        if (way > 0) socket.send(random.bytes(random.between(1, 100_000)));
        if (way > 2) await pause(random.between(0, 20));
        if (way % 2 === 0) socket.reset();
        else socket.close();
      }),
    );
    await eventually(() => server.open === 0, 'all backend connections are over');
    const last = await client(proxy.address());
    last.send('fine');
    await last.untilText('fine');
  });
});
