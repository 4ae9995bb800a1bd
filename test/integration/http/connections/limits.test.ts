import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { fieldValues, readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { ONE_CLOCK } from '../../../support/workers/test-workers.ts';
import { get, post, scene } from '../scene.ts';
import { shiftedClock } from '../shifted-clock.ts';

const METRICS = 'metrics: { listen: "127.0.0.1:0" }';

/** A chunked POST, head and chunks by themselves. */
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n`;

describe('limits.target_length', () => {
  it.each([
    ['a path', '/', ''],
    ['a query', '/?', ''],
    ['an absolute target', 'http://a.test/', ''],
    ['a target in pieces', '/', 'pieces'],
  ])('lets %s of that length pass and refuses one byte more with 414', async (_what, start, how) => {
    const stage = await scene({ yaml: 'http: { limits: { target_length: 200 } }' });
    const ask = async (length: number): Promise<number> => {
      const peer = await stage.client();
      const request = get(start + 'x'.repeat(length - start.length));
      if (how === 'pieces') await peer.sendPieces(request, 7);
      else peer.send(request);
      const response = await readMessage(peer);
      if (statusOf(response) === 414) {
        expect(fieldValues(response, 'connection')).toEqual(['close']);
        expect(await peer.untilEnded()).toBe('end');
      }
      return statusOf(response);
    };
    expect([await ask(200), await ask(201)]).toEqual([200, 414]);
    expect(stage.seen).toHaveLength(1);
  });

  it('is 8192 bytes by default', async () => {
    const stage = await scene();
    expect(statusOf(await stage.exchange(get(`/${'x'.repeat(8191)}`)))).toBe(200);
    expect((await stage.refusal(get(`/${'x'.repeat(8192)}`))).status).toBe(414);
  });
});

describe('limits.body_size', () => {
  const yaml = `${METRICS}\nhttp: { limits: { body_size: 1KiB } }`;

  it('lets a body of that length pass; one byte more is a 413 before the backend sees anything', async () => {
    const stage = await scene({ yaml, respond: (request) => ok(`${request.body.length}`) });
    expect((await stage.exchange(post('x'.repeat(1024)))).body.toString()).toBe('1024');
    const before = stage.backend.connections[0]!.received.length;
    const { status, closed, body } = await stage.refusal(post('x'.repeat(1025)));
    expect({ status, closed }).toEqual({ status: 413, closed: true });
    expect(body).toContain('the request body is too large');
    expect(stage.backend.connections).toHaveLength(1);
    expect(stage.backend.connections[0]!.received.length).toBe(before);
    const metrics = await stage.metrics();
    expect(metrics.sum('balance_request_errors_total', { error_type: 'body_too_large' })).toBe(1);
  });

  it('refuses by Content-Length alone, without the body, also with Expect', async () => {
    const stage = await scene({ yaml });
    const head = 'PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1025\r\n\r\n';
    expect(await stage.refusal(head)).toMatchObject({ status: 413, closed: true });
    expect(stage.backend.connections).toHaveLength(0);
  });

  it('counts the bytes of a chunked body, not its framing', async () => {
    const stage = await scene({ yaml, respond: (request) => ok(`${request.body.length}`) });
    const response = await stage.exchange(
      `${CHUNKED}${chunk('x').repeat(1024)}0\r\nX-Trailer: ${'t'.repeat(2000)}\r\n\r\n`,
    );
    expect(response.body.toString()).toBe('1024');
  });

  it('stops a chunked body in flight: 413, and the connection to the backend ends', async () => {
    const stage = await scene({ yaml, script: () => undefined });
    const peer = await stage.client();
    peer.send(CHUNKED + chunk('x'.repeat(1024)));
    const backend = await stage.backend.connection(0);
    await backend.untilText(chunk('x'.repeat(1024)));
    peer.send(chunk('y'));
    const response = await readMessage(peer);
    expect(statusOf(response)).toBe(413);
    expect(fieldValues(response, 'connection')).toEqual(['close']);
    await backend.untilEnded();
    // The backend must not take the part for the whole.
    expect(backend.text.endsWith(chunk('x'.repeat(1024)))).toBe(true);
    await peer.untilEnded();
    expect(peer.received).toHaveLength(0);
    const metrics = await stage.metrics();
    expect(metrics.sum('balance_request_errors_total', { error_type: 'body_too_large' })).toBe(1);
    expect(metrics.sum('balance_pool_connections_idle')).toBe(0);
  });

  it('refuses a chunked body that is all there at once, and what follows is never a request', async () => {
    const stage = await scene({ yaml });
    const peer = await stage.client();
    peer.send(`${CHUNKED}${chunk('x'.repeat(1025))}0\r\n\r\n${get('/smuggled')}`);
    expect(statusOf(await readMessage(peer))).toBe(413);
    await peer.untilEnded();
    expect(stage.seen).toHaveLength(0);
  });

  it('breaks a response off that had begun when the body became too large', async () => {
    const stage = await scene({
      yaml,
      script: async (connection) => {
        await readHead(connection);
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart');
      },
    });
    const peer = await stage.client();
    peer.send(CHUNKED + chunk('x'));
    await peer.untilText('part');
    peer.send(chunk('x'.repeat(1024)));
    await peer.untilEnded();
    expect(peer.text.endsWith('part')).toBe(true);
    expect(peer.text).not.toContain(' 413 ');
    await (await stage.backend.connection(0)).untilEnded();
  });

  it('0 is no limit', async () => {
    const stage = await scene({
      yaml: 'http: { limits: { body_size: 0 } }',
      respond: (request) => ok(`${request.body.length}`),
    });
    expect((await stage.exchange(post('x'.repeat(3_000_000)))).body.toString()).toBe('3000000');
  });
});

describe('limits.connection_age', () => {
  const AGE = `${ONE_CLOCK}\nhttp: { limits: { connection_age: 60s } }`;

  it('ends a connection that is older after its next response, and not before', async () => {
    const stage = await scene({ yaml: AGE });
    const clock = shiftedClock();
    const peer = await stage.client();
    for (const [shiftMs, closes] of [
      [0, []],
      [50_000, []],
      [60_000, ['close']],
    ] as const) {
      clock.shiftMs = shiftMs;
      peer.send(get());
      expect(fieldValues(await readMessage(peer), 'connection')).toEqual(closes);
    }
    expect(await peer.untilEnded()).toBe('end');
    expect(stage.seen).toHaveLength(3);
    expect(stage.backend.connections).toHaveLength(1);
  });

  it('lets a response that is under way come to its end, and closes behind the next one, which says so', async () => {
    const stage = await scene({
      yaml: AGE,
      respond: () => 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf',
    });
    const clock = shiftedClock();
    const peer = await stage.client();
    peer.send(get('/1') + get('/2') + get('/3'));
    await peer.untilText('half');
    clock.shiftMs = 60_000;
    const far = await stage.backend.connection(0);
    for (const closes of [[], ['close']]) {
      far.send('half');
      const response = await readMessage(peer);
      expect([response.body.toString(), fieldValues(response, 'connection')]).toEqual(['halfhalf', closes]);
      if (closes.length === 0) await peer.untilText('half');
    }
    await peer.untilEnded();
    expect(peer.received).toHaveLength(0);
    expect(stage.seen).toHaveLength(2);
  });
});

describe('the head of a response', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n';

  it.each([
    ['1,000 fields', `${HEAD}${'X: 1\r\n'.repeat(999)}\r\n`, 200],
    ['1,001 fields', `${HEAD}${'X: 1\r\n'.repeat(1000)}\r\n`, 502],
    ['256 KiB', `${HEAD}X: ${'x'.repeat(256 * 1024 - HEAD.length - 7)}\r\n\r\n`, 200],
    ['one byte more', `${HEAD}X: ${'x'.repeat(256 * 1024 - HEAD.length - 6)}\r\n\r\n`, 502],
  ])('may have %s or may not: %#', async (_what, head, status) => {
    const stage = await scene({ respond: () => head });
    const response = await stage.exchange(get());
    expect(statusOf(response)).toBe(status);
    if (status === 200) {
      const end = response.raw.toString('latin1').indexOf('\r\nDate: ');
      expect(response.raw.toString('latin1', 0, end + 2)).toBe(head.slice(0, -2));
    } else await (await stage.backend.connection(0)).untilEnded();
  });
});
