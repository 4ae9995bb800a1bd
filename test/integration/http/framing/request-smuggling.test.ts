import { describe, expect, it } from 'vitest';

import { readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { owned } from '../../../support/owned.ts';
import { get, post, scene } from '../scene.ts';

/** A complete request of an attacker's choice behind each bad one: it must never run. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

const HOST = 'Host: a\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';

/** A description, the request, and the status of the answer. */
const AMBIGUOUS: readonly (readonly [string, string, number])[] = [
  [
    'Content-Length and Transfer-Encoding',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n${CHUNKED}\r\n0\r\n\r\n`,
    400,
  ],
  [
    'Transfer-Encoding and Content-Length',
    `POST / HTTP/1.1\r\n${HOST}${CHUNKED}Content-Length: 5\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    'two Content-Lengths that differ',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
    400,
  ],
  [
    'two equal Content-Lengths',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    400,
  ],
  ['two Content-Lengths in one line', `POST / HTTP/1.1\r\n${HOST}Content-Length: 5, 6\r\n\r\nhello`, 400],
  [
    'two equal Content-Lengths in one line',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 5, 5\r\n\r\nhello`,
    400,
  ],
  ['a negative Content-Length', `POST / HTTP/1.1\r\n${HOST}Content-Length: -5\r\n\r\nhello`, 400],
  ['a signed Content-Length', `POST / HTTP/1.1\r\n${HOST}Content-Length: +5\r\n\r\nhello`, 400],
  ['a hexadecimal Content-Length', `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x5\r\n\r\nhello`, 400],
  ['an empty Content-Length', `POST / HTTP/1.1\r\n${HOST}Content-Length:\r\n\r\nhello`, 400],
  ['a blank Content-Length', `POST / HTTP/1.1\r\n${HOST}Content-Length:  \r\n\r\nhello`, 400],
  ['a Content-Length in words', `POST / HTTP/1.1\r\n${HOST}Content-Length: five\r\n\r\nhello`, 400],
  ['a Content-Length with a gap', `POST / HTTP/1.1\r\n${HOST}Content-Length: 1 1\r\n\r\nhello`, 400],
  [
    'a Content-Length beyond counting',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 99999999999999999999\r\n\r\nhello`,
    400,
  ],
  [
    'a Content-Length beyond exact numbers',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 9007199254740993\r\n\r\nhello`,
    400,
  ],
  ['chunked twice', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, 400],
  ['two Transfer-Encodings', `POST / HTTP/1.1\r\n${HOST}${CHUNKED}${CHUNKED}\r\n0\r\n\r\n`, 400],
  [
    'Transfer-Encoding identity',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
    501,
  ],
  ['an unknown coding', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 501],
  ['chunked not last', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`, 400],
  ['gzip before chunked', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
  ['an empty Transfer-Encoding', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding:\r\n\r\n0\r\n\r\n`, 501],
  ['a quoted coding', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`, 501],
  [
    'a coding with a tab inside',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chun\tked\r\n\r\n0\r\n\r\n`,
    501,
  ],
  [
    'a coding with a hard space',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\xa0\r\n\r\n0\r\n\r\n`,
    501,
  ],
  ['a coding before a tab', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`, 501],
  [
    'a coding behind a vertical tab',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['Transfer-Encoding in HTTP/1.0', `POST / HTTP/1.0\r\n${CHUNKED}\r\n0\r\n\r\n`, 400],
];

describe('a request whose length is ambiguous is refused and ends the connection', () => {
  it.each(AMBIGUOUS)('%s', async (_what, request, status) => {
    const stage = await scene();
    expect(await stage.refusal(request + SMUGGLED)).toMatchObject({ status, closed: true });
    expect(stage.backend.connections).toHaveLength(0);
  });

  it('chunked in other casing and with blanks around it is chunked', async () => {
    const stage = await scene();
    await stage.exchange(
      `POST / HTTP/1.1\r\n${HOST}transfer-ENCODING: \t Chunked  \r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    );
    expect(stage.seen[0]!.lines.filter((line) => /^transfer-encoding/i.test(line))).toEqual([
      'Transfer-Encoding: chunked',
    ]);
    expect(stage.seen[0]!.body.toString()).toBe('abc');
  });
});

