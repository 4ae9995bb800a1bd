import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { stoppedClock } from '../../../support/time/stopped-clock.ts';
import { get, post, scene } from '../scene.ts';

const METRICS = 'metrics: { listen: "127.0.0.1:0" }';

describe('http.timeouts', () => {
  it('read: a head that stops halfway gets a 408 and a close', async () => {
    const stage = await scene({ yaml: `${METRICS}\nhttp: { timeouts: { read: 200ms } }` });
    const client = await stage.client();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n');
    const response = await readMessage(client);
    expect(statusOf(response)).toBe(408);
    expect(fieldValues(response, 'connection')).toEqual(['close']);
    expect(response.body.toString()).toContain(fieldValues(response, 'x-request-id')[0]);
    expect(await client.untilEnded()).toBe('end');
    expect(stage.backend.connections).toHaveLength(0);
    expect((await stage.metrics()).sum('balance_request_errors_total', { error_type: 'head_timeout' })).toBe(
      1,
    );
  });

  it('read: a head that drips gets a 408 all the same', async () => {
    const stage = await scene({ yaml: 'http: { timeouts: { read: 300ms } }' });
    const client = await stage.client();
    const drip = setInterval(() => client.send('X'), 20);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nX-Long: ');
    const response = await readMessage(client);
    clearInterval(drip);
    expect(statusOf(response)).toBe(408);
  });

  it('read: a head on a kept connection has the same time', async () => {
    const stage = await scene({ yaml: 'http: { timeouts: { read: 200ms, idle: 60s } }' });
    const client = await stage.client();
    client.send(get());
    await readMessage(client);
    client.send('GET / HT');
    expect(statusOf(await readMessage(client))).toBe(408);
  });

  it.each([
    ['of known length', 'Content-Length: 10\r\n\r\npart'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\na\r\npart'],
  ])('read: a body %s that stops halfway gets a 408 and ends the exchange', async (_what, rest) => {
    const stage = await scene({
      yaml: `${METRICS}\nhttp: { timeouts: { read: 200ms } }`,
      script: () => undefined,
    });
    const client = await stage.client();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${rest}`);
    const response = await readMessage(client);
    expect(statusOf(response)).toBe(408);
    expect(fieldValues(response, 'connection')).toEqual(['close']);
    await (await stage.backend.connection(0)).untilEnded();
    expect((await stage.metrics()).sum('balance_request_errors_total', { error_type: 'body_timeout' })).toBe(
      1,
    );
    expect(await stage.inFlight()).toBe(0);
  });

  it('read: a body that keeps coming has all the time it needs', async () => {
    const stage = await scene({
      yaml: 'http: { timeouts: { read: 600ms } }',
      respond: (request) => ok(request.body.toString()),
    });
    const clock = stoppedClock();
    const client = await stage.client();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n');
    const connection = await stage.backend.connection(0);
    for (let i = 0; i < 10; i++) {
      clock.advance(599);
      client.send(String(i));
      if (i < 9) await connection.until(() => connection.text.endsWith(String(i)));
    }
    expect((await readMessage(client)).body.toString()).toBe('0123456789');
  });

  it('idle: a new and a kept connection end in silence', async () => {
    const stage = await scene({ yaml: 'http: { timeouts: { idle: 200ms } }' });
    const silent = await stage.client();
    const kept = await stage.client();
    kept.send(get());
    await readMessage(kept);
    expect(await silent.untilEnded()).toBe('end');
    expect(await kept.untilEnded()).toBe('end');
    expect(silent.received.length + kept.received.length).toBe(0);
  });

  it('write: a client that takes nothing of a response is cut off, and its backend with it', async () => {
    const stage = await scene({
      yaml: `${METRICS}\nhttp: { timeouts: { write: 300ms } }`,
      script: async (connection) => {
        await readHead(connection);
        connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n`);
        connection.send(Buffer.alloc(100_000_000));
      },
    });
    const client = await stage.client();
    client.socket.pause();
    client.send(get());
    await (await stage.backend.connection(0)).untilEnded();
    await eventually(async () => (await stage.inFlight()) === 0, 'nothing runs');
    client.socket.resume();
    await client.untilEnded();
    expect(client.received.length).toBeLessThan(100_000_000);
  });
});

