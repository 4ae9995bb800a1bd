import { createHash, randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { fieldValues, readHead, readMessage } from '../../../support/peers/http-message.ts';
import { get, post, scene } from '../scene.ts';

const LARGE_BYTES = 20 * 1024 * 1024;

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The body in chunks of uneven sizes. */
function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0, size = 1; at < body.length; at += size, size = (size * 3) % 70_001) {
    const piece = body.subarray(at, at + size);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

describe('request bodies', () => {
  it('of known length reach the backend as they are, with their length', async () => {
    const stage = await scene();
    await stage.exchange(post('a\0b\xffc\r\n\r\n'));
    expect(fieldValues(stage.seen[0]!, 'content-length')).toEqual(['9']);
    expect(stage.seen[0]!.body.toString('latin1')).toBe('a\0b\xffc\r\n\r\n');
  });

  it('in chunks reach the backend in chunks, without the extensions', async () => {
    const stage = await scene();
    await stage.exchange(
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;name="v"\r\nabc\r\n00004;x=y\r\ndefg\r\n0;last\r\n\r\n',
    );
    expect(fieldValues(stage.seen[0]!, 'transfer-encoding')).toEqual(['chunked']);
    expect(fieldValues(stage.seen[0]!, 'content-length')).toEqual([]);
    expect(stage.seen[0]!.body.toString()).toBe('abcdefg');
    expect(stage.seen[0]!.rawBody.toString()).not.toContain(';');
  });

  it.each(['GET', 'DELETE', 'OPTIONS', 'PUT', 'PATCH', 'PROPFIND'])(
    'of a %s keep their framing',
    async (method) => {
      const stage = await scene();
      await stage.exchange(
        `${method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
      );
      await stage.exchange(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`);
      await stage.exchange(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
      await stage.exchange(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(stage.seen.map((request) => request.startLine)).toEqual(Array(4).fill(`${method} / HTTP/1.1`));
      expect(stage.seen.map((request) => fieldValues(request, 'transfer-encoding'))).toEqual([
        ['chunked'],
        [],
        [],
        [],
      ]);
      expect(stage.seen.map((request) => fieldValues(request, 'content-length'))).toEqual([
        [],
        ['3'],
        ['0'],
        [],
      ]);
      expect(stage.seen.map((request) => request.body.toString())).toEqual(['abc', 'abc', '', '']);
    },
  );

  it('carry their trailers as trailers', async () => {
    const stage = await scene();
    await stage.exchange(
      'POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 12\r\nX-Sum: 13\r\n\r\n',
    );
    expect(stage.seen[0]!.trailers).toEqual(['X-Sum: 12', 'X-Sum: 13']);
    expect(fieldValues(stage.seen[0]!, 'trailer')).toEqual(['X-Sum']);
    expect(fieldValues(stage.seen[0]!, 'x-sum')).toEqual([]);
  });

  it.each(['length', 'chunks'])('of 20 MB arrive whole, framed by %s', async (framing) => {
    const body = randomBytes(LARGE_BYTES);
    const stage = await scene({ respond: (request) => ok(sha(request.body)) });
    const client = await stage.client();
    if (framing === 'length') {
      client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
      client.send(body);
    } else {
      client.send('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
      client.send(chunked(body));
    }
    client.send(get('/next'));
    expect((await readMessage(client)).body.toString()).toBe(sha(body));
    await readMessage(client);
    expect(stage.seen[1]!.startLine).toBe('GET /next HTTP/1.1');
  });

  it('are not read faster than the backend takes them', async () => {
    const stage = await scene({
      script: async (backend) => {
        await backend.untilText('\r\n\r\n');
        backend.socket.pause();
      },
    });
    const client = await stage.client();
    client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${LARGE_BYTES * 4}\r\n\r\n`);
    client.send(Buffer.alloc(LARGE_BYTES * 4));
    const connection = await stage.backend.connection(0);
    await settled(() => client.socket.writableLength + connection.received.length);
    // Some bytes are in the kernel's buffers and in two buffers of the proxy; the rest never left the client.
    expect(client.socket.writableLength).toBeGreaterThan(LARGE_BYTES);
    connection.socket.resume();
    await connection.untilLength(LARGE_BYTES * 4);
  });
});

describe('response bodies', () => {
  it('of known length reach the client as they are', async () => {
    const stage = await scene({ respond: () => ok('a\0b\xffc\r\n0\r\n\r\n') });
    const response = await stage.exchange(get());
    expect(fieldValues(response, 'content-length')).toEqual(['12']);
    expect(fieldValues(response, 'transfer-encoding')).toEqual([]);
    expect(response.body.toString('latin1')).toBe('a\0b\xffc\r\n0\r\n\r\n');
  });

  it('in chunks reach HTTP/1.1 clients in chunks, trailers included, and the connection goes on', async () => {
    const stage = await scene({
      respond: () =>
        'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n',
    });
    const client = await stage.client();
    for (let i = 0; i < 2; i++) {
      client.send(get());
      const response = await readMessage(client);
      expect(fieldValues(response, 'transfer-encoding')).toEqual(['chunked']);
      expect(fieldValues(response, 'trailer')).toEqual(['X-Sum']);
      expect(fieldValues(response, 'x-sum')).toEqual([]);
      expect(response.rawBody.toString()).toBe('3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n');
    }
    expect(stage.backend.connections).toHaveLength(1);
  });

  it('in chunks reach HTTP/1.0 clients without framing and end with the connection', async () => {
    const stage = await scene({
      respond: () =>
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n',
    });
    const client = await stage.client();
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(await client.untilEnded()).toBe('end');
    const head = await readHead(client);
    expect(head.toLowerCase()).not.toContain('transfer-encoding');
    expect(head).toContain('\r\nConnection: close\r\n');
    expect(client.text).toBe('abcdefg');
  });

  it('that end with the backend connection reach HTTP/1.1 clients in chunks', async () => {
    const stage = await scene({
      respond: async (_request, connection) => {
        connection.send('HTTP/1.1 200 OK\r\n\r\nabc');
        await new Promise((resolve) => setImmediate(resolve));
        connection.send('def');
        connection.end();
        return undefined;
      },
    });
    const client = await stage.client();
    for (let i = 0; i < 2; i++) {
      client.send(get());
      const response = await readMessage(client);
      expect(fieldValues(response, 'transfer-encoding')).toEqual(['chunked']);
      expect(response.body.toString()).toBe('abcdef');
    }
    expect(stage.backend.connections).toHaveLength(2);
  });

  it('that end with the backend connection end with the connection of HTTP/1.0 clients', async () => {
    const stage = await scene({
      respond: (_request, connection) => {
        connection.send('HTTP/1.0 200 OK\r\n\r\nabcdef');
        connection.end();
        return undefined;
      },
    });
    const client = await stage.client();
    client.send('GET / HTTP/1.0\r\n\r\n');
    expect(await client.untilEnded()).toBe('end');
    await readHead(client);
    expect(client.text).toBe('abcdef');
  });

  it.each(['length', 'chunks', 'close'])('of 20 MB arrive whole, framed by %s', async (framing) => {
    const body = randomBytes(LARGE_BYTES);
    const heads: Record<string, string> = {
      length: `Content-Length: ${body.length}\r\n`,
      chunks: 'Transfer-Encoding: chunked\r\n',
      close: '',
    };
    const stage = await scene({
      respond: (_request, connection) => {
        connection.send(`HTTP/1.1 200 OK\r\n${heads[framing]!}\r\n`);
        connection.send(framing === 'chunks' ? chunked(body) : body);
        if (framing === 'close') connection.end();
        return undefined;
      },
    });
    const response = await stage.exchange(get());
    expect(response.body).toHaveLength(body.length);
    expect(sha(response.body)).toBe(sha(body));
  });

  it('are not read faster than the client takes them', async () => {
    const stage = await scene({
      respond: (_request, connection) => {
        connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE_BYTES * 4}\r\n\r\n`);
        connection.send(Buffer.alloc(LARGE_BYTES * 4, 'x'));
        return undefined;
      },
    });
    const client = await stage.client();
    client.send(get());
    await client.untilText('xxxx');
    client.socket.pause();
    const { socket } = await stage.backend.connection(0);
    await settled(() => socket.writableLength + client.received.length);
    expect(socket.writableLength).toBeGreaterThan(LARGE_BYTES);
    client.socket.resume();
    const response = await readMessage(client);
    expect(response.body).toHaveLength(LARGE_BYTES * 4);
  });
});

