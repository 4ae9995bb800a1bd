import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { owned } from '../../../support/owned.ts';
import { ScrapedMetrics } from '../../../support/collectors/scraped-metrics.ts';
import { stoppedClock } from '../../../support/time/stopped-clock.ts';
import { ONE_CLOCK, TEST_WORKERS } from '../../../support/workers/test-workers.ts';
import { get, post, scene, type Scene } from '../scene.ts';

const METRICS = 'metrics: { listen: "127.0.0.1:0" }';
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A proxy that buffers, with `max_connections: 1`, so that a held backend shows. The backend says what it got. */
function buffering(options = '{}', more = '', workers = ''): Promise<Scene> {
  return scene({
    yaml: `${workers}\n${METRICS}\nqueue: { max_size: 0 }\nhttp: { request_buffering: ${options}${more} }`,
    backendKeys: ', max_connections: 1',
    respond: (request) => ok(`${request.rawBody.length} ${request.body.toString('latin1').slice(0, 100)}`),
  });
}

describe('http.request_buffering', () => {
  it('holds no backend while a client sends its body', async () => {
    const stage = await buffering();
    const slow = await stage.client();
    slow.send(post('0123456789').slice(0, -5));
    // Without buffering this finds the only place taken.
    expect(statusOf(await stage.exchange(get()))).toBe(200);
    slow.send('56789');
    expect((await readMessage(slow)).body.toString()).toBe('10 0123456789');
    // Each worker has a connection of its own.
    expect(stage.backend.connections.length).toBeLessThanOrEqual(TEST_WORKERS);
  });

  it.each([
    ['in one piece', 0],
    ['byte by byte', 1],
  ])('keeps the framing of a chunked body and its trailers: %s', async (_how, size) => {
    const stage = await buffering();
    const client = await stage.client();
    const request = `${CHUNKED}3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n`;
    if (size === 0) client.send(request);
    else await client.sendPieces(request, size);
    expect((await readMessage(client)).body.toString()).toContain('abcde');
    expect(stage.seen[0]?.trailers).toEqual(['X-Sum: 1']);
    client.send(get());
    expect(statusOf(await readMessage(client))).toBe(200);
  });

  it('sends large bodies on as they are', async () => {
    const stage = await buffering();
    const client = await stage.client();
    client.send(post('x'.repeat(900_000)) + post('y'.repeat(10)));
    expect((await readMessage(client)).body.toString()).toBe(`900000 ${'x'.repeat(100)}`);
    expect((await readMessage(client)).body.toString()).toBe('10 yyyyyyyyyy');
  });

  it('streams a body from its size on', async () => {
    const stage = await scene({
      yaml: 'http: { request_buffering: { size: 10KiB } }',
      script: async (connection) => {
        await readHead(connection);
        await connection.untilLength(20_000);
        connection.send('HTTP/1.1 100 Continue\r\n\r\n');
        await connection.untilLength(1_000_000);
        connection.send(ok('all'));
      },
    });
    const client = await stage.client();
    const request = post('x'.repeat(1_000_000));
    client.send(request.slice(0, -980_000));
    await readHead(client);
    client.send(request.slice(-980_000));
    expect((await readMessage(client)).body.toString()).toBe('all');
  });

  it('answers Expect itself, and the backend gets the body with the head', async () => {
    const stage = await buffering();
    const client = await stage.client();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    expect(await readHead(client)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(stage.backend.connections).toHaveLength(0);
    client.send('body');
    expect((await readMessage(client)).body.toString()).toBe('4 body');
    expect(stage.seen[0]?.lines.join('\n')).not.toMatch(/expect/i);
    client.send(get());
    expect(statusOf(await readMessage(client))).toBe(200);
  });

  it('tells a client that may not send so much before it sends anything', async () => {
    const stage = await buffering('{}, limits: { body_size: 1KiB }');
    expect(
      (
        await stage.refusal(
          'PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1025\r\n\r\n',
        )
      ).status,
    ).toBe(413);
    const client = await stage.client();
    client.send(`${CHUNKED}401\r\n${'x'.repeat(1025)}\r\n0\r\n\r\n`);
    expect(statusOf(await readMessage(client))).toBe(413);
    expect(stage.backend.connections).toHaveLength(0);
  });

  it('bounds the memory of all bodies: those beyond it are streamed', async () => {
    // Each worker has its part of the memory.
    const stage = await buffering('{ size: 64KiB, total: 100KiB }', '', 'workers: 1');
    const first = await stage.client();
    first.send(post('x'.repeat(60_000)).slice(0, -1));
    const second = await stage.client();
    second.send(post('y'.repeat(60_000)).slice(0, -1));
    await (await stage.backend.connection(0)).untilText('yyyy');
    first.send('x');
    second.send('y');
    expect((await readMessage(second)).body.toString()).toContain('60000 y');
    const lines = await eventually(async () => {
      const found = (await stage.proxy.logLines()).filter((line) => line.includes('buffering is full'));
      return found.length > 0 ? found : undefined;
    }, 'a warning');
    expect(lines).toHaveLength(1);
  });

  it('gives each of two workers half of that memory', async () => {
    const stage = await buffering('{ size: 64KiB, total: 100KiB }', '', 'workers: 2');
    const half = await stage.client();
    half.send(post('x'.repeat(48_000)).slice(0, -1));
    const more = await stage.client();
    more.send(post('y'.repeat(60_000)).slice(0, -1));
    await (await stage.backend.connection(0)).untilText('yyyy');
    more.send('y');
    expect((await readMessage(more)).body.toString()).toContain('60000 y');
    half.send('x');
    expect((await readMessage(half)).body.toString()).toContain('48000 x');
    const told = await eventually(
      async () => (await stage.proxy.logLines()).find((line) => line.includes('buffering is full')),
      'a warning',
    );
    expect(told).toContain(`total=${50 << 10}`);
  });

  it('gives the memory of a client back that leaves', async () => {
    const stage = await buffering(`{ size: 64KiB, total: ${100 * TEST_WORKERS}KiB }`);
    for (let i = 0; i < 5; i++) {
      const client = await stage.client();
      client.send(post('x'.repeat(60_000)).slice(0, -1));
      client.end();
      await client.untilClosed();
    }
    for (let i = 0; i < 5; i++) {
      expect((await stage.exchange(post('z'.repeat(60_000)))).body.toString()).toContain('60000 z');
    }
    expect(stage.backend.connections.length).toBeLessThanOrEqual(TEST_WORKERS);
    expect((await stage.proxy.logLines()).join('\n')).not.toContain('buffering is full');
  });

  it('leaves the time limits for bodies as they are', async () => {
    const stage = await buffering('{}', '', ONE_CLOCK);
    const clock = stoppedClock();
    const client = await stage.client();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n');
    await readHead(client);
    clock.advance(30_000);
    const response = await readMessage(client);
    expect(statusOf(response)).toBe(408);
    expect(response.body.toString()).toContain('the request body took too long');
    expect(stage.backend.connections).toHaveLength(0);
  });

  it('can be turned on and off while the proxy runs', async () => {
    const stage = await scene({ respond: (request) => ok(`${request.rawBody.length}`) });
    const yaml = (more: string): string =>
      `listen: "127.0.0.1:0"\nreload: { watch: false }\n${METRICS}\nbackends: [{ address: "${stage.backend.address}" }]\n${more}`;
    const lab = await labProxy(yaml(''));
    const client = owned(await ByteSocket.connect(lab.address()));
    const request = post('0123456789');
    const underWay = async (): Promise<number> =>
      (await ScrapedMetrics.from(lab.adminAddress)).sum('balance_backend_requests_in_flight');
    const sendHalf = async (): Promise<void> => {
      // One write: when the first request is answered, the proxy has the half of the second one.
      client.send(get() + request.slice(0, -5));
      expect(statusOf(await readMessage(client))).toBe(200);
    };
    const sendRest = async (): Promise<void> => {
      client.send('56789');
      expect((await readMessage(client)).body.toString()).toBe('10');
    };
    await sendHalf();
    await eventually(async () => (await underWay()) === 1, 'the half is on its way to the backend');
    await sendRest();
    await lab.change(yaml('http: { request_buffering: {} }'));
    for (let round = 0; round < 2; round++) {
      await sendHalf();
      expect(await underWay()).toBe(0);
      await sendRest();
    }
    await lab.change(yaml(''));
    await sendHalf();
    await eventually(async () => (await underWay()) === 1, 'the half is on its way again');
    await sendRest();
  });
});
