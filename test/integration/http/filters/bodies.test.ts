import { setTimeout as delay } from 'node:timers/promises';
import { createGzip, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import type { BodyOutput, FilterRequest, HttpFilter, Verdict } from '../../../../src/plugin-api/index.ts';
import { filterLab } from '../../../support/labs/filter-lab.ts';
import { ok } from '../../../support/peers/answering.ts';
import { fieldValues, readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { eventually } from '../../../support/time/eventually.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';

/** A filter that puts bodies into upper case, and notes what happens. */
function upper(calls: string[] = [], more: Partial<HttpFilter> = {}): HttpFilter {
  return {
    name: 'upper',
    response: (response) => {
      let output: BodyOutput | undefined;
      response.transformBody({
        start: (given) => (output = given),
        data: (piece) => output?.emit(Buffer.from(piece.toString('latin1').toUpperCase(), 'latin1')) ?? false,
        end: () => {
          output?.emit(Buffer.from('!'));
          output?.end();
        },
        destroy: () => calls.push('destroyed'),
      });
      return undefined;
    },
    ...more,
  };
}

const gzip: HttpFilter = {
  name: 'gzip',
  response: (response) => {
    response.setHeader('Content-Encoding', 'gzip');
    response.transformBody(createGzip(), true);
    return undefined;
  },
};

describe('a filter that changes the body of a response', () => {
  it('gives it a new length, and the connection serves on', async () => {
    const scene = await filterLab(() => [upper()], { respond: () => ok('answer') });
    const client = await scene.client();
    for (let request = 0; request < 2; request += 1) {
      client.send(GET);
      const message = await readMessage(client);
      expect(message.body.toString()).toBe('ANSWER!');
      expect(fieldValues(message, 'content-length')).toEqual([]);
      expect(fieldValues(message, 'transfer-encoding')).toEqual(['chunked']);
    }
    expect(scene.records.map(({ bytesSent }) => bytesSent)).toEqual([7, 7]);
  });

  it('passes it through those of several filters, the last one of the list first', async () => {
    const scene = await filterLab(() => [gzip, upper()], { respond: () => ok('answer') });
    const message = await scene.exchange(GET);
    expect(gunzipSync(message.body).toString()).toBe('ANSWER!');
  });

  it('gives HEAD, 204 and 304 no body', async () => {
    const scene = await filterLab(() => [gzip, upper()], {
      respond: ({ startLine }) =>
        startLine.includes('/204')
          ? 'HTTP/1.1 204 No Content\r\n\r\n'
          : startLine.includes('/304')
            ? 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'
            : 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n',
    });
    const head = await scene.exchange(GET.replace('GET', 'HEAD'));
    expect(fieldValues(head, 'content-length')).toEqual([]);
    for (const path of ['/204', '/304']) {
      const client = await scene.client();
      client.send(GET.replace('/', path));
      expect(await readHead(client)).not.toContain('chunked');
      client.send(GET.replace('/', path));
      expect(await readHead(client)).toContain(path.slice(1));
    }
  });

  it('changes answers of the proxy and of filters, too', async () => {
    const scene = await filterLab(() => [
      gzip,
      upper(),
      { name: 'answers', request: () => ({ status: 200, body: 'from a filter' }) },
    ]);
    const message = await scene.exchange(GET);
    expect(gunzipSync(message.body).toString()).toBe('FROM A FILTER!');
    expect(fieldValues(message, 'content-length')).toEqual([String(message.body.length)]);
  });

  it('sends events of a stream at once', async () => {
    let next: () => void = () => undefined;
    const scene = await filterLab(() => [upper()], {
      respond: (_, connection) => {
        connection.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n');
        next = () => {
          connection.send('data: two\n\n');
          connection.end();
        };
        return undefined;
      },
    });
    const client = await scene.client();
    client.send(GET);
    await client.untilText('DATA: ONE');
    next();
    await client.untilText('DATA: TWO');
    await client.untilText('0\r\n\r\n');
  });

  it('flushes a stream of zlib after each read, where it is asked to', async () => {
    let end: () => void = () => undefined;
    const scene = await filterLab(() => [gzip], {
      respond: (_, connection) => {
        connection.send('HTTP/1.1 200 OK\r\n\r\nfirst');
        end = () => {
          connection.end();
        };
        return undefined;
      },
    });
    const client = await scene.client();
    client.send(GET);
    const head = await readHead(client);
    expect(head).toContain('gzip');
    await eventually(() => client.received.length > 20 || undefined, 'the first part came');
    end();
    await client.untilText('0\r\n\r\n');
  });

  it('pauses the backend while the client does not read', async () => {
    const piece = Buffer.alloc(64 * 1024, 'a');
    let sent = 0;
    let isStopped = false;
    const scene = await filterLab(() => [gzipless(), upper()], {
      respond: async (_, connection) => {
        connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${String(piece.length * 4000)}\r\n\r\n`);
        const { socket } = connection;
        for (let count = 0; count < 4000 && !isStopped; count++) {
          sent += piece.length;
          if (!socket.write(piece))
            await new Promise<void>((resolve) => {
              socket.once('drain', resolve);
              socket.once('close', () => {
                isStopped = true;
                resolve();
              });
            });
        }
        return undefined;
      },
    });
    const client = await scene.client();
    client.send(GET);
    await client.untilText('200 OK');
    client.socket.pause();
    let before = -1;
    await eventually(async () => {
      const same = sent === before;
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return same || undefined;
    }, 'the backend has to wait');
    // The buffers of the sockets on the way hold some megabytes; the body has 256.
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    client.close();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['never takes more', () => false],
  ])('costs its request alone when it %s', async (_, data) => {
    const calls: string[] = [];
    const bad: HttpFilter = {
      name: 'bad',
      response: (response, request) => {
        if (request.path === '/bad')
          response.transformBody({
            start: () => undefined,
            data,
            end: () => undefined,
            destroy: () => calls.push('destroyed'),
          });
        return undefined;
      },
    };
    const scene = await filterLab(() => [bad], { http: '{ filter_timeout: 100ms }' });
    const client = await scene.client();
    client.send(GET.replace('/', '/bad'));
    await eventually(() => client.ending, 'the response is broken off');
    expect(calls).toEqual(['destroyed']);
    expect(scene.logger.lines.find((line) => line.includes('Filter failed'))).toContain('"hook":"body"');
    expect(statusOf(await scene.exchange(GET))).toBe(200);
  });

  it('is told when the client leaves', async () => {
    const calls: string[] = [];
    const scene = await filterLab(() => [upper(calls)], {
      respond: (_, connection) => {
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst');
        return undefined;
      },
    });
    const client = await scene.client();
    client.send(GET);
    await client.untilText('FIRST');
    client.close();
    await eventually(() => calls.includes('destroyed') || undefined, 'the transform hears of it');
  });
});

/** A transform that passes a body on as it is, and says when it is full. */
function gzipless(): HttpFilter {
  return {
    name: 'through',
    response: (response) => {
      let output: BodyOutput | undefined;
      let isFull = false;
      response.transformBody({
        start: (given) => (output = given),
        data: (piece) => {
          isFull = output?.emit(Buffer.from(piece)) === false;
          return !isFull;
        },
        drained: () => {
          isFull = false;
          output?.ready();
        },
        end: () => output?.end(),
      });
      return undefined;
    },
  };
}

describe('a filter that waits with a response', () => {
  const later = (verdict: () => Verdict, ms = 20): HttpFilter => ({
    name: 'later',
    response: async (response) => {
      await delay(ms);
      response.setHeader('X-Later', response.header('x-early') ?? 'none');
      return verdict();
    },
  });

  it('has the whole response go on afterwards, and the next one on the connection', async () => {
    const scene = await filterLab(() => [later(() => undefined)], {
      respond: () => ok('body', 'X-Early: yes\r\n'),
    });
    const client = await scene.client();
    for (let request = 0; request < 2; request += 1) {
      client.send(GET);
      const message = await readMessage(client);
      expect(message.body.toString()).toBe('body');
      expect(fieldValues(message, 'x-later')).toEqual(['yes']);
    }
    expect(scene.backend.connections.length).toBe(1);
  });

  it('may put an answer in its place', async () => {
    const scene = await filterLab(() => [later(() => ({ status: 203, body: 'other' }))]);
    const message = await scene.exchange(GET);
    expect([statusOf(message), message.body.toString()]).toEqual([203, 'other']);
  });

  it.each([
    [
      'rejects',
      () => {
        throw new Error('broken');
      },
      20,
    ],
    ['answers nonsense', () => ({ status: 7 }), 20],
    ['takes too long', () => undefined, 60_000],
  ])('costs the request a 500 when it %s', async (_, verdict, ms) => {
    const scene = await filterLab(() => [later(verdict, ms)], { http: '{ filter_timeout: 100ms }' });
    expect(statusOf(await scene.exchange(GET))).toBe(500);
    expect(scene.logger.lines.find((line) => line.includes('Filter failed'))).toContain('"hook":"response"');
  });
});

describe('a filter that reads the whole body of a request', () => {
  const reading = (limit: number, seen: (string | undefined)[]): HttpFilter => ({
    name: 'reads',
    request: async (request: FilterRequest) => {
      const body = await request.readBody(limit);
      seen.push(body?.toString());
      return body === undefined && limit === 3 ? { status: 413, body: 'too long' } : undefined;
    },
  });

  it('sees it, and the backend gets it, however it is cut', async () => {
    const seen: (string | undefined)[] = [];
    const scene = await filterLab(() => [reading(100, seen)]);
    expect(statusOf(await scene.exchange(POST))).toBe(200);
    const client = await scene.client();
    client.send(POST.slice(0, -3));
    await new Promise(setImmediate);
    client.send('llo');
    expect(statusOf(await readMessage(client))).toBe(200);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n');
    await new Promise(setImmediate);
    client.send('3\r\nllo\r\n0\r\n\r\n');
    expect(statusOf(await readMessage(client))).toBe(200);
    client.send(GET);
    expect(statusOf(await readMessage(client))).toBe(200);
    expect(seen).toEqual(['hello', 'hello', 'hello', '']);
    expect(scene.seen.slice(0, 3).map(({ body }) => body.toString())).toEqual(['hello', 'hello', 'hello']);
  });

  it('hears that it is too long, and may refuse it or let it pass', async () => {
    const seen: (string | undefined)[] = [];
    const refusing = await filterLab(() => [reading(3, seen)]);
    expect(statusOf(await refusing.exchange(POST))).toBe(413);
    expect(refusing.seen).toEqual([]);
    const passing = await filterLab(() => [reading(4, seen)]);
    expect(statusOf(await passing.exchange(POST))).toBe(200);
    const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
    expect(statusOf(await passing.exchange(chunked))).toBe(200);
    expect(passing.seen.map(({ body }) => body.toString())).toEqual(['hello', 'hello']);
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it('reads for each filter up to the limit of its own', async () => {
    const seen: (string | undefined)[] = [];
    const chain = [reading(4, seen), reading(100, seen), reading(4, seen)];
    const scene = await filterLab(() => chain);
    const client = await scene.client();
    client.send(POST.slice(0, -3));
    await new Promise(setImmediate);
    client.send('llo');
    expect(statusOf(await readMessage(client))).toBe(200);
    const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
    client.send(chunked);
    expect(statusOf(await readMessage(client))).toBe(200);
    expect(seen).toEqual([undefined, 'hello', undefined, undefined, 'hello', undefined]);
    expect(scene.seen.map(({ body }) => body.toString())).toEqual(['hello', 'hello']);
  });

  it('does not wait for ever for a client that stops, also if it read nothing at first', async () => {
    const patient: HttpFilter = {
      name: 'patient',
      request: async (request) => {
        await new Promise(setImmediate);
        await request.readBody(100);
        return undefined;
      },
    };
    const scene = await filterLab(() => [patient], { http: '{ timeouts: { read: 200ms } }' });
    const client = await scene.client();
    client.send(POST.slice(0, -3));
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.send('l');
    expect(statusOf(await readMessage(client))).toBe(408);
  });

  it('lets a client send that waits for 100 Continue, of which the backend does not hear', async () => {
    const seen: (string | undefined)[] = [];
    const scene = await filterLab(() => [reading(100, seen)]);
    const client = await scene.client();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
    expect(await readHead(client)).toContain('100 Continue');
    client.send('hello');
    expect(statusOf(await readMessage(client))).toBe(200);
    const [request] = scene.seen;
    expect(request && [fieldValues(request, 'expect'), request.body.toString()]).toEqual([[], 'hello']);
  });
});
