import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { get, scene } from '../scene.ts';

interface Irregular {
  /** The bytes that the backend sends. */
  readonly sent: string;
  /** Lines that the client gets, the status line first. */
  readonly lines: readonly string[];
  readonly body: string;
}

const OK = 'HTTP/1.1 200 OK';
const CHUNKS = '5\r\nhello\r\n0\r\n\r\n';

/** Responses outside the grammar that can be read in one way only. */
const IRREGULAR: Readonly<Record<string, Irregular>> = {
  'bare LFs': {
    sent: `${OK}\nX-A: 1\nContent-Length: 5\n\nhello`,
    lines: [OK, 'X-A: 1', 'Content-Length: 5'],
    body: 'hello',
  },
  'a bare LF among others': {
    sent: `${OK}\r\nX-A: 1\nContent-Length: 5\r\n\r\nhello`,
    lines: [OK, 'X-A: 1', 'Content-Length: 5'],
    body: 'hello',
  },
  'a bare LF at the end of the head': {
    sent: `${OK}\r\nContent-Length: 5\r\n\nhello`,
    lines: [OK, 'Content-Length: 5'],
    body: 'hello',
  },
  'bare LFs around chunks': {
    sent: `${OK}\nTransfer-Encoding: chunked\n\n5\nhello\n0\nX-T: 1\n\n`,
    lines: [OK, 'Transfer-Encoding: chunked'],
    body: 'hello',
  },
  'HTTP/1.2': {
    sent: 'HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    lines: [OK, 'Content-Length: 5'],
    body: 'hello',
  },
  'HTTP/1.9 with chunks': {
    sent: `HTTP/1.9 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
    lines: [OK, 'Transfer-Encoding: chunked'],
    body: 'hello',
  },
  'two equal lengths': {
    sent: `${OK}\r\nContent-Length: 5\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello`,
    lines: [OK, 'Content-Length: 5', 'X-A: 1'],
    body: 'hello',
  },
  'a list of equal lengths': {
    sent: `${OK}\r\nContent-Length: 5, 5,5\r\n\r\nhello`,
    lines: [OK, 'Content-Length: 5'],
    body: 'hello',
  },
  'equal lengths with leading zeros': {
    sent: `${OK}\r\nContent-Length: 05\r\nContent-Length: 5\r\n\r\nhello`,
    lines: [OK, 'Content-Length: 5'],
    body: 'hello',
  },
  'a length before chunks': {
    sent: `${OK}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
    lines: [OK, 'Transfer-Encoding: chunked'],
    body: 'hello',
  },
  'a length behind chunked': {
    sent: `${OK}\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n${CHUNKS}`,
    lines: [OK, 'Transfer-Encoding: chunked'],
    body: 'hello',
  },
  'chunks in HTTP/1.0': {
    sent: `HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
    lines: [OK, 'Transfer-Encoding: chunked'],
    body: 'hello',
  },
  'blanks before colons': {
    sent: `${OK}\r\nX-A : 1\r\nContent-Length\t : 5\r\n\r\nhello`,
    lines: [OK, 'X-A: 1', 'Content-Length: 5'],
    body: 'hello',
  },
  'folded lines': {
    sent: `${OK}\r\nX-A: 1\r\n  2\r\n\t3\r\nContent-Length: 5\r\n\r\nhello`,
    lines: [OK, 'X-A: 1 2 3', 'Content-Length: 5'],
    body: 'hello',
  },
  'control bytes in a value': {
    sent: `${OK}\r\nX-A: 1\x012\x0b3\x7f4\t5\r\nContent-Length: 5\r\n\r\nhello`,
    lines: [OK, 'X-A: 1 2 3 4\t5', 'Content-Length: 5'],
    body: 'hello',
  },
  'a control byte in the reason': {
    sent: 'HTTP/1.1 200 O\x07K\r\nContent-Length: 5\r\n\r\nhello',
    lines: ['HTTP/1.1 200 O K', 'Content-Length: 5'],
    body: 'hello',
  },
  'two blanks behind the version': {
    sent: 'HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nhello',
    lines: [OK, 'Content-Length: 5'],
    body: 'hello',
  },
  'a blank behind a chunk size': {
    sent: `${OK}\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0 \t\r\n\r\n`,
    lines: [OK, 'Transfer-Encoding: chunked'],
    body: 'hello',
  },
  'an extension outside the grammar': {
    sent: `${OK}\r\nTransfer-Encoding: chunked\r\n\r\n5; a b=,\r\nhello\r\n0;\r\n\r\n`,
    lines: [OK, 'Transfer-Encoding: chunked'],
    body: 'hello',
  },
  'lengths and codings among the trailers': {
    sent: `${OK}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 9\r\nX-T: 1\r\nTransfer-Encoding: x\r\n\r\n`,
    lines: [OK, 'Transfer-Encoding: chunked'],
    body: 'hello',
  },
  'a folded trailer': {
    sent: `${OK}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T:\r\n 1\r\n\r\n`,
    lines: [OK, 'Transfer-Encoding: chunked'],
    body: 'hello',
  },
};

/** The lines that the backend sent, as the client got them. */
function ownLines(lines: readonly string[]): string[] {
  return lines.filter((line) => !/^(?:date|x-request-id|connection|via):/i.test(line));
}

describe('a response outside the grammar with one safe reading is passed on in plain form, and its socket is not used again', () => {
  it.each(Object.entries(IRREGULAR))('%s', async (_what, { sent, lines, body }) => {
    let irregular = true;
    const stage = await scene({ respond: () => (irregular ? sent : ok('good')) });
    const client = await stage.client();
    client.send(get());
    const response = await readMessage(client);
    expect([response.startLine, ...ownLines(response.lines)]).toEqual(lines);
    expect(response.body.toString()).toBe(body);
    expect(response.trailers).toEqual(sent.includes('X-T:') ? ['X-T: 1'] : []);
    await (await stage.backend.connection(0)).untilEnded();
    irregular = false;
    client.send(get());
    expect((await readMessage(client)).body.toString()).toBe('good');
    expect(stage.backend.connections).toHaveLength(2);
  });

  it('also when each byte comes by itself', async () => {
    const cases = Object.values(IRREGULAR);
    const stage = await scene({
      respond: async (request, connection) => {
        await connection.sendPieces(cases[Number(/\d+/.exec(request.startLine)![0])]!.sent);
        return undefined;
      },
    });
    const responses = await Promise.all(cases.map((_, i) => stage.exchange(get(`/${i}`))));
    expect(
      responses.map(({ startLine, lines, body }) => ({
        lines: [startLine, ...ownLines(lines)],
        body: body.toString(),
      })),
    ).toEqual(cases.map(({ lines, body }) => ({ lines, body })));
    await Promise.all(stage.backend.connections.map((connection) => connection.untilEnded()));
  });

  it('also to HTTP/1.0, and to HEAD', async () => {
    const stage = await scene({
      respond: (request) => {
        const { sent } = IRREGULAR[decodeURIComponent(request.startLine.split(' ')[1]!.slice(1))]!;
        return request.startLine.startsWith('HEAD') ? sent.slice(0, -CHUNKS.length) : sent;
      },
    });
    const old = await stage.client();
    old.send(`GET /${encodeURIComponent('a length before chunks')} HTTP/1.0\r\n\r\n`);
    await old.untilEnded();
    expect(old.text).not.toMatch(/content-length|transfer-encoding/i);
    expect(old.text).toMatch(/\r\n\r\nhello$/);
    const head = await stage.exchange(
      `HEAD /${encodeURIComponent('a length before chunks')} HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    expect(statusOf(head)).toBe(200);
    expect(fieldValues(head, 'content-length')).toEqual([]);
  });

  it('as are interim responses', async () => {
    const stage = await scene({
      respond: () =>
        'HTTP/1.2 103 Early\x07Hints\nLink : </a>\n\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    });
    const client = await stage.client();
    client.send(get());
    const interim = await readMessage(client, { noBody: true });
    expect([interim.startLine, ...interim.lines]).toEqual(['HTTP/1.1 103 Early Hints', 'Link: </a>']);
    expect((await readMessage(client)).body.toString()).toBe('ok');
    await (await stage.backend.connection(0)).untilEnded();
  });

  it('while bytes behind it are nobody’s', async () => {
    const stage = await scene({
      respond: () => `${OK}\nContent-Length: 2\n\nok${OK}\nContent-Length: 6\n\npoison`,
    });
    for (let i = 0; i < 2; i++) {
      const client = await stage.client();
      client.send(get());
      expect((await readMessage(client)).body.toString()).toBe('ok');
      client.send(get());
      expect((await readMessage(client)).body.toString()).toBe('ok');
    }
    expect(stage.backend.connections).toHaveLength(4);
  });

  it('however long its head is, up to the limit of response heads', async () => {
    const field = `X: ${'0123456789'.repeat(10)}\n`;
    const stage = await scene({
      respond: (request) => {
        const count = Number(request.startLine.split(' ')[1]!.slice(1));
        return `${OK}\n${field.repeat(count)}Content-Length: 2\n\nok`;
      },
    });
    const long = await stage.exchange(get('/900'));
    expect(fieldValues(long, 'x')).toHaveLength(900);
    expect(statusOf(await stage.exchange(get('/1001')))).toBe(502);
    expect(statusOf(await stage.exchange(get('/3000')))).toBe(502);
  });
});

