import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import type { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { stoppedClock, type StoppedClock } from '../../../support/time/stopped-clock.ts';
import { ONE_CLOCK } from '../../../support/workers/test-workers.ts';
import { get, scene, type Scene } from '../scene.ts';

const METRICS = 'metrics: { listen: "127.0.0.1:0" }';
const LENGTH = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n';
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Sends pieces, one each `everyMs`, until the proxy had enough. Returns how many reached the backend. */
async function drip(
  client: ByteSocket,
  backend: ByteSocket,
  clock: StoppedClock,
  { piece, everyMs, most = 100 }: { piece: string; everyMs: number; most?: number },
): Promise<number> {
  for (let sent = 0; sent < most; sent++) {
    clock.advance(everyMs);
    const before = backend.received.length;
    client.send(piece);
    const isThere = (): boolean => backend.received.length >= before + piece.length;
    await backend.until(() => isThere() || backend.ending !== undefined, 'a piece');
    if (!isThere()) return sent;
  }
  return most;
}

/** A client whose request has reached the backend, which never answers by itself. */
async function uploading(
  head: string,
  yaml = '',
): Promise<{ stage: Scene; client: ByteSocket; backend: ByteSocket; clock: StoppedClock }> {
  const stage = await scene({ yaml: `${METRICS}\n${ONE_CLOCK}\n${yaml}`, script: () => undefined });
  const clock = stoppedClock();
  const client = await stage.client();
  client.send(head);
  const backend = await stage.backend.connection(0);
  await readHead(backend);
  return { stage, client, backend, clock };
}

describe('a client that sends its body too slowly', () => {
  it.each([
    ['of known length', LENGTH, 'x', 15],
    ['in chunks', CHUNKED, '1\r\nx\r\n', 15],
    ['of HTTP/1.0', LENGTH.replace('1.1', '1.0'), 'x', 15],
  ])('gets a 408 and ends its exchange: a body %s', async (_what, head, piece, least) => {
    const { stage, client, backend, clock } = await uploading(head);
    const sent = await drip(client, backend, clock, { piece, everyMs: 2_000 });
    const response = await readMessage(client);
    expect(statusOf(response)).toBe(408);
    expect(response.body.toString()).toContain('the request body came too slowly');
    await backend.untilEnded();
    // The last one is found to be too late.
    expect(sent).toBe(least + 1);
    clock.release();
    const metrics = await stage.metrics();
    expect(metrics.sum('balance_request_errors_total', { error_type: 'body_too_slow' })).toBe(1);
    expect(await stage.inFlight()).toBe(0);
  });

  it('is cut off where its response has begun', async () => {
    const { client, backend, clock } = await uploading(LENGTH);
    backend.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart');
    await client.untilText('part');
    client.take(client.received.length);
    await drip(client, backend, clock, { piece: 'x', everyMs: 2_000 });
    await client.untilEnded();
    expect(client.received).toHaveLength(0);
  });

  it('is judged as the config says', async () => {
    const fast = await uploading(LENGTH, 'http: { limits: { min_rate: { request: 10KiB, window: 5s } } }');
    const { client, backend, clock } = fast;
    expect(await drip(client, backend, clock, { piece: 'x'.repeat(10_000), everyMs: 2_000 })).toBe(5);
  });

  it('may take all the time it wants with a rate of 0', async () => {
    const { client, backend, clock } = await uploading(
      LENGTH,
      'http: { limits: { min_rate: { request: 0 } } }',
    );
    expect(await drip(client, backend, clock, { piece: 'x', everyMs: 20_000, most: 50 })).toBe(50);
    expect(client.received).toHaveLength(0);
  });
});

describe('a client that is slow, but not too slow, sends on for as long as it likes', () => {
  it.each([
    ['at the least rate', 'x'.repeat(1_000), 2_000],
    ['with long pauses', 'x'.repeat(10_000), 20_000],
  ])('%s', async (_what, piece, everyMs) => {
    const { client, backend, clock } = await uploading(LENGTH);
    expect(await drip(client, backend, clock, { piece, everyMs, most: 60 })).toBe(60);
    expect(client.received).toHaveLength(0);
  });

  it('while it waits for a 100 Continue', async () => {
    const { client, backend, clock } = await uploading(
      LENGTH.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'),
      'timeouts: { read: 1h }',
    );
    clock.advance(600_000);
    backend.send('HTTP/1.1 100 Continue\r\n\r\n');
    await readHead(client);
    expect(await drip(client, backend, clock, { piece: 'x', everyMs: 10_000 })).toBe(4);
    expect(statusOf(await readMessage(client))).toBe(408);
  });

  it('while the backend thinks, and while there is nothing to send', async () => {
    const { client, backend, clock } = await uploading(get(), 'timeouts: { read: 1h }');
    clock.advance(600_000);
    backend.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
    await readHead(client);
    for (let event = 0; event < 10; event++) {
      clock.advance(600_000);
      backend.send('data: 1\n\n');
      await client.untilText('data: 1\n\n');
      client.take(client.received.length);
    }
    expect(client.ending).toBeUndefined();
  });
});

describe('a client that takes its response too slowly', () => {
  it('is reset, and its backend is free', async () => {
    const stage = await scene({
      yaml: `${METRICS}\nhttp: { limits: { min_rate: { response: 100MiB, window: 200ms } } }`,
      script: async (connection) => {
        await readHead(connection);
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
        connection.send(Buffer.alloc(100_000_000));
      },
    });
    const client = await stage.client();
    client.socket.pause();
    client.send(get());
    // Never at rest, and far below the rate.
    const sips = setInterval(() => {
      client.socket.read(100_000);
    }, 10);
    await (await stage.backend.connection(0)).untilEnded();
    clearInterval(sips);
    client.socket.resume();
    await client.untilEnded();
    expect(client.received.length).toBeLessThan(100_000_000);
    await eventually(async () => (await stage.inFlight()) === 0, 'nothing runs');
    const metrics = await stage.metrics();
    expect(metrics.sum('balance_request_errors_total', { error_type: 'reader_too_slow' })).toBe(1);
  });
});

describe('timeouts.request', () => {
  const yaml = 'http: { timeouts: { request: 30s } }\ntimeouts: { read: 1h }';

  it('ends a request without response with 504, however alive its body is', async () => {
    const { client, backend, clock, stage } = await uploading(LENGTH, yaml);
    await drip(client, backend, clock, { piece: 'x'.repeat(10_000), everyMs: 2_500, most: 11 });
    expect(client.received).toHaveLength(0);
    clock.advance(2_500);
    expect(statusOf(await readMessage(client))).toBe(504);
    await backend.untilEnded();
    clock.release();
    const metrics = await stage.metrics();
    expect(metrics.sum('balance_request_errors_total', { error_type: 'request_timeout' })).toBe(1);
  });

  it('breaks a response off that drips', async () => {
    const { client, backend, clock } = await uploading(get(), yaml);
    backend.send('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
    await readHead(client);
    for (let i = 0; i < 11; i++) {
      clock.advance(2_500);
      backend.send('x');
      await client.untilLength(i + 1);
    }
    expect(client.ending).toBeUndefined();
    clock.advance(2_500);
    await client.untilEnded();
    await backend.untilEnded();
  });

  it('begins anew with each request', async () => {
    const stage = await scene({ yaml: `${ONE_CLOCK}\n${yaml}`, respond: () => ok() });
    const clock = stoppedClock();
    const client = await stage.client();
    for (let i = 0; i < 3; i++) {
      client.send(get());
      expect(statusOf(await readMessage(client))).toBe(200);
      clock.advance(20_000);
    }
  });
});
