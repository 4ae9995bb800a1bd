import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';

import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { startProxy } from '../../../support/labs/start-proxy.ts';
import { get, post, scene } from '../scene.ts';

const METRICS = 'metrics: { listen: "127.0.0.1:0" }';

/** An address that refuses connections. */
async function refusingAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

describe('an answer of the proxy itself', () => {
  it('says why in short, with the id of the request', async () => {
    const proxy = owned(await startProxy('listen: "127.0.0.1:0"\nbackends: []\n'));
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(get());
    const response = await readMessage(client);
    const [id] = fieldValues(response, 'x-request-id');
    expect(response.startLine).toBe('HTTP/1.1 503 Service Unavailable');
    expect(fieldValues(response, 'content-type')).toEqual(['text/plain; charset=utf-8']);
    expect(fieldValues(response, 'retry-after')).toEqual(['1']);
    expect(fieldValues(response, 'date')).toHaveLength(1);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.body.toString()).toContain(`request id: ${id}`);
    // The connection goes on.
    client.send(get());
    expect(statusOf(await readMessage(client))).toBe(503);
  });

  it('has no body for HEAD, and a close for those who want it', async () => {
    const proxy = owned(await startProxy('listen: "127.0.0.1:0"\nbackends: []\n'));
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(statusOf(await readMessage(client, { noBody: true }))).toBe(503);
    client.send('GET / HTTP/1.0\r\n\r\n');
    const response = await readMessage(client);
    expect(fieldValues(response, 'connection')).toEqual(['close']);
    expect(await client.untilEnded()).toBe('end');
  });
});

describe('a backend that refuses connections', () => {
  it('makes the proxy try the next one, also for a POST with body, and 502 when there is none', async () => {
    const backend = owned(await RecordingBackend.start(answering((request) => ok(request.body.toString()))));
    const [dead, alive] = [await refusingAddress(), backend.address];
    const proxy = owned(
      await startProxy(`
listeners:
  - { name: both, listen: "127.0.0.1:0", upstream: both }
  - { name: dead, listen: "127.0.0.1:0", upstream: dead }
upstreams:
  - { name: both, backends: [{ name: dead, address: "${dead}" }, { name: alive, address: "${alive}" }] }
  - { name: dead, backends: [{ name: dead2, address: "${dead}" }] }
`),
    );
    const client = owned(await ByteSocket.connect(proxy.address('both')));
    for (let i = 0; i < 4; i++) {
      client.send(post(`body ${i}`));
      expect((await readMessage(client)).body.toString()).toBe(`body ${i}`);
    }
    const other = owned(await ByteSocket.connect(proxy.address('dead')));
    for (let i = 0; i < 2; i++) {
      other.send(get());
      const response = await readMessage(other);
      expect(statusOf(response)).toBe(502);
      expect(response.body.toString()).not.toContain('127.0.0.1');
    }
  });
});

