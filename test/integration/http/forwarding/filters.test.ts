import { describe, expect, it } from 'vitest';

import type { FilterRequest, HttpFilter, Upstream, Verdict } from '../../../../src/plugin-api/index.ts';
import { filterLab, type FilterLab, type FilterLabOptions } from '../../../support/labs/filter-lab.ts';
import { ok } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { eventually } from '../../../support/time/eventually.ts';

const GET = 'GET /a?b=1 HTTP/1.1\r\nHost: example.test\r\nX-Asked: yes\r\n\r\n';
const POST = 'POST /a HTTP/1.1\r\nHost: example.test\r\nContent-Length: 5\r\n\r\nhello';
const FORBIDDEN = { status: 403, body: 'not you\n', headers: { 'X-Why': 'rules' } };

/** A lab with these filters on all routes. */
function lab(filters: readonly HttpFilter[], options?: FilterLabOptions): Promise<FilterLab> {
  return filterLab(() => filters, options);
}

/** A filter whose promises the test settles. */
class Gate implements HttpFilter {
  readonly name = 'gate';
  readonly asked: FilterRequest[] = [];
  readonly #settle: { resolve: (verdict: Verdict) => void; reject: (error: unknown) => void }[] = [];

  request(request: FilterRequest): Promise<Verdict> {
    this.asked.push(request);
    return new Promise((resolve, reject) => this.#settle.push({ resolve, reject }));
  }

  async untilAsked(count = 1): Promise<void> {
    await eventually(() => this.asked.length >= count, 'the gate was asked');
  }

  open(index = 0, verdict?: Verdict): void {
    this.#settle[index]!.resolve(verdict);
  }

  fail(error: unknown): void {
    this.#settle[0]!.reject(error);
  }
}

describe('a filter that answers at once', () => {
  it('keeps the request from the backend, and the connection open', async () => {
    const scene = await lab([{ name: 'no', request: () => FORBIDDEN }]);
    const client = await scene.client();
    for (let i = 0; i < 2; i++) {
      client.send(GET);
      const message = await readMessage(client);
      expect(statusOf(message)).toBe(403);
      expect(message.body.toString()).toBe('not you\n');
      expect(fieldValues(message, 'X-Why')).toEqual(['rules']);
      expect(fieldValues(message, 'Content-Type')).toEqual(['text/plain; charset=utf-8']);
      expect(fieldValues(message, 'X-Request-ID')).toHaveLength(1);
    }
    expect(scene.seen).toEqual([]);
    expect(scene.records.map(({ status, error }) => [status, error])).toEqual([
      [403, undefined],
      [403, undefined],
    ]);
  });

  it('ends the connection when the body of the request is not read', async () => {
    const scene = await lab([{ name: 'no', request: () => FORBIDDEN }]);
    const client = await scene.client();
    client.send(POST.slice(0, -2));
    expect(fieldValues(await readMessage(client), 'Connection')).toEqual(['close']);
    await client.untilEnded();
  });

  it('gives the head alone to a HEAD request', async () => {
    const scene = await lab([{ name: 'no', request: () => FORBIDDEN }]);
    const message = await scene.exchange(GET.replace('GET', 'HEAD'));
    expect(statusOf(message)).toBe(403);
    expect(fieldValues(message, 'Content-Length')).toEqual(['8']);
  });
});

describe('a filter that changes a request', () => {
  it('changes fields, target and upstream of what the backend gets', async () => {
    let other: Upstream | undefined;
    const scene = await filterLab((_, host) => {
      other = host.upstream('other', 'keep-alive');
      const filter: HttpFilter = {
        name: 'edits',
        request: (request) => {
          request.setHeader('X-Asked', `was ${request.header('x-asked') ?? ''}`);
          request.addHeader('X-Added', 'one ${path}');
          request.removeHeader('X-Forwarded-For');
          request.setTarget('/new?c=2');
          request.forwardTo(other as Upstream);
        },
      };
      return [filter];
    });
    await scene.exchange(GET);
    const [request] = scene.seen;
    expect(request!.startLine).toBe('GET /new?c=2 HTTP/1.1');
    expect(fieldValues(request!, 'X-Asked')).toEqual(['was yes']);
    expect(fieldValues(request!, 'X-Added')).toEqual(['one ${path}']);
    expect(fieldValues(request!, 'X-Forwarded-For')).toEqual([]);
    expect(scene.records[0]).toMatchObject({ upstream: 'other', path: '/a' });
    expect(scene.records[0]!.backend!.name).toBe('two');
  });

  it('leaves the last word to the transforms of the config', async () => {
    const filter: HttpFilter = {
      name: 'edits',
      request: (request) => {
        request.setHeader('X-A', 'filter');
        return undefined;
      },
    };
    const scene = await lab([filter], {
      http: '{ transform: { request_headers: [{ action: set, name: X-A, value: config }], add_prefix: /p } }',
    });
    await scene.exchange(GET);
    expect(fieldValues(scene.seen[0]!, 'X-A')).toEqual(['config']);
    expect(scene.seen[0]!.startLine).toBe('GET /p/a?b=1 HTTP/1.1');
  });
});

describe('a filter that waits', () => {
  it('lets the request go on as it came, although others came meanwhile', async () => {
    const gate = new Gate();
    const scene = await lab([gate]);
    const first = await scene.client();
    first.send(GET);
    await gate.untilAsked();
    const second = await scene.client();
    second.send(
      'GET /other HTTP/1.1\r\nHost: second.test\r\nX-Asked: no, and much longer than the first\r\n\r\n',
    );
    await gate.untilAsked(2);
    gate.open(1);
    expect(statusOf(await readMessage(second))).toBe(200);
    expect(scene.seen.map(({ startLine }) => startLine)).toEqual(['GET /other HTTP/1.1']);
    gate.open(0);
    expect(statusOf(await readMessage(first))).toBe(200);
    expect(scene.seen[1]!.startLine).toBe('GET /a?b=1 HTTP/1.1');
    expect(fieldValues(scene.seen[1]!, 'X-Asked')).toEqual(['yes']);
    expect(fieldValues(scene.seen[1]!, 'Host')).toEqual(['example.test']);
  });

  it('passes the body on that came meanwhile', async () => {
    const gate = new Gate();
    const scene = await lab([gate]);
    const client = await scene.client();
    client.send(POST.slice(0, -3));
    await gate.untilAsked();
    client.send('llo');
    gate.open();
    await readMessage(client);
    expect(scene.seen[0]!.body.toString()).toBe('hello');
  });

  it('serves a pipelined request after the one that waits', async () => {
    const gate = new Gate();
    const scene = await lab([gate]);
    const client = await scene.client();
    client.send(GET + GET.replace('/a', '/second'));
    await gate.untilAsked();
    gate.open(0, FORBIDDEN);
    expect(statusOf(await readMessage(client))).toBe(403);
    await gate.untilAsked(2);
    gate.open(1);
    expect(statusOf(await readMessage(client))).toBe(200);
    expect(scene.seen.map(({ startLine }) => startLine)).toEqual(['GET /second?b=1 HTTP/1.1']);
  });

  it('costs the request a 500 when it rejects', async () => {
    const gate = new Gate();
    const scene = await lab([gate]);
    const client = await scene.client();
    client.send(GET);
    await gate.untilAsked();
    gate.fail(new Error('no database'));
    expect(statusOf(await readMessage(client))).toBe(500);
    expect(scene.records[0]).toMatchObject({ status: 500, error: 'internal' });
    const line = scene.logger.lines.find((text) => text.includes('Filter failed'));
    expect(line).toContain('"filter":"gate"');
    expect(line).toContain('no database');
    client.send(GET);
    await gate.untilAsked(2);
    gate.open(1);
    expect(statusOf(await readMessage(client))).toBe(200);
  });

  it('has as long as the request', async () => {
    const gate = new Gate();
    const scene = await lab([gate], { http: '{ timeouts: { request: 100ms } }' });
    const message = await scene.exchange(GET);
    expect(statusOf(message)).toBe(504);
    expect(gate.asked[0]!.gone.aborted).toBe(true);
    gate.open();
    expect(scene.seen).toEqual([]);
  });

  it('has as long as filter_timeout allows, where the request may take for ever', async () => {
    const gate = new Gate();
    const scene = await lab([gate], { http: '{ filter_timeout: 100ms }' });
    expect(statusOf(await scene.exchange(GET))).toBe(500);
    expect(statusOf(await scene.exchange(POST.slice(0, -2)))).toBe(500);
    expect(scene.records.map(({ error }) => error)).toEqual(['internal', 'internal']);
  });

  it('is told when the client leaves, and its verdict counts no more', async () => {
    const gate = new Gate();
    const scene = await lab([gate]);
    const client = await scene.client();
    client.send(GET);
    await gate.untilAsked();
    const { gone } = gate.asked[0]!;
    expect(gone.aborted).toBe(false);
    client.reset();
    await eventually(() => gone.aborted, 'the filter knows');
    gate.open();
    expect(scene.instance.active).toBe(0);
    expect(scene.records[0]).toMatchObject({ status: 499, error: 'client_abort' });
    expect(scene.seen).toEqual([]);
  });

  it('keeps the generation that the request began with', async () => {
    const gate = new Gate();
    const scene = await lab([gate], {
      http: '{ transform: { request_headers: [{ action: set, name: X-G, value: old }] } }',
    });
    const client = await scene.client();
    client.send(GET);
    await gate.untilAsked();
    const before = scene.instance;
    await scene.goLive('{ transform: { request_headers: [{ action: set, name: X-G, value: new }] } }');
    let isClosed = false;
    const closed = before.close().then(() => (isClosed = true));
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    gate.open();
    await readMessage(client);
    await closed;
    expect(fieldValues(scene.seen[0]!, 'X-G')).toEqual(['old']);
    client.send(GET);
    await gate.untilAsked(2);
    gate.open(1);
    await readMessage(client);
    expect(fieldValues(scene.seen[1]!, 'X-G')).toEqual(['new']);
  });
});

describe('a filter that sees the response', () => {
  it('edits its fields, and transforms have the last word', async () => {
    const filter: HttpFilter = {
      name: 'edits',
      response: (response, request) => {
        response.setHeader(
          'X-Seen',
          `${response.origin} ${response.status} ${request.header('x-asked') ?? ''}`,
        );
        response.removeHeader('Server');
        response.setHeader('X-A', 'filter');
        return undefined;
      },
    };
    const scene = await lab([filter], {
      respond: () => ok('body', 'Server: secret\r\n'),
      http: '{ transform: { response_headers: [{ action: set, name: X-A, value: config }] } }',
    });
    const message = await scene.exchange(GET);
    expect(message.body.toString()).toBe('body');
    expect(fieldValues(message, 'X-Seen')).toEqual(['backend 200 yes']);
    expect(fieldValues(message, 'Server')).toEqual([]);
    expect(fieldValues(message, 'X-A')).toEqual(['config']);
  });

  it('sees what the rules of the config rewrite, and has the last word about it', async () => {
    const seen: (string | undefined)[] = [];
    const http =
      '{ transform: { locations: [{ from: "http://inside.test/", to: "/" }], cookie_rewrites: { secure: true } } }';
    const strips: HttpFilter = {
      name: 'strips',
      response: (response) => {
        seen.push(response.header('location'), response.header('set-cookie'));
        response.removeHeader('Set-Cookie');
        return undefined;
      },
    };
    const fields = 'Location: http://inside.test/a\r\nSet-Cookie: a=1\r\n';
    const scene = await lab([strips], { http, respond: () => ok('', fields) });
    const message = await scene.exchange(GET);
    expect(seen).toEqual(['/a', 'a=1; Secure']);
    expect([fieldValues(message, 'location'), fieldValues(message, 'set-cookie')]).toEqual([['/a'], []]);
  });

  it('sends one Content-Type and one Date of an answer that has its own', async () => {
    const headers = { 'content-type': 'text/html', date: 'Thu, 01 Jan 1970 00:00:00 GMT' };
    const answers: HttpFilter = {
      name: 'answers',
      request: () => ({ status: 200, contentType: 'text/plain', body: '<p>', headers }),
    };
    const edits: HttpFilter = {
      name: 'edits',
      response: (response) => {
        response.addHeader('X-A', 'b');
        return undefined;
      },
    };
    for (const filters of [[answers], [edits, answers]]) {
      const message = await (await lab(filters)).exchange(GET);
      expect(fieldValues(message, 'content-type')).toEqual(['text/html']);
      expect(fieldValues(message, 'date')).toEqual([headers.date]);
    }
  });

  it('puts another one in its place', async () => {
    const scene = await lab(
      [
        {
          name: 'page',
          response: ({ status }) => (status === 500 ? { status: 503, body: 'sorry' } : undefined),
        },
      ],
      {
        respond: ({ startLine }) =>
          startLine.includes('/bad') ? ok('broken').replace('200 OK', '500 Oh') : ok(),
      },
    );
    const client = await scene.client();
    client.send(GET.replace('/a', '/bad'));
    const message = await readMessage(client);
    expect([statusOf(message), message.body.toString()]).toEqual([503, 'sorry']);
    client.send(GET);
    expect(statusOf(await readMessage(client))).toBe(200);
  });

  it('edits answers of the proxy itself, too', async () => {
    const scene = await lab(
      [
        {
          name: 'always',
          response: (response) => {
            response.setHeader('X-Origin', response.origin);
            return undefined;
          },
        },
      ],
      {
        respond: (_, connection) => {
          connection.end();
          return undefined;
        },
      },
    );
    const message = await scene.exchange(GET);
    expect(statusOf(message)).toBe(502);
    expect(fieldValues(message, 'X-Origin')).toEqual(['proxy']);
  });

  it('costs the request a 500 when it throws', async () => {
    const scene = await lab([
      {
        name: 'bad',
        response: () => {
          throw new Error('broken');
        },
      },
    ]);
    const message = await scene.exchange(GET);
    expect(statusOf(message)).toBe(500);
    expect(scene.logger.lines.some((line) => line.includes('"hook":"response"'))).toBe(true);
  });
});

describe('a tap on bodies', () => {
  it('sees the request and the response, without framing', async () => {
    const seen: string[] = [];
    const tap = (side: string) => ({
      data: (bytes: Buffer, start: number, end: number) =>
        seen.push(`${side} ${bytes.toString('latin1', start, end)}`),
      end: () => seen.push(`${side} end`),
    });
    const filter: HttpFilter = {
      name: 'taps',
      request: (request) => {
        request.tapBody(tap('>'));
      },
      response: (response) => {
        response.tapBody(tap('<'));
        return undefined;
      },
    };
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n';
    const scene = await lab([filter], { respond: () => chunked });
    const client = await scene.client();
    client.send(POST);
    expect((await readMessage(client)).body.toString()).toBe('abcde');
    const texts = seen.map((line) => line.replace(/ end$/, '$'));
    expect(texts.filter((line) => line.startsWith('>')).join('')).toBe('> hello>$');
    expect(
      texts
        .filter((line) => line.startsWith('<'))
        .join('')
        .replaceAll('< ', ''),
    ).toBe('abcde<$');
  });

  it('sees a body that came while an earlier filter waited', async () => {
    const gate = new Gate();
    let body = '';
    const taps: HttpFilter = {
      name: 'taps',
      request: (request) => {
        request.tapBody({ data: (bytes, start, end) => (body += bytes.toString('latin1', start, end)) });
      },
    };
    const scene = await lab([gate, taps]);
    const client = await scene.client();
    client.send(POST);
    await gate.untilAsked();
    gate.open();
    await readMessage(client);
    expect(body).toBe('hello');
    expect(scene.seen[0]!.body.toString()).toBe('hello');
  });

  it('breaks off the response when it throws in the middle', async () => {
    const scene = await lab([
      {
        name: 'bad',
        response: (response) => {
          response.tapBody({
            data: () => {
              throw new Error('broken');
            },
          });
          return undefined;
        },
      },
    ]);
    const client = await scene.client();
    client.send(GET);
    await client.untilEnded();
    expect(client.text).not.toContain('\r\n\r\nok');
    expect(scene.records[0]).toMatchObject({ error: 'internal' });
  });
});

describe('the end of an exchange', () => {
  it('is told to the filters that the request reached, with its record', async () => {
    const ends: string[] = [];
    const ending = (name: string, verdict?: Verdict): HttpFilter => ({
      name,
      request: () => verdict,
      done: ({ status, route }) => ends.push(`${name} ${status} ${route}`),
    });
    const scene = await filterLab(
      (route) => (route === 'r' ? [ending('one'), ending('two', FORBIDDEN), ending('three')] : []),
      {
        http: '{ routes: [{ name: r, path_prefix: /a, upstream: app }] }',
      },
    );
    await scene.exchange(GET);
    expect(ends).toEqual(['two 403 r', 'one 403 r']);
    expect(statusOf(await scene.exchange(GET.replace('/a', '/x')))).toBe(200);
    expect(ends).toHaveLength(2);
  });
});

describe('an explanation', () => {
  it('names the filters of the route, and runs none', async () => {
    let runs = 0;
    const scene = await lab([
      { name: 'first', request: () => void (runs += 1) },
      { name: 'second', response: () => void (runs += 1) },
    ]);
    const explanation = scene.instance.explain!({
      method: 'GET',
      target: '/a',
      fields: [['Host', 'example.test']],
      remoteAddress: '127.0.0.1',
      localAddress: '127.0.0.1',
      localPort: 80,
      pick: () => ({ index: 0, name: 'one', address: '127.0.0.1:1' }),
    });
    expect(explanation.filters).toEqual(['first', 'second']);
    expect(explanation.forwarded?.upstream).toBe('app');
    expect(runs).toBe(0);
  });
});
