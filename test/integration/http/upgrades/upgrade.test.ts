import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { owned } from '../../../support/owned.ts';
import { get, scene, type Scene, type SceneOptions } from '../scene.ts';

const ASK = 'GET /chat HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade\r\nUpgrade: Test/1\r\n\r\n';
const AGREE = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: Test/1\r\n\r\n';

/** A tunnel that was just opened, seen from both of its ends. */
async function tunnel(
  options: SceneOptions = {},
): Promise<{ stage: Scene; client: ByteSocket; backend: ByteSocket }> {
  const stage = await scene({
    yaml: 'metrics: { listen: "127.0.0.1:0" }',
    script: async (connection) => {
      await readHead(connection);
      connection.send(AGREE);
    },
    ...options,
  });
  const client = await stage.client();
  client.send(ASK);
  await readHead(client);
  return { stage, client, backend: await stage.backend.connection(0) };
}

/** Nothing of a tunnel is left. */
async function nothingRuns(stage: Scene): Promise<void> {
  await eventually(async () => {
    const metrics = await stage.metrics();
    return (
      metrics.sum('balance_tunnels_active') === 0 && metrics.sum('balance_backend_requests_in_flight') === 0
    );
  }, 'no tunnel runs');
}

describe('an upgrade', () => {
  it('is not passed on where enable_websocket is false: the request is an ordinary one', async () => {
    const one = await backend(
      answering((request) => ok(fieldValues(request, 'upgrade').length === 0 ? 'plain' : 'asked')),
    );
    const yaml = (http: string): string => `listen: '127.0.0.1:0'
reload: { watch: false }
backends: [{ name: one, address: '${one.address}' }]
http: { ${http} }
admin: { listen: '127.0.0.1:0' }
`;
    const proxy = await labProxy(yaml(''));
    const client = owned(await ByteSocket.connect(proxy.address()));
    const asked = async (): Promise<string> => {
      client.send(ASK);
      return (await readMessage(client)).body.toString();
    };
    expect(await asked()).toBe('asked');
    expect(await proxy.change(yaml('enable_websocket: false'))).toContain('enable_websocket');
    expect(await asked()).toBe('plain');
    await proxy.change(yaml('enable_websocket: true'));
    expect(await asked()).toBe('asked');
  });

  it('goes on over an edit to enable_websocket: false', async () => {
    const one = await backend(async (connection) => {
      await readHead(connection);
      connection.send(AGREE);
    });
    const yaml = (http: string): string =>
      `listen: '127.0.0.1:0'\nreload: { watch: false }\nbackends: [{ address: '${one.address}' }]\nhttp: { ${http} }\n`;
    const proxy = await labProxy(yaml(''));
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(ASK);
    await readHead(client);
    await proxy.change(yaml('enable_websocket: false'));
    client.send('still here');
    await (await one.connection(0)).untilText('still here');
  });

  it('is asked for and answered with exactly the fields that it needs', async () => {
    let asked = '';
    const stage = await scene({
      script: async (connection) => {
        asked = await readHead(connection);
        connection.send(
          'HTTP/1.1 101 Welcome\r\nSec-Some: 1\r\nconnection: upgrade\r\nupgrade: test/1\r\n\r\n',
        );
      },
    });
    const client = await stage.client();
    client.send(
      'GET / HTTP/1.1\r\nHost: a\r\nSec-Ask: 2\r\nconnection: keep-alive, upgrade\r\nupgrade: Other, Test/1\r\n\r\n',
    );
    const answer = await readHead(client);
    expect(asked.split('\r\n').filter((line) => /connection|upgrade|sec-/i.test(line))).toEqual([
      'Sec-Ask: 2',
      'Connection: Upgrade',
      'Upgrade: Other, Test/1',
    ]);
    expect(answer).toMatch(
      /^HTTP\/1\.1 101 Welcome\r\nSec-Some: 1\r\nX-Request-ID: [0-9a-f-]{36}\r\nConnection: Upgrade\r\nUpgrade: test\/1\r\n\r\n$/,
    );
  });

  it('joins both sides: bytes of any kind go both ways', async () => {
    const { client, backend } = await tunnel();
    const noise = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    client.send(noise);
    expect((await backend.untilLength(256)).equals(noise)).toBe(true);
    backend.send(noise);
    expect((await client.untilLength(256)).equals(noise)).toBe(true);
    client.send('GET / HTTP/1.1\r\n\r\n');
    await backend.untilText('GET / HTTP/1.1\r\n\r\n');
  });

  it('delivers bytes that come right after the heads, in both directions', async () => {
    const stage = await scene({
      script: async (connection) => {
        await readHead(connection);
        connection.send(`${AGREE}from the backend`);
      },
    });
    const client = await stage.client();
    client.send(`${ASK}from the client`);
    await readHead(client);
    await client.untilText('from the backend');
    const backend = await stage.backend.connection(0);
    expect(await backend.untilText('from the client')).toBe('from the client');
    client.send(', more');
    expect(await backend.untilText('more')).toBe('from the client, more');
  });

  it('delivers bytes that the client sends before the backend has agreed, and never as a request', async () => {
    const stage = await scene({
      script: async (connection) => {
        await readHead(connection);
        await new Promise((resolve) => setTimeout(resolve, 100));
        connection.send(AGREE);
      },
    });
    const client = await stage.client();
    client.send(ASK);
    client.send('early 1 ');
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.send('early 2');
    await readHead(client);
    expect(await (await stage.backend.connection(0)).untilText('early 2')).toBe('early 1 early 2');
  });

  it('works when each byte comes by itself', async () => {
    const stage = await scene({
      script: async (connection) => {
        await readHead(connection);
        await connection.sendPieces(`${AGREE}hello`);
      },
    });
    const client = await stage.client();
    await client.sendPieces(`${ASK}hi`);
    await readHead(client);
    await client.untilText('hello');
    await (await stage.backend.connection(0)).untilText('hi');
  });
});