describe('responses without body', () => {
  it('to HEAD keep their length, and the next response follows at once', async () => {
    const stage = await scene({
      respond: (request) =>
        request.startLine.startsWith('HEAD') ? 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n' : ok('next'),
    });
    const client = await stage.client();
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n' + get());
    const head = await readMessage(client, { noBody: true });
    expect(fieldValues(head, 'content-length')).toEqual(['1234']);
    expect((await readMessage(client)).body.toString()).toBe('next');
    expect(stage.backend.connections).toHaveLength(1);
  });

  it('to HEAD have no chunks even when the backend announces them', async () => {
    const stage = await scene({ respond: () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' });
    const client = await stage.client();
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    await readHead(client);
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    await readHead(client);
    expect(client.received).toHaveLength(0);
    expect(stage.backend.connections).toHaveLength(1);
  });

  it('are 304 with its length and 204 without one', async () => {
    const responses = ['304 Not Modified', '204 No Content'];
    const stage = await scene({
      respond: () => `HTTP/1.1 ${responses.shift()!}\r\nContent-Length: 10\r\nETag: "x"\r\n\r\n`,
    });
    const client = await stage.client();
    client.send(get());
    const notModified = await readHead(client);
    client.send(get());
    const noContent = await readHead(client);
    expect(notModified).toContain('304 Not Modified\r\nContent-Length: 10\r\n');
    expect(noContent.toLowerCase()).not.toContain('content-length');
    expect(noContent.toLowerCase()).not.toContain('transfer-encoding');
    expect(client.received).toHaveLength(0);
    expect(stage.backend.connections).toHaveLength(1);
  });
});

/** Waits until a number stays the same for a while, and returns it. */
async function settled(read: () => number): Promise<number> {
  for (;;) {
    const before = read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (read() === before) return before;
  }
}
