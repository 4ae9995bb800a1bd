import { describe, expect, it } from 'vitest';

import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { get, scene } from '../scene.ts';

describe('what only looks like a sound request', () => {
  it.each([
    ['RTSP', 'GET /a RTSP/1.1\r\nHost: a\r\n\r\n'],
    ['older RTSP', 'OPTIONS /a RTSP/1.0\r\nHost: a\r\n\r\n'],
    ['ICE', 'SOURCE /a ICE/1.1\r\nHost: a\r\n\r\n'],
    ['a fragment', get('/a#b')],
    ['a port without a host', 'GET / HTTP/1.1\r\nHost: :80\r\n\r\n'],
    ['a target with a port alone', 'GET http://:80/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('is refused and never reaches a backend: %s', async (_what, request) => {
    const stage = await scene();
    expect((await stage.refusal(request)).status).toBe(400);
    expect(stage.seen).toHaveLength(0);
  });

  it.each(['h2c', 'websocket, h2c', 'HTTP/2.0', 'h2'])(
    'is no upgrade to %s: an ordinary request goes on',
    async (protocol) => {
      const stage = await scene();
      const lines = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABk\r\n`;
      expect(statusOf(await stage.exchange(get('/', lines)))).toBe(200);
      const names = stage.seen[0]!.lines.map((line) => line.split(':')[0]!.toLowerCase());
      for (const name of ['upgrade', 'connection', 'http2-settings']) expect(names).not.toContain(name);
    },
  );

  it('loses the trailers that could steer a backend, and keeps the others', async () => {
    const stage = await scene();
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const trailers =
      'host: evil\r\nX-Sum: 1\r\nX-Forwarded-For: 6.6.6.6\r\nAuthorization: x\r\nCookie: x\r\ntraceparent: x\r\nb3: 0\r\n';
    await stage.exchange(`${head}2\r\nok\r\n0\r\n${trailers}\r\n`);
    expect(stage.seen[0]!.trailers).toEqual(['X-Sum: 1']);
  });

  it('may not have trailers beyond header_size, in one piece as little as in many', async () => {
    const stage = await scene({ yaml: 'http: { limits: { header_size: 4KiB } }' });
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect((await stage.refusal(`${head}0\r\nX-Long: ${'a'.repeat(5000)}\r\n\r\n`)).status).toBe(400);
  });
});

describe('what only looks like a sound response', () => {
  it.each([
    ['RTSP', 'RTSP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['a NUL in the reason', 'HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nok'],
    ['a line break before it', '\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ])('is a 502: %s', async (_what, response) => {
    const stage = await scene({ respond: () => response });
    expect(statusOf(await stage.exchange(get()))).toBe(502);
  });

  it('is seen to be broken off when the backend resets right behind data that only a close would end', async () => {
    const stage = await scene({
      script: async (connection) => {
        await connection.untilText('\r\n\r\n');
        connection.send('HTTP/1.1 200 OK\r\n\r\nabc');
        // Node's own resetAndDestroy() ends first, which would make an orderly end of it.
        Object.assign(connection.socket, { resetAndClosing: true }).destroy();
      },
    });
    for (let round = 0; round < 20; round++) {
      const client = await stage.client();
      client.send(get());
      await client.untilEnded();
      const text = client.received.toString();
      expect(text.includes(' 200 ') && text.endsWith('0\r\n\r\n')).toBe(false);
    }
  });

  it('keeps the lengths of sound ones', async () => {
    const stage = await scene();
    const client = await stage.client();
    client.send(get());
    expect(fieldValues(await readMessage(client), 'content-length')).toEqual(['2']);
  });
});