/** As above. */
const MALFORMED: readonly (readonly [string, string, number])[] = [
  ['blanks before a colon', `GET / HTTP/1.1\r\n${HOST}X : 1\r\n\r\n`, 400],
  ['a tab before a colon', `GET / HTTP/1.1\r\n${HOST}Content-Length\t: 1\r\n\r\n`, 400],
  ['a blank before the first name', `GET / HTTP/1.1\r\n ${HOST}\r\n`, 400],
  ['a folded line', `GET / HTTP/1.1\r\n${HOST}X: 1\r\n 2\r\n\r\n`, 400],
  ['a line folded by a tab', `GET / HTTP/1.1\r\n${HOST}X: 1\r\n\t2\r\n\r\n`, 400],
  ['an empty line folded', `GET / HTTP/1.1\r\n${HOST}X:\r\n 2\r\n\r\n`, 400],
  [
    'a folded Transfer-Encoding',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['a line without colon', `GET / HTTP/1.1\r\n${HOST}nonsense\r\n\r\n`, 400],
  ['a line without name', `GET / HTTP/1.1\r\n${HOST}: value\r\n\r\n`, 400],
  ['a name with a control byte', `GET / HTTP/1.1\r\n${HOST}X\x01Y: 1\r\n\r\n`, 400],
  ['a name with a byte beyond ASCII', `GET / HTTP/1.1\r\n${HOST}X\xe4: 1\r\n\r\n`, 400],
  ['a bare CR in a value', `GET / HTTP/1.1\r\n${HOST}X: 1\rY: 2\r\n\r\n`, 400],
  ['a bare LF after a value', `GET / HTTP/1.1\r\n${HOST}X: 1\nY: 2\r\n\r\n`, 400],
  ['a bare LF after the request line', `GET / HTTP/1.1\n${HOST}\r\n`, 400],
  ['only bare LFs', 'GET / HTTP/1.1\nHost: a\n\n', 400],
  ['a bare CR after a value', `GET / HTTP/1.1\r\n${HOST}X: 1\r\rY: 2\r\n\r\n`, 400],
  ['a bare CR at the end of the head', `GET / HTTP/1.1\r\n${HOST}\rX: 1\r\n\r\n`, 400],
  ['NUL in a value', `GET / HTTP/1.1\r\n${HOST}X: 1\x002\r\n\r\n`, 400],
  ['another control byte in a value', `GET / HTTP/1.1\r\n${HOST}X: 1\x7f2\r\n\r\n`, 400],
  ['NUL in the target', `GET /\x00 HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['a tab in the target', `GET /\ta HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['a blank in the target', `GET /a b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['no target', `GET  HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['HTTP/0.9', 'GET /\r\n\r\n', 400],
  ['HTTP/0.9 in words', `GET / HTTP/0.9\r\n${HOST}\r\n`, 400],
  ['HTTP/0.1', `GET / HTTP/0.1\r\n${HOST}\r\n`, 400],
  ['HTTP/2.0', `GET / HTTP/2.0\r\n${HOST}\r\n`, 505],
  ['HTTP/2.1', `GET / HTTP/2.1\r\n${HOST}\r\n`, 505],
  ['HTTP/9.9', `GET / HTTP/9.9\r\n${HOST}\r\n`, 505],
  ['HTTP/2.0 with a method of its own', `LIST / HTTP/2.0\r\n${HOST}\r\n`, 505],
  ['HTTP/11', `GET / HTTP/11\r\n${HOST}\r\n`, 400],
  ['HTTP/1.10', `GET / HTTP/1.10\r\n${HOST}\r\n`, 400],
  ['a version in lower case', `GET / http/1.1\r\n${HOST}\r\n`, 400],
  ['another protocol', `GET / HTTPS/1.1\r\n${HOST}\r\n`, 400],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['that preface as HTTP/1.1', `PRI * HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['CONNECT', `CONNECT a:80 HTTP/1.1\r\n${HOST}\r\n`, 405],
  ['CONNECT in HTTP/1.2', `CONNECT a:80 HTTP/1.2\r\n${HOST}\r\n`, 405],
  ['CONNECT in other casing', `Connect a:80 HTTP/1.1\r\n${HOST}\r\n`, 405],
  ['a method of RTSP in RTSP', `DESCRIBE / RTSP/1.0\r\n${HOST}\r\n`, 400],
  ['an own method in RTSP', `LIST / RTSP/1.0\r\n${HOST}\r\n`, 400],
  ['an own method with two blanks behind it', `LIST  / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['an own method and a blank in the target', `LIST /a b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['an own method and a tab behind the target', `LIST /\tHTTP/1.1\r\n${HOST}\r\n`, 400],
  ['an own method and a bare LF', `LIST / HTTP/1.1\n${HOST}\r\n`, 400],
  ['an own method and a bare CR', `LIST / HTTP/1.1\rX: 1\r\n${HOST}\r\n`, 400],
  ['an own method and HTTP/1.10', `LIST / HTTP/1.10\r\n${HOST}\r\n`, 400],
  ['an own method and a blank behind the version', `LIST / HTTP/1.1 \r\n${HOST}\r\n`, 400],
  ['an own method and a folded line', `LIST / HTTP/1.1\r\n${HOST}X: 1\r\n 2\r\n\r\n`, 400],
  ['an own method and no Host', 'LIST / HTTP/1.1\r\n\r\n', 400],
  ['an own method with a control byte', `LI\x01ST / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['an own method with a byte beyond ASCII', `LI\xe4ST / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['a method with a slash', `GE/T / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ['a method without a target', 'NONSENSE\r\n\r\n', 400],
  ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['a response', 'HTTP/1.1 200 OK\r\n\r\n', 400],
];

describe('a malformed head is refused and ends the connection', () => {
  it.each(MALFORMED)('%s', async (_what, request, status) => {
    const stage = await scene();
    expect(await stage.refusal(request + SMUGGLED)).toMatchObject({ status, closed: true });
    expect(stage.backend.connections).toHaveLength(0);
  });

  it.each(['GE/T / HTTP/1.1\r\n', 'LIST /a b HTTP/1.1\r\n'])(
    'in whatever pieces its start comes: %j',
    async (request) => {
      const stage = await scene();
      for (let size = 1; size < 10; size++) {
        const client = await stage.client();
        await client.sendPieces(request, size);
        expect(statusOf(await readMessage(client))).toBe(400);
      }
    },
  );

  it('but empty lines before a request are not', async () => {
    const stage = await scene();
    const client = await stage.client();
    client.send(`\r\n\r\n${get('/a')}`);
    expect(statusOf(await readMessage(client))).toBe(200);
    client.send(`\r\n${get('/b')}`);
    expect(statusOf(await readMessage(client))).toBe(200);
  });

  it('nor are they between requests, with bodies or without, in any pieces; none is passed on', async () => {
    const stage = await scene();
    const client = await stage.client();
    const text = `\r\n${post('body', '/1')}\r\n\r\n${get('/2')}\r\n${post('\r\n', '/3')}\n${get('/4')}`;
    client.send(text);
    for (let i = 0; i < 4; i++) expect(statusOf(await readMessage(client))).toBe(200);
    const sending = client.sendPieces(text);
    for (let i = 0; i < 4; i++) expect(statusOf(await readMessage(client))).toBe(200);
    await sending;
    const lines = ['POST /1', 'GET /2', 'POST /3', 'GET /4'].map((line) => `${line} HTTP/1.1`);
    expect(stage.seen.map((seen) => seen.startLine)).toEqual([...lines, ...lines]);
    expect(stage.seen.map((seen) => seen.body.toString())).toEqual([
      'body',
      '',
      '\r\n',
      '',
      'body',
      '',
      '\r\n',
      '',
    ]);
  });

  it('yet who sends nothing else is idle', async () => {
    const stage = await scene({ yaml: 'http: { timeouts: { idle: 300ms, read: 60s } }' });
    const client = await stage.client();
    const drip = setInterval(() => client.send('\r\n'), 20);
    owned({ close: () => clearInterval(drip) });
    expect(await client.untilEnded()).toBeDefined();
    expect(client.text).toBe('');
  });
});

it('is refused alike when each byte comes by itself', async () => {
  const stage = await scene();
  const outcomes = await Promise.all(
    [...AMBIGUOUS, ...MALFORMED].map(async ([what, request]) => {
      const client = await stage.client();
      const sending = client.sendPieces(request + SMUGGLED);
      const status = statusOf(await readMessage(client));
      await client.untilEnded();
      await sending;
      return [what, status, client.text] as const;
    }),
  );
  expect(outcomes).toEqual([...AMBIGUOUS, ...MALFORMED].map(([what, , status]) => [what, status, '']));
  expect(stage.backend.connections).toHaveLength(0);
});

describe('a malformed chunked body', () => {
  it.each([
    ['a size that is no number', 'x\r\nabc\r\n0\r\n\r\n'],
    ['an empty size', '\r\nabc\r\n0\r\n\r\n'],
    ['a negative size', '-3\r\nabc\r\n0\r\n\r\n'],
    ['a size with a prefix', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['a size beyond counting', 'fffffffffffffffff\r\nabc\r\n0\r\n\r\n'],
    ['a blank before the size', ' 3\r\nabc\r\n0\r\n\r\n'],
    ['a blank behind the size', '3 \r\nabc\r\n0\r\n\r\n'],
    ['a blank behind the last size', '3\r\nabc\r\n0 \r\n\r\n'],
    ['a blank behind an extension', '3;a=b \r\nabc\r\n0\r\n\r\n'],
    ['an empty extension', '3;\r\nabc\r\n0\r\n\r\n'],
    ['an extension without a name', '3;=b\r\nabc\r\n0\r\n\r\n'],
    ['an extension without a value', '3;a=\r\nabc\r\n0\r\n\r\n'],
    ['a line break in a quoted extension', '3;a="\r\nabc\r\n0\r\n\r\n'],
    ['a bare CR in an extension', '3;a\rb\r\nabc\r\n0\r\n\r\n'],
    ['an endless extension', `3;${'a'.repeat(17_000)}\r\nabc\r\n0\r\n\r\n`],
    ['a length in the trailers', '3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n'],
    ['a coding in the trailers', '3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a bare LF after a trailer', '3\r\nabc\r\n0\r\nX: 1\nY: 2\r\n\r\n'],
    ['a bare LF after the size', '3\nabc\r\n0\r\n\r\n'],
    ['a bare CR after the size', '3\rabc\r\n0\r\n\r\n'],
    ['more bytes than the size says', '3\r\nabcd\r\n0\r\n\r\n'],
    ['no line break after the bytes', '3\r\nabc0\r\n\r\n'],
    ['a bare LF after the bytes', '3\r\nabc\n0\r\n\r\n'],
    ['a bare LF in an extension', '3;a\nb\r\nabc\r\n0\r\n\r\n'],
    ['a control byte in an extension', '3;a=\x00\r\nabc\r\n0\r\n\r\n'],
    ['a bare LF at the end', '3\r\nabc\r\n0\n\n'],
    ['a folded trailer', '3\r\nabc\r\n0\r\nX: 1\r\n 2\r\n\r\n'],
    ['a blank before a trailer colon', '3\r\nabc\r\n0\r\nX : 1\r\n\r\n'],
    ['a bare CR in a trailer', '3\r\nabc\r\n0\r\nX: 1\r2\r\n\r\n'],
  ])(
    'ends in 400 or an abort, and reaches the backend neither whole nor with what follows: %s',
    async (_what, body) => {
      const stage = await scene();
      const client = await stage.client();
      client.send(`POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n${body}${SMUGGLED}`);
      await client.untilEnded();
      expect(client.text).toMatch(/^HTTP\/1\.1 400 /);
      expect(stage.seen).toHaveLength(0);
      for (const connection of stage.backend.connections) {
        expect(connection.text).not.toContain('smuggled');
        expect(connection.text).not.toMatch(/\r\n0\r\n(.*\r\n)*\r\n$/);
      }
    },
  );

  it('sees trailers that frame or route stay trailers', async () => {
    const stage = await scene();
    const client = await stage.client();
    client.send(
      `POST / HTTP/1.1\r\n${HOST}${CHUNKED}\r\n3\r\nabc\r\n0\r\nX-Trailer: 1\r\nHost: evil\r\n\r\n${get('/next')}`,
    );
    await readMessage(client);
    await readMessage(client);
    expect(stage.seen[0]!.lines).toContain('Host: a');
    expect(stage.seen[0]!.lines).not.toContain('Host: evil');
    expect(stage.seen[0]!.trailers).toContain('X-Trailer: 1');
    expect(stage.seen[1]!.startLine).toBe('GET /next HTTP/1.1');
  });
});

describe('a body that nobody reads', () => {
  it('of a request that is refused is not taken for a request', async () => {
    const stage = await scene({ yaml: 'health_endpoint: /health' });
    const client = await stage.client();
    client.send(`POST /health HTTP/1.1\r\n${HOST}Content-Length: ${SMUGGLED.length + 10}\r\n\r\n${SMUGGLED}`);
    const response = await readMessage(client);
    expect(response.lines).toContain('Connection: close');
    await client.untilEnded();
    expect(client.received).toHaveLength(0);
    expect(stage.backend.connections).toHaveLength(0);
  });
});
