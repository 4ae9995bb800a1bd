import { describe, expect, it } from 'vitest';

import { readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { get, scene } from '../scene.ts';

/** Registered ones that the parser does not know, those that it knows from RTSP, and methods of one's own. */
const METHODS: readonly string[] = [
  ...['VERSION-CONTROL', 'BASELINE-CONTROL', 'CHECKIN', 'UNCHECKOUT', 'LABEL', 'MKWORKSPACE', 'UPDATE'],
  ...['ORDERPATCH', 'MKREDIRECTREF', 'UPDATEREDIRECTREF'],
  ...['DESCRIBE', 'SETUP', 'PLAY', 'PAUSE', 'TEARDOWN', 'ANNOUNCE', 'RECORD', 'REDIRECT', 'FLUSH'],
  ...['GET_PARAMETER', 'SET_PARAMETER', 'SOURCE', 'QUERY', 'M-SEARCH'],
  ...[
    'LIST',
    'RPC_IN_DATA',
    'RPC_OUT_DATA',
    'BAN',
    'get',
    'Get',
    'GETS',
    'G',
    'P',
    'PRIX',
    "!#$%&'*+-.^_`|~9z",
  ],
  'M'.repeat(300),
];

function request(method: string, target = '/a?b', lines = ''): string {
  return `${method} ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
}

describe('a method is any token', () => {
  it.each(METHODS)('%s', async (method) => {
    const stage = await scene();
    expect(statusOf(await stage.exchange(request(method)))).toBe(200);
    expect(stage.seen.map((seen) => seen.startLine)).toEqual([`${method} /a?b HTTP/1.1`]);
  });

  it('on one connection with others, pipelined, with bodies of both kinds, in any pieces', async () => {
    const stage = await scene();
    const text = [
      get('/1'),
      `${request('LIST', '/2', 'Content-Length: 3\r\n')}abc`,
      get('/3'),
      `${request('RPC_IN_DATA', '/4', 'Transfer-Encoding: chunked\r\n')}3\r\nabc\r\n0\r\n\r\n`,
      request('DESCRIBE', '/5'),
      `\r\n${request('get', '/6', 'Content-Length: 3\r\n')}GET`,
      get('/7'),
    ].join('');
    const wanted = [
      ['GET /1', ''],
      ['LIST /2', 'abc'],
      ['GET /3', ''],
      ['RPC_IN_DATA /4', 'abc'],
      ['DESCRIBE /5', ''],
      ['get /6', 'GET'],
      ['GET /7', ''],
    ];
    for (const size of [1, 2, 3, 7, 50, text.length]) {
      stage.seen.length = 0;
      const client = await stage.client();
      const sending = client.sendPieces(text, size);
      for (const [line] of wanted) expect(statusOf(await readMessage(client)), line).toBe(200);
      await sending;
      expect(
        stage.seen.map((seen) => [seen.startLine.replace(' HTTP/1.1', ''), seen.body.toString()]),
      ).toEqual(wanted);
    }
  });

  it('so that what follows is read as strictly as ever', async () => {
    const stage = await scene();
    const both = request('LIST', '/', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n');
    expect(await stage.refusal(`${both}0\r\n\r\n`)).toMatchObject({ status: 400, closed: true });
    expect(await stage.refusal(request('LIST', '/\x80'))).toMatchObject({ status: 400, closed: true });
    expect(stage.backend.connections).toHaveLength(0);
  });

  it('of an absolute target, of *, and in HTTP/1.0', async () => {
    const stage = await scene();
    await stage.exchange(request('LIST', 'http://b/c'));
    await stage.exchange('LIST /d HTTP/1.0\r\n\r\n');
    expect(stage.seen.map((seen) => seen.startLine)).toEqual(['LIST /c HTTP/1.1', 'LIST /d HTTP/1.1']);
    expect(stage.seen[0]!.lines).toContain('Host: b');
    // The asterisk is for OPTIONS alone (RFC 9112 3.2.4).
    expect((await stage.refusal(request('LIST', '*'))).status).toBe(400);
  });

  it('counts for header_size as it arrived', async () => {
    const stage = await scene({ yaml: 'http: { limits: { header_size: 4KiB } }' });
    const rest = ' /a HTTP/1.1\r\nHost: a\r\n\r\n';
    const longest = 'M'.repeat(4096 - rest.length);
    for (const size of [1_000, 5_000]) {
      const client = await stage.client();
      await client.sendPieces(longest + rest, size);
      expect(statusOf(await readMessage(client))).toBe(200);
      const tooLong = await stage.client();
      await tooLong.sendPieces(`M${longest}${rest}`, size);
      expect([414, 431]).toContain(statusOf(await readMessage(tooLong)));
    }
    expect(stage.seen).toHaveLength(2);
  });

  it('is one among others in metrics', async () => {
    const stage = await scene({ yaml: 'metrics: { listen: "127.0.0.1:0" }' });
    for (const method of ['LIST', 'BAN', 'get']) await stage.exchange(request(method));
    const requests = (await stage.metrics()).sum('balance_requests_total', { method: 'other' });
    expect(requests).toBe(3);
  });
});

describe('HTTP/1.2 to 1.9', () => {
  it.each(['1.2', '1.3', '1.9'])('HTTP/%s counts as 1.1 and goes on as 1.1', async (version) => {
    const stage = await scene();
    const client = await stage.client();
    client.send(
      `GET /a HTTP/${version}\r\nHost: a\r\n\r\nPOST /b HTTP/${version}\r\nHost: a\r\nContent-Length: 2\r\n\r\nok`,
    );
    for (let i = 0; i < 2; i++) {
      const response = await readMessage(client);
      expect(response.startLine).toBe('HTTP/1.1 200 OK');
      expect(response.lines).not.toContain('Connection: close');
    }
    expect(stage.seen.map((seen) => seen.startLine)).toEqual(['GET /a HTTP/1.1', 'POST /b HTTP/1.1']);
  });

  it('wants a Host as 1.1 does', async () => {
    const stage = await scene();
    expect((await stage.refusal('GET / HTTP/1.2\r\n\r\n')).status).toBe(400);
  });
});