describe('an upgrade is not', () => {
  it.each([
    ['asked for without Connection: upgrade', 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: test\r\n\r\n'],
    ['asked for without Upgrade', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n'],
    ['asked for in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n'],
    ['asked for HTTP/2', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'],
    [
      'asked for HTTP/2 with a body',
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: tcp, h2c\r\nContent-Length: 1\r\n\r\nx',
    ],
  ])('%s: the fields do not reach the backend', async (_what, request) => {
    const stage = await scene();
    await stage.exchange(request);
    expect(fieldValues(stage.seen[0]!, 'upgrade')).toEqual([]);
    expect(fieldValues(stage.seen[0]!, 'connection')).toEqual([]);
  });

  it('agreed to with a protocol that was not offered', async () => {
    const stage = await scene({ respond: () => AGREE.replaceAll('Test/1', 'Evil') });
    const client = await stage.client();
    client.send(ASK);
    expect(statusOf(await readMessage(client))).toBe(502);
    await (await stage.backend.connection(0)).untilEnded();
  });

  it('agreed to without naming a protocol', async () => {
    const stage = await scene({ respond: () => 'HTTP/1.1 101 Switching Protocols\r\n\r\n' });
    const client = await stage.client();
    client.send(ASK);
    expect(statusOf(await readMessage(client))).toBe(502);
  });

  it('forced: a refusal is an ordinary response, and the connection serves the next request', async () => {
    const stage = await scene({
      respond: (request) =>
        request.startLine.includes('/chat')
          ? `HTTP/1.1 426 No\r\nUpgrade: other\r\nContent-Length: 3\r\n\r\nno!`
          : ok('next'),
    });
    const client = await stage.client();
    client.send(ASK);
    const refusal = await readMessage(client);
    expect(statusOf(refusal)).toBe(426);
    expect(refusal.body.toString()).toBe('no!');
    client.send(get('/'));
    expect((await readMessage(client)).body.toString()).toBe('next');
    expect(stage.backend.connections).toHaveLength(1);
  });
});

describe('a tunnel', () => {
  it('ends each direction by itself, the client first', async () => {
    const { stage, client, backend } = await tunnel();
    client.send('last words');
    client.end();
    expect(await backend.untilEnded()).toBe('end');
    expect(backend.text).toBe('last words');
    backend.send('answer');
    backend.end();
    expect(await client.untilClosed()).toBe('end');
    expect(client.text).toBe('answer');
    await nothingRuns(stage);
  });

  it('ends each direction by itself, the backend first', async () => {
    const { stage, client, backend } = await tunnel();
    backend.send('last words');
    backend.end();
    expect(await client.untilEnded()).toBe('end');
    client.send('answer');
    client.end();
    expect(await backend.untilClosed()).toBe('end');
    expect(backend.text).toBe('answer');
    await nothingRuns(stage);
  });

  it('carries a reset of the client to the backend', async () => {
    const { stage, client, backend } = await tunnel();
    client.reset();
    expect(await backend.untilClosed()).toBe('reset');
    await nothingRuns(stage);
  });

  it('carries a reset of the backend to the client', async () => {
    const { stage, client, backend } = await tunnel();
    backend.reset();
    expect(await client.untilClosed()).toBe('reset');
    await nothingRuns(stage);
  });

  it('takes no more from one side than the other side takes', async () => {
    const { client, backend } = await tunnel();
    backend.socket.pause();
    const bytes = Buffer.alloc(60 * 1024 * 1024, 'z');
    client.send(bytes);
    let before = -1;
    while (before !== client.socket.writableLength) {
      before = client.socket.writableLength;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(before).toBeGreaterThan(20 * 1024 * 1024);
    backend.socket.resume();
    expect((await backend.untilLength(bytes.length)).equals(bytes)).toBe(true);
  });

  it('ends when nothing moves for its own timeout, which traffic puts off', async () => {
    const { stage, client, backend } = await tunnel({
      // The first request of a worker takes longer than others: idle and read must leave it time on a busy machine.
      yaml: 'metrics: { listen: "127.0.0.1:0" }\nhttp: { timeouts: { tunnel: 3s, idle: 1s, read: 1s } }',
    });
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      client.send('.');
      await backend.untilLength(i + 1);
    }
    await client.untilEnded();
    await backend.untilEnded();
    await nothingRuns(stage);
  });

  it('counts as one request with status 101, and its socket is never used again', async () => {
    const { stage, client, backend } = await tunnel();
    client.end();
    backend.end();
    await client.untilClosed();
    await nothingRuns(stage);
    const metrics = await stage.metrics();
    expect(metrics.sum('balance_requests_total', { status: '101' })).toBe(1);
    expect(metrics.sum('balance_tunnels_total')).toBe(1);
    expect(metrics.sum('balance_pool_connections_idle')).toBe(0);
    expect(metrics.sum('balance_backend_connections_active')).toBe(0);
  });
});
