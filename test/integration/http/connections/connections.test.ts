import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { ONE_POOL } from '../../../support/workers/test-workers.ts';
import { get, post, scene } from '../scene.ts';

describe('keep-alive', () => {
  it('serves request after request on one client connection over one backend connection', async () => {
    const stage = await scene({ respond: (request) => ok(request.startLine) });
    const { backend, seen } = stage;
    const client = await stage.client();
    for (let i = 0; i < 5; i++) {
      client.send(get(`/${i}`));
      const response = await readMessage(client);
      expect(response.body.toString()).toBe(`GET /${i} HTTP/1.1`);
      expect(fieldValues(response, 'connection')).toEqual([]);
    }
    expect(backend.connections).toHaveLength(1);
    expect(seen.flatMap((request) => fieldValues(request, 'connection'))).toEqual([]);
  });

  it('lends one backend connection to one client after the other', async () => {
    const stage = await scene({ yaml: ONE_POOL });
    for (let i = 0; i < 3; i++) await stage.exchange(get());
    expect(stage.backend.connections).toHaveLength(1);
  });

  it('closes after a request with Connection: close and keeps the backend connection', async () => {
    const stage = await scene({ yaml: ONE_POOL });
    const client = await stage.client();
    client.send(get('/', 'Connection: close\r\n'));
    const response = await readMessage(client);
    expect(fieldValues(response, 'connection')).toEqual(['close']);
    expect(await client.untilEnded()).toBe('end');
    await stage.exchange(get());
    expect(stage.backend.connections).toHaveLength(1);
    expect(stage.seen.flatMap((request) => fieldValues(request, 'connection'))).toEqual([]);
  });

  it('keeps the client connection when the backend closes its own', async () => {
    const stage = await scene({ respond: () => ok('x', 'Connection: close\r\n') });
    const client = await stage.client();
    for (let i = 0; i < 3; i++) {
      client.send(get());
      const response = await readMessage(client);
      expect(fieldValues(response, 'connection')).toEqual([]);
    }
    expect(stage.backend.connections).toHaveLength(3);
  });

  it('takes an HTTP/1.0 backend connection for done unless it says keep-alive', async () => {
    let lines = '';
    const stage = await scene({
      yaml: ONE_POOL,
      respond: () => `HTTP/1.0 200 OK\r\nContent-Length: 2\r\n${lines}\r\nok`,
    });
    await stage.exchange(get());
    lines = 'Connection: keep-alive\r\n';
    const response = await stage.exchange(get());
    expect(response.startLine).toBe('HTTP/1.1 200 OK');
    await stage.exchange(get());
    expect(stage.backend.connections).toHaveLength(2);
  });

  it('opens a backend connection for each request when the pool is off', async () => {
    const stage = await scene({ yaml: 'connection_pool: { enabled: false }' });
    await stage.exchange(get());
    await stage.exchange(get());
    expect(stage.backend.connections).toHaveLength(2);
    expect(await stage.backend.connections[0]!.untilEnded()).toBe('end');
  });
});

describe('HTTP/1.0 clients', () => {
  it('get a close after the response, and the backend gets HTTP/1.1', async () => {
    const stage = await scene();
    const client = await stage.client();
    client.send('GET /old HTTP/1.0\r\n\r\n');
    const response = await readMessage(client);
    expect(response.startLine).toBe('HTTP/1.1 200 OK');
    expect(fieldValues(response, 'connection')).toEqual(['close']);
    expect(await client.untilEnded()).toBe('end');
    expect(stage.seen[0]!.startLine).toBe('GET /old HTTP/1.1');
    expect(fieldValues(stage.seen[0]!, 'host')).toEqual([stage.proxy.address()]);
  });

  it('keep the connection when they ask for it', async () => {
    const stage = await scene();
    const client = await stage.client();
    for (let i = 0; i < 3; i++) {
      client.send('GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n');
      const response = await readMessage(client);
      expect(fieldValues(response, 'connection')).toEqual(['keep-alive']);
    }
    client.send('GET / HTTP/1.0\r\n\r\n');
    await readMessage(client);
    expect(await client.untilEnded()).toBe('end');
  });
});