describe('a chunk of a response', () => {
  it('may have white space around its extensions, which leaves the socket in use', async () => {
    const stage = await scene({
      respond: () =>
        `${OK}\r\nTransfer-Encoding: chunked\r\n\r\n2 ; a=b\r\nhe\r\n3\t;\ta = "\\"x" ; c\r\nllo\r\n0 ; z\r\n\r\n`,
    });
    const client = await stage.client();
    for (let i = 0; i < 2; i++) {
      client.send(get());
      expect((await readMessage(client)).body.toString()).toBe('hello');
    }
    expect(stage.backend.connections).toHaveLength(1);
  });
});

describe('Content-Length with leading zeros', () => {
  it.each(['05', '0000000005'])(
    'is a length: %s, and is passed on without them both ways',
    async (length) => {
      const stage = await scene({
        respond: () => `${OK}\r\nContent-Length: ${length}\r\nX-A: 1\r\n\r\nhello`,
      });
      const client = await stage.client();
      for (let i = 0; i < 2; i++) {
        client.send(`POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nX-A: 1\r\n\r\nworld`);
        const response = await readMessage(client);
        expect(fieldValues(response, 'content-length')).toEqual(['5']);
        expect(fieldValues(response, 'x-a')).toEqual(['1']);
        expect(response.body.toString()).toBe('hello');
      }
      for (const seen of stage.seen) {
        expect(fieldValues(seen, 'content-length')).toEqual(['5']);
        expect(fieldValues(seen, 'x-a')).toEqual(['1']);
        expect(seen.body.toString()).toBe('world');
      }
      expect(stage.seen).toHaveLength(2);
      expect(stage.backend.connections).toHaveLength(1);
    },
  );

  it('may be zero', async () => {
    const stage = await scene();
    await stage.exchange('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 000\r\n\r\n');
    expect(fieldValues(stage.seen[0]!, 'content-length')).toEqual(['0']);
  });

  it('is not endless', async () => {
    const stage = await scene();
    const length = `${'0'.repeat(1000)}5`;
    const request = `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nhello`;
    expect((await stage.refusal(request)).status).toBe(400);
  });

  it('counts for body_size by its value', async () => {
    const stage = await scene({ yaml: 'http: { limits: { body_size: 9B } }' });
    const sized = (length: string): string =>
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
    expect(statusOf(await stage.exchange(`${sized('009')}123456789`))).toBe(200);
    expect((await stage.refusal(`${sized('010')}1234567890`)).status).toBe(413);
  });
});
