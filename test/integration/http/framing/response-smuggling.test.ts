import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { get, scene } from '../scene.ts';

/** A description, and the bytes of the backend's answer. */
const INVALID: readonly (readonly [string, string])[] = [
  ['two different Content-Lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
  ['a negative Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello'],
  ['a Content-Length in words', 'HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello'],
  ['an empty Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello'],
  ['different Content-Lengths in a list', 'HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello'],
  ['a Content-Length list with a gap', 'HTTP/1.1 200 OK\r\nContent-Length: 5, ,5\r\n\r\nhello'],
  ['a Content-Length with a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello'],
  [
    'a Content-Length beside a coding that nobody knows',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\nhello',
  ],
  ['a huge Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello'],
  ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n'],
  ['gzip before chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['chunked with a hard space', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\xa0\r\n\r\n0\r\n\r\n'],
  ['chunked behind a vertical tab', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n'],
  ['a length behind a vertical tab', 'HTTP/1.1 200 OK\r\nContent-Length: \x0b5\r\n\r\nhello'],
  ['a control byte in Connection', 'HTTP/1.1 200 OK\r\nConnection: close\x01\r\nContent-Length: 0\r\n\r\n'],
  ['chunked with a tab', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n'],
  [
    'two Transfer-Encodings',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a bare CR in a value', 'HTTP/1.1 200 OK\r\nX: 1\r2\r\nContent-Length: 0\r\n\r\n'],
  ['a bare CR at the end of a value', 'HTTP/1.1 200 OK\r\nX: 1\r\r\nContent-Length: 0\r\n\r\n'],
  ['a bare CR in the status line', 'HTTP/1.1 200 OK\r\rX: 1\r\nContent-Length: 0\r\n\r\n'],
  ['a bare CR among bare LFs', 'HTTP/1.1 200 OK\nX: 1\r2\nContent-Length: 0\n\n'],
  ['NUL among bare LFs', 'HTTP/1.1 200 OK\nX: 1\x002\nContent-Length: 0\n\n'],
  ['NUL in a value', 'HTTP/1.1 200 OK\r\nX: 1\x002\r\nContent-Length: 0\r\n\r\n'],
  ['a line without colon', 'HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n'],
  ['a line without name', 'HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 0\r\n\r\n'],
  ['a blank in a name', 'HTTP/1.1 200 OK\r\nX Y: x\r\nContent-Length: 0\r\n\r\n'],
  ['a blank before the first name', 'HTTP/1.1 200 OK\r\n X: x\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/1.10', 'HTTP/1.10 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a version in lower case', 'http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/0.9', 'hello'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  [
    'a protocol that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n',
  ],
];

describe('an invalid response head becomes a 502 and its socket is discarded', () => {
  it.each(INVALID)('%s', async (_what, bytes) => {
    let bad = true;
    const stage = await scene({ respond: () => (bad ? bytes : ok('good')) });
    const client = await stage.client();
    client.send(get());
    const response = await readMessage(client);
    expect(statusOf(response)).toBe(502);
    expect(response.body.toString()).not.toContain('hello');
    await (await stage.backend.connection(0)).untilEnded();
    bad = false;
    client.send(get());
    expect((await readMessage(client)).body.toString()).toBe('good');
    expect(stage.backend.connections).toHaveLength(2);
  });

  it('in the same way when each byte comes by itself', async () => {
    const stage = await scene({
      respond: async (request, connection) => {
        await connection.sendPieces(INVALID[Number(/\d+/.exec(request.startLine)![0])]![1]);
        return undefined;
      },
    });
    const statuses = await Promise.all(
      INVALID.map(async (_, i) => statusOf(await stage.exchange(get(`/${i}`)))),
    );
    expect(statuses).toEqual(INVALID.map(() => 502));
    await Promise.all(stage.backend.connections.map((connection) => connection.untilEnded()));
  });

  it('and so does one that is endless', async () => {
    const stage = await scene({
      script: (connection) => {
        connection.send(`HTTP/1.1 200 OK\r\n${'X: 0123456789\r\n'.repeat(30_000)}`);
      },
    });
    const response = await stage.exchange(get());
    expect(statusOf(response)).toBe(502);
  });
});

describe('bytes that follow a response', () => {
  it.each([
    ['of known length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['without body', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['with the status 304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n'],
  ])('%s never reach a client, and the socket is discarded', async (_what, response) => {
    const stage = await scene({
      respond: () => `${response}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`,
    });
    for (let i = 0; i < 3; i++) {
      const client = await stage.client();
      client.send(get());
      const message = await readMessage(client);
      expect(message.body.toString()).not.toContain('poison');
      client.send(get());
      await readMessage(client);
      expect(client.text).not.toContain('poison');
    }
    expect(stage.backend.connections).toHaveLength(6);
  });
});

describe('a malformed chunked response', () => {
  it.each([
    ['a size that is no number', '3\r\nabc\r\nx\r\n'],
    ['more bytes than the size says', '3\r\nabcd\r\n0\r\n\r\n'],
    ['a bare CR after the size', '3\r\nabc\r\n3\rabc\r\n0\r\n\r\n'],
    ['no line end behind the data', '3\r\nabc0\r\n\r\n'],
    ['a line break in a quoted extension', '3\r\nabc\r\n3;a="\r\nabc\r\n0\r\n\r\n'],
    ['NUL in an extension', '3\r\nabc\r\n3;a\0\r\nabc\r\n0\r\n\r\n'],
    ['a bare CR in a trailer', '3\r\nabc\r\n0\r\nX: 1\r2\r\n\r\n'],
    ['NUL in a trailer', '3\r\nabc\r\n0\r\nX: 1\0\r\n\r\n'],
    ['a trailer without colon', '3\r\nabc\r\n0\r\nnonsense\r\n\r\n'],
  ])('ends in an abort that shows what came before: %s', async (_what, body) => {
    const stage = await scene({
      respond: () => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    });
    const client = await stage.client();
    client.send(get());
    await client.untilEnded();
    expect(client.text).toContain('HTTP/1.1 200 OK');
    expect(client.text).toContain('\r\n\r\n3\r\nabc\r\n');
    expect(client.text).not.toContain('\r\n0\r\n');
    await (await stage.backend.connection(0)).untilEnded();
  });
});