describe('pipelined requests', () => {
  it('get their responses in order, even when the first takes longest', async () => {
    const stage = await scene({
      respond: async (request) => {
        const path = request.startLine.split(' ')[1]!;
        if (path === '/0') await new Promise((resolve) => setTimeout(resolve, 50));
        return ok(path);
      },
    });
    const client = await stage.client();
    client.send(get('/0') + get('/1') + post('body', '/2') + get('/3'));
    const bodies: string[] = [];
    for (let i = 0; i < 4; i++) bodies.push((await readMessage(client)).body.toString());
    expect(bodies).toEqual(['/0', '/1', '/2', '/3']);
    expect(stage.seen[2]!.body.toString()).toBe('body');
  });

  it('may be hundreds in one chunk, with and without bodies, answered here or by the backend', async () => {
    const stage = await scene({
      respond: (request) => ok(`${request.startLine} ${request.body.toString()}`),
      yaml: 'http: { routes: [{ path_prefix: /yes, backends: [one] }] }\nhealth_endpoint: /health',
    });
    // Routes are there, but what none takes goes to all backends: only /health is answered by the proxy.
    const client = await stage.client();
    let text = '';
    const wanted: string[] = [];
    for (let i = 0; i < 300; i++) {
      if (i % 3 === 0) {
        text += get(`/yes/${i}`);
        wanted.push(`GET /yes/${i} HTTP/1.1 `);
      } else if (i % 3 === 1) {
        text += `PUT /yes/${i} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
        wanted.push(`PUT /yes/${i} HTTP/1.1 abc`);
      } else {
        text += get('/health');
        wanted.push('healthy');
      }
    }
    client.send(text);
    for (const want of wanted) expect((await readMessage(client)).body.toString()).toContain(want);
    expect(client.received).toHaveLength(0);
  });

  it('are all served when more arrive while the body of an earlier one is on its way', async () => {
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const stage = await scene({
      respond: async (request) => {
        if (request.startLine.startsWith('POST')) await held;
        return ok(request.startLine);
      },
    });
    const client = await stage.client();
    client.send(post('body', '/0') + get('/1') + get('/2'));
    await (await stage.backend.connection(0)).untilText('body').catch(() => undefined);
    client.send(get('/3') + get('/4'));
    client.send(get('/5'));
    // The proxy is given time to read all of that, had it gone on reading.
    await new Promise((resolve) => setTimeout(resolve, 50));
    release?.();
    for (let i = 0; i < 6; i++) expect((await readMessage(client)).body.toString()).toContain(` /${i} `);
  });

  it('are read no further while their responses are not taken', async () => {
    const body = 'x'.repeat(60_000);
    let answered = 0;
    const stage = await scene({
      respond: () => {
        answered += 1;
        return ok(body);
      },
    });
    const client = await stage.client();
    client.socket.pause();
    client.send(get('/'.padEnd(20, 'a')).repeat(2_000));
    let before = -1;
    // As long as it still moves it is not bounded; the kernel's buffers take some megabytes.
    while (before !== answered) {
      before = answered;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(answered).toBeLessThan(500);
    client.socket.resume();
    for (let i = 0; i < 2_000; i++) expect((await readMessage(client)).body).toHaveLength(body.length);
  });

  it('end at one that is malformed: the good ones before it are answered', async () => {
    const stage = await scene();
    const client = await stage.client();
    client.send(`${get('/1')}${get('/2')}GET / HTTP/1.1\r\nbad header\r\n\r\n${get('/3')}`);
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push(statusOf(await readMessage(client)));
    expect(statuses).toEqual([200, 200, 400]);
    await client.untilEnded();
    expect(client.received).toHaveLength(0);
    expect(stage.seen).toHaveLength(2);
  });
});

describe('messages that come in pieces', () => {
  it('are the same when each byte of request and response comes by itself', async () => {
    const responses = [
      'HTTP/1.1 200 OK\r\nDate: x\r\nX-Empty:\r\nX-Long:   spaced out  \r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 201 Made Here\r\nDate: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\nX-None:\r\n\r\n',
      'HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n',
    ];
    const stage = await scene({
      respond: async (_request, connection) => {
        await connection.sendPieces(responses[seen.length - 1]!);
        return undefined;
      },
    });
    const { seen } = stage;
    const client = await stage.client();
    await client.sendPieces(
      'POST /a?b=c HTTP/1.1\r\nHost: example.test\r\nEmpty:\r\nX-Multi: 1\r\nX-Multi:  2  \r\nContent-Length: 3\r\n\r\nabc' +
        'PUT /t HTTP/1.1\r\nHost: example.test\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-End: yes\r\nX-More:\r\n\r\n' +
        get('/last'),
    );
    const [first, second, third] = [
      await readMessage(client),
      await readMessage(client),
      await readMessage(client),
    ];
    expect(first.startLine).toBe('HTTP/1.1 200 OK');
    expect(first.lines.slice(0, 4)).toEqual([
      'Date: x',
      'X-Empty:',
      'X-Long:   spaced out  ',
      'Content-Length: 5',
    ]);
    expect(first.body.toString()).toBe('hello');
    expect(second.startLine).toBe('HTTP/1.1 201 Made Here');
    expect(second.body.toString()).toBe('hello world');
    expect(second.trailers).toEqual(['X-Sum: 1', 'X-None:']);
    expect(third.startLine).toBe('HTTP/1.1 204 No Content');
    expect(seen.map((request) => request.startLine)).toEqual([
      'POST /a?b=c HTTP/1.1',
      'PUT /t HTTP/1.1',
      'GET /last HTTP/1.1',
    ]);
    expect(seen[0]!.lines.slice(0, 4)).toEqual([
      'Host: example.test',
      'Empty:',
      'X-Multi: 1',
      'X-Multi:  2  ',
    ]);
    expect(seen[0]!.body.toString()).toBe('abc');
    expect(seen[1]!.body.toString()).toBe('abc0123456789');
    expect(seen[1]!.trailers).toEqual(['X-End: yes', 'X-More:']);
  });

  it('are the same wherever a request is split in two', async () => {
    const stage = await scene();
    const client = await stage.client();
    const text =
      'PUT /t HTTP/1.1\r\nHost: example.test\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n3\r\nabc\r\n0\r\nX-End: yes\r\n\r\n';
    for (let at = 1; at < text.length; at++) {
      await client.sendPieces(text, at);
      await readMessage(client);
    }
    for (const request of stage.seen) {
      expect(request.startLine).toBe('PUT /t HTTP/1.1');
      expect(request.lines.slice(0, 2)).toEqual(['Host: example.test', 'X-A: b']);
      expect(request.body.toString()).toBe('abc');
      expect(request.trailers).toEqual(['X-End: yes']);
    }
    expect(stage.seen).toHaveLength(text.length - 1);
  });
});

describe('the last response on a connection', () => {
  it.each([
    ['a body that has no known end', 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n', 501],
    ['a body whose length is nonsense', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x7\r\n\r\n', 400],
    ['a request that is refused', 'GET / HTTP/0.9\r\nHost: a\r\n\r\n', 400],
    ['a request that is the last one here', get(), 200],
  ])('reaches a client that sends on behind %s', async (_what, request, status) => {
    const stage = await scene({
      yaml: 'metrics: { listen: "127.0.0.1:0" }\nhttp: { limits: { requests_per_connection: 1 } }',
    });
    const client = await stage.client();
    client.socket.pause();
    client.send(request);
    await eventually(
      async () => (await stage.metrics()).sum('balance_requests_total') === 1,
      'it was answered',
    );
    // To a socket that was closed the second of them would be an error, and the response lost with it.
    for (let i = 0; i < 3; i++) {
      await client.sendPieces('more', 4);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    client.socket.resume();
    expect(statusOf(await readMessage(client))).toBe(status);
    expect(await client.untilEnded()).toBe('end');
    expect(client.received).toHaveLength(0);
  });
});