describe('timeouts.read of the upstream', () => {
  const yaml = `${METRICS}\ntimeouts: { read: 250ms }\nhttp: { timeouts: { read: 30s } }`;

  it('a response head that does not come becomes a 504, and the connection goes on', async () => {
    const stage = await scene({
      yaml,
      respond: (request) => (request.startLine.includes('/slow') ? undefined : ok()),
    });
    const client = await stage.client();
    for (const request of [get('/slow'), post('body', '/slow')]) {
      client.send(request);
      const response = await readMessage(client);
      expect(statusOf(response)).toBe(504);
      expect(fieldValues(response, 'connection')).toEqual([]);
      expect(response.body.toString()).toContain(fieldValues(response, 'x-request-id')[0]);
    }
    for (const connection of stage.backend.connections) await connection.untilEnded();
    client.send(get('/'));
    expect(statusOf(await readMessage(client))).toBe(200);
    expect(
      (await stage.metrics()).sum('balance_request_errors_total', { error_type: 'backend_timeout' }),
    ).toBe(2);
  });

  it('a half response head becomes a 504', async () => {
    const stage = await scene({ yaml, respond: () => 'HTTP/1.1 200 OK\r\nConte' });
    expect(statusOf(await stage.exchange(get()))).toBe(504);
  });

  it('a response body that stops halfway becomes an abort', async () => {
    const stage = await scene({ yaml, respond: () => 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart' });
    const client = await stage.client();
    client.send(get());
    await client.untilText('part');
    await client.untilEnded();
    expect(client.text.endsWith('part')).toBe(true);
    expect(await stage.inFlight()).toBe(0);
  });

  it('a response that keeps coming has all the time it needs', async () => {
    const stage = await scene({
      yaml: 'timeouts: { read: 600ms }',
      respond: () => 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n',
    });
    const clock = stoppedClock();
    const client = await stage.client();
    client.send(get());
    await client.untilText('\r\n\r\n');
    const connection = await stage.backend.connection(0);
    for (let i = 0; i < 10; i++) {
      clock.advance(599);
      connection.send(String(i));
      await client.until(() => client.text.endsWith(String(i)));
    }
    expect((await readMessage(client)).body.toString()).toBe('0123456789');
  });
});

describe('limits', () => {
  /** A request whose head, blank line included, has exactly so many bytes. */
  const headOf = (sizeBytes: number): string => {
    const empty = get('/', 'X-Fill: \r\n');
    return get('/', `X-Fill: ${'x'.repeat(sizeBytes - empty.length)}\r\n`);
  };

  it.each([
    ['in one piece', 0],
    ['in pieces', 100],
  ])('header_size: a head of that size passes, one byte more gets a 431 (%s)', async (_how, pieces) => {
    const stage = await scene({ yaml: 'http: { limits: { header_size: 2KiB } }' });
    for (const [size, status] of [
      [2048, 200],
      [2049, 431],
    ] as const) {
      const client = await stage.client();
      if (pieces === 0) client.send(headOf(size));
      else await client.sendPieces(headOf(size), pieces);
      const response = await readMessage(client);
      expect(statusOf(response)).toBe(status);
      if (status === 431) await client.untilEnded();
    }
    expect(stage.seen).toHaveLength(1);
  });

  it('header_size: a request line without end gets its 414 before it ends', async () => {
    const stage = await scene({ yaml: 'http: { limits: { header_size: 1KiB } }' });
    const client = await stage.client();
    client.send(`GET /${'a'.repeat(5000)}`);
    expect(statusOf(await readMessage(client))).toBe(414);
  });

  it('header_size: a head without end gets its 431 before it ends', async () => {
    const stage = await scene({ yaml: 'http: { limits: { header_size: 1KiB } }' });
    const client = await stage.client();
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(5000)}`);
    expect(statusOf(await readMessage(client))).toBe(431);
  });

  it('header_count: so many pass, one more gets a 431', async () => {
    const stage = await scene({ yaml: 'http: { limits: { header_count: 10 } }' });
    expect(statusOf(await stage.exchange(get('/', 'A: 1\r\n'.repeat(9))))).toBe(200);
    expect(await stage.refusal(get('/', 'A: 1\r\n'.repeat(10)))).toMatchObject({ status: 431, closed: true });
    expect(stage.seen).toHaveLength(1);
  });

  it('requests_per_connection: the last one says so and the connection ends, whatever was sent ahead', async () => {
    const stage = await scene({ yaml: 'http: { limits: { requests_per_connection: 3 } }' });
    const client = await stage.client();
    client.send(get('/1') + get('/2') + get('/3') + get('/4'));
    const closes: string[][] = [];
    for (let i = 0; i < 3; i++) closes.push(fieldValues(await readMessage(client), 'connection'));
    expect(closes).toEqual([[], [], ['close']]);
    await client.untilEnded();
    expect(client.received).toHaveLength(0);
    expect(stage.seen).toHaveLength(3);
    expect(stage.backend.connections).toHaveLength(1);
  });
});