describe('a backend that dies', () => {
  it.each([
    ['before a byte of the response', ''],
    ['within the head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['after an interim response', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('%s on a new connection becomes a 502', async (_when, bytes) => {
    const stage = await scene({
      yaml: METRICS,
      script: async (connection) => {
        await readHead(connection);
        connection.send(bytes);
        connection.end();
      },
    });
    const client = await stage.client();
    client.send(get());
    let response = await readMessage(client);
    if (statusOf(response) === 103) response = await readMessage(client);
    expect(statusOf(response)).toBe(502);
    expect(stage.backend.connections).toHaveLength(1);
    expect(await stage.inFlight()).toBe(0);
  });

  it.each([
    ['a body of known length', 'Content-Length: 100\r\n\r\npartial', 'end'],
    ['a body of known length', 'Content-Length: 100\r\n\r\npartial', 'reset'],
    ['a body in chunks', 'Transfer-Encoding: chunked\r\n\r\n7\r\npartial\r\n', 'end'],
    ['a body in chunks', 'Transfer-Encoding: chunked\r\n\r\n7\r\npartial\r\n', 'reset'],
    ['a chunk', 'Transfer-Encoding: chunked\r\n\r\n64\r\npartial', 'end'],
    ['the end of the chunks', 'Transfer-Encoding: chunked\r\n\r\n7\r\npartial\r\n0\r\n', 'end'],
    ['a body until close', '\r\npartial', 'reset'],
  ])('within %s makes the client see an abort (%s)', async (_what, rest, how) => {
    const stage = await scene({
      yaml: METRICS,
      script: async (connection) => {
        await readHead(connection);
        connection.send(`HTTP/1.1 200 OK\r\n${rest}`);
        await stepOn;
        if (how === 'end') connection.end();
        else connection.reset();
      },
    });
    let step: (() => void) | undefined;
    const stepOn = new Promise<void>((resolve) => {
      step = resolve;
    });
    const client = await stage.client();
    client.send(get());
    await client.untilText('partial');
    step?.();
    await client.untilEnded();
    expect(client.text).not.toContain('\r\n0\r\n\r\n');
    expect(client.text.split('HTTP/1.1 ')).toHaveLength(2);
    await eventually(async () => (await stage.inFlight()) === 0, 'nothing runs');
    expect((await stage.metrics()).sum('balance_request_errors_total', { error_type: 'backend_reset' })).toBe(
      1,
    );
  });

  it('within a body until close makes an HTTP/1.0 client see a reset, as its end would look complete', async () => {
    const stage = await scene({
      script: async (connection) => {
        await readHead(connection);
        connection.send('HTTP/1.1 200 OK\r\n\r\npartial');
        await go;
        connection.reset();
      },
    });
    let step: (() => void) | undefined;
    const go = new Promise<void>((resolve) => {
      step = resolve;
    });
    const client = await stage.client();
    client.send('GET / HTTP/1.0\r\n\r\n');
    await client.untilText('partial');
    step?.();
    expect(await client.untilClosed()).toBe('reset');
  });

  it('while it is sent a body makes no difference to other clients', async () => {
    const stage = await scene({
      yaml: METRICS,
      script: async (connection, index) => {
        if (index > 0) await answering(() => ok('fine'))(connection, index);
        await connection.untilText('first');
        connection.reset();
      },
    });
    const client = await stage.client();
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nfirst');
    const response = await readMessage(client);
    expect(statusOf(response)).toBe(502);
    expect(fieldValues(response, 'connection')).toEqual(['close']);
    expect((await stage.exchange(get())).body.toString()).toBe('fine');
  });
});

describe('a client that vanishes', () => {
  const MOMENTS: [string, string, boolean][] = [
    ['within its head', 'GET / HTTP/1.1\r\nHos', false],
    ['within its body of known length', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart', true],
    [
      'within its chunked body',
      'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10\r\npart',
      true,
    ],
    ['while it waits for the response', get(), true],
    ['while it waits for the first of several responses', get() + get() + get(), true],
  ];
  it.each(
    MOMENTS.flatMap(([when, bytes, reaches]) =>
      (['reset', 'end'] as const).map((how) => [when, how, bytes, reaches] as const),
    ),
  )('%s (%s) ends the exchange with the backend at once', async (_when, how, bytes, reaches) => {
    const stage = await scene({ yaml: METRICS, script: () => undefined });
    const client = await stage.client();
    client.send(bytes);
    const backend = reaches ? await stage.backend.connection(0) : undefined;
    await backend?.untilText(bytes.includes('part') ? 'part' : '\r\n\r\n');
    if (how === 'reset') client.reset();
    else client.end();
    await backend?.untilEnded();
    if (how === 'end') await client.untilEnded();
    expect(client.text).toBe('');
    await eventually(async () => (await stage.inFlight()) === 0, 'nothing runs');
    const metrics = await stage.metrics();
    expect(metrics.sum('balance_pool_connections_active')).toBe(0);
    expect(metrics.sum('balance_pool_connections_idle')).toBe(0);
    if (reaches) {
      expect(metrics.sum('balance_request_errors_total', { error_type: 'client_abort' })).toBe(1);
      expect(metrics.sum('balance_requests_total', { status: '499' })).toBe(1);
    }
    // It still serves.
    expect(stage.backend.open).toBe(reaches ? 1 : 0);
  });

  it('within the response ends the exchange with the backend at once', async () => {
    const stage = await scene({
      yaml: METRICS,
      script: async (connection) => {
        await readHead(connection);
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart');
      },
    });
    const client = await stage.client();
    client.send(get());
    await client.untilText('part');
    client.reset();
    await (await stage.backend.connection(0)).untilEnded();
    await eventually(async () => (await stage.inFlight()) === 0, 'nothing runs');
    expect((await stage.metrics()).sum('balance_requests_total', { status: '200' })).toBe(1);
  });

  it('while it waits for a backend that is busy leaves the queue', async () => {
    const stage = await scene({
      yaml: METRICS,
      backendKeys: ', max_connections: 1',
      script: () => undefined,
    });
    const first = await stage.client();
    first.send(get());
    const backend = await stage.backend.connection(0);
    await backend.untilText('\r\n\r\n');
    const second = await stage.client();
    second.send(get());
    second.send('');
    await new Promise((resolve) => setTimeout(resolve, 50));
    second.reset();
    await eventually(
      async () => (await stage.metrics()).sum('balance_requests_total', { status: '499' }) === 1,
      'it is gone',
    );
    backend.send(ok());
    await readMessage(first);
    expect(backend.text.split('GET ')).toHaveLength(2);
    expect(await stage.inFlight()).toBe(0);
  });
});

describe('many who mean no good', () => {
  it('200 clients that send nothing end by their idle timeout and hinder nobody', async () => {
    const stage = await scene({ yaml: 'http: { timeouts: { idle: 1s } }' });
    const silent = await Promise.all(Array.from({ length: 200 }, () => stage.client()));
    expect(statusOf(await stage.exchange(get()))).toBe(200);
    for (const client of silent) expect(await client.untilEnded()).toBe('end');
    expect(silent.every((client) => client.received.length === 0)).toBe(true);
    expect(statusOf(await stage.exchange(get()))).toBe(200);
  });

  it('1,000 random byte strings leave it serving', async () => {
    const stage = await scene({
      yaml: `${METRICS}\nlogging: { access_log: false }`,
      respond: () => ok('still here'),
    });
    let seed = 42;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    const words = [
      'GET ',
      '/',
      ' HTTP/1.1\r\n',
      'Host: a\r\n',
      '\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Content-Length: ',
      '0\r\n',
      '5',
      'POST ',
      '\0',
      '\n',
      '\r',
      ':',
      ' ',
      'Connection: upgrade\r\nUpgrade: x\r\n',
    ];
    const nonsense = (): string => {
      let text = '';
      const length = random(40);
      for (let i = 0; i < length; i++)
        text += random(3) === 0 ? String.fromCharCode(random(256)) : words[random(words.length)]!;
      return text;
    };
    for (let batch = 0; batch < 20; batch++) {
      const clients = await Promise.all(
        Array.from({ length: 50 }, () => ByteSocket.connect(stage.proxy.address())),
      );
      for (const client of clients) {
        client.send(nonsense());
        client.end();
      }
      await Promise.all(clients.map((client) => client.untilEnded()));
      for (const client of clients) client.close();
    }
    expect((await stage.exchange(get())).body.toString()).toBe('still here');
    await eventually(async () => (await stage.inFlight()) === 0, 'nothing runs');
    const lines = await stage.proxy.logLines();
    expect(lines.filter((line) => line.includes('ERROR'))).toEqual([]);
  });
});

describe('a full upstream', () => {
  it('lets requests wait in order, and refuses those beyond the queue with 503', async () => {
    const stage = await scene({
      // All come over one socket: each worker has sockets of its own. Over workers: test/integration/workers/limits.test.ts.
      yaml: 'queue: { max_size: 2, timeout: 10s }\nworkers: 1',
      backendKeys: ', max_connections: 1',
      script: () => undefined,
    });
    const clients = [];
    for (let i = 0; i < 3; i++) {
      const client = await stage.client();
      client.send(get(`/${i}`));
      if (i === 0) await (await stage.backend.connection(0)).untilText('\r\n\r\n');
      else await new Promise((resolve) => setTimeout(resolve, 50));
      clients.push(client);
    }
    const beyond = await stage.exchange(get('/3'));
    expect(statusOf(beyond)).toBe(503);
    expect(fieldValues(beyond, 'retry-after')).toEqual(['1']);
    const backend = await stage.backend.connection(0);
    for (const [i, client] of clients.entries()) {
      await backend.until(() => backend.text.split('\r\n\r\n').length === i + 2, `request ${i}`);
      backend.send(ok(`answer ${i}`));
      expect((await readMessage(client)).body.toString()).toBe(`answer ${i}`);
    }
    expect([...backend.text.matchAll(/GET (\S+)/g)].map((match) => match[1])).toEqual(['/0', '/1', '/2']);
    expect(stage.backend.connections).toHaveLength(1);
  });

  it('answers 503 to those who waited too long', async () => {
    const stage = await scene({
      yaml: 'queue: { max_size: 2, timeout: 100ms }',
      backendKeys: ', max_connections: 1',
      script: () => undefined,
    });
    const first = await stage.client();
    first.send(get());
    await (await stage.backend.connection(0)).untilText('\r\n\r\n');
    expect(statusOf(await stage.exchange(get()))).toBe(503);
    expect(statusOf(await stage.exchange(post('body')))).toBe(503);
    (await stage.backend.connection(0)).send(ok());
    expect(statusOf(await readMessage(first))).toBe(200);
  });
});
