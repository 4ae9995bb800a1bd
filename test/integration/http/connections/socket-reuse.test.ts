import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { ONE_POOL } from '../../../support/workers/test-workers.ts';
import { get, post, scene, type Scene, type SceneOptions } from '../scene.ts';

/** Each client gets the idle socket of the client before. */
function onePool(options: SceneOptions = {}): Promise<Scene> {
  return scene({ ...options, yaml: `${ONE_POOL}\n${options.yaml ?? ''}` });
}

/** A backend that serves one request a connection, and resets or closes it when the second one arrives. */
async function dyingOnSecond(how: 'end' | 'reset', yaml = ''): Promise<Scene> {
  return onePool({
    yaml,
    script: answering(
      (() => {
        const served = new Set<unknown>();
        return (request, connection) => {
          if (!served.has(connection)) {
            served.add(connection);
            return ok(request.startLine);
          }
          if (how === 'end') connection.end();
          else connection.reset();
          return undefined;
        };
      })(),
    ),
  });
}

describe('a socket that was used before and dies before a byte of the response', () => {
  it.each(
    ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'].flatMap((method) =>
      (['end', 'reset'] as const).map((how) => [method, how] as const),
    ),
  )('is replaced unseen for %s (%s)', async (method, how) => {
    const stage = await dyingOnSecond(how);
    await stage.exchange(get());
    const client = await stage.client();
    client.send(`${method} /again HTTP/1.1\r\nHost: a\r\n\r\n`);
    const response = await readMessage(client, { noBody: method === 'HEAD' });
    expect(statusOf(response)).toBe(200);
    expect(stage.backend.connections).toHaveLength(2);
  });

  it.each([
    ['POST with a body', post('body')],
    ['POST without one', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'],
    ['PATCH', 'PATCH / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'],
    ['LOCK', 'LOCK / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a method that nobody registered', 'BAN / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['get in lower case, which is no GET', 'get / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('is a 502 for %s: it may have been executed', async (_what, request) => {
    const stage = await dyingOnSecond('end');
    await stage.exchange(get());
    const response = await stage.exchange(request);
    expect(statusOf(response)).toBe(502);
    expect(stage.backend.connections).toHaveLength(1);
  });

  it.each(['PROPFIND', 'REPORT', 'MKCOL', 'VERSION-CONTROL', 'QUERY'])(
    'is replaced unseen for %s, which is registered as idempotent',
    async (method) => {
      const stage = await dyingOnSecond('end');
      await stage.exchange(get());
      const response = await stage.exchange(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(statusOf(response)).toBe(200);
      expect(stage.backend.connections).toHaveLength(2);
    },
  );

  it.each([
    ['of fixed length', 'Content-Length: 4\r\n\r\nbody'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n'],
  ])('is replaced unseen for PUT with a body %s that is at hand', async (_what, rest) => {
    const stage = await dyingOnSecond('end');
    await stage.exchange(get());
    const response = await stage.exchange(`PUT / HTTP/1.1\r\nHost: a\r\n${rest}`);
    expect(statusOf(response)).toBe(200);
    expect(stage.backend.connections).toHaveLength(2);
  });

  it.each([
    ['PUT', 'Content-Length: 10\r\n', 'first', 'other'],
    ['DELETE', 'Content-Length: 10\r\n', 'first', 'other'],
    ['PUT', 'Transfer-Encoding: chunked\r\n', '5\r\nfirst\r\n', '5\r\nother\r\n0\r\n\r\n'],
    ['PUT', 'Content-Length: 10\r\n', 'first', ''],
  ])(
    'is a 502 for %s once a part of its body is gone that no second try could send again (%j)',
    async (method, framing, first, rest) => {
      const stage = await onePool({
        script: async (connection) => {
          await connection.untilText('\r\n\r\n');
          connection.take(connection.received.length);
          connection.send(ok());
          await connection.untilText('first');
          if (rest !== '') await connection.untilText('other');
          connection.reset();
        },
      });
      await stage.exchange(get());
      const client = await stage.client();
      client.send(`${method} / HTTP/1.1\r\nHost: a\r\n${framing}\r\n${first}`);
      await (await stage.backend.connection(0)).untilText('first');
      client.send(rest);
      expect(statusOf(await readMessage(client))).toBe(502);
      expect(stage.backend.connections).toHaveLength(1);
    },
  );

  it.each([
    ['that came behind its head', false],
    ['that is too large to keep', true],
  ])('is a 502 for PUT with a whole body %s', async (_which, isLarge) => {
    const body = isLarge ? `${'x'.repeat(20_000)}last` : 'last';
    const stage = await onePool({
      script: async (connection) => {
        await readHead(connection);
        connection.send(ok());
        await connection.untilText('last');
        connection.reset();
      },
    });
    await stage.exchange(get());
    const client = await stage.client();
    const head = `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
    if (isLarge) client.send(head + body);
    else {
      client.send(head);
      await (await stage.backend.connection(0)).untilText('\r\n\r\n');
      client.send(body);
    }
    expect(statusOf(await readMessage(client))).toBe(502);
    expect(stage.backend.connections).toHaveLength(1);
  });

  it('is replaced unseen with the whole body that is at hand, byte for byte', async () => {
    const body = Array.from({ length: 3000 }, (_, i) => `${i} `).join('');
    const heads: string[] = [];
    const stage = await onePool({
      script: answering((request, connection) => {
        if (request.startLine.includes('/first')) return ok();
        heads.push(request.raw.toString('latin1'));
        if (heads.length > 1) return ok('second');
        connection.reset();
        return undefined;
      }),
    });
    await stage.exchange(get('/first'));
    const response = await stage.exchange(post(body, '/again').replace('POST', 'PUT'));
    expect(response.body.toString()).toBe('second');
    expect(heads).toHaveLength(2);
    expect(heads[1]).toBe(heads[0]);
    expect(heads[1]!.endsWith(`\r\n\r\n${body}`)).toBe(true);
  });

  it('is not tried a third time', async () => {
    const stage = await onePool({
      script: answering((request, connection) => {
        if (request.startLine.includes('/first')) return ok();
        connection.end();
        return undefined;
      }),
    });
    await stage.exchange(get('/first'));
    expect(statusOf(await stage.exchange(get('/again')))).toBe(502);
    expect(stage.backend.connections).toHaveLength(2);
  });

  it('is not replaced once a byte of the response came', async () => {
    const stage = await onePool({
      script: answering((request, connection) => {
        if (request.startLine.includes('/first')) return ok();
        connection.send('HTTP/1.1 2');
        connection.end();
        return undefined;
      }),
    });
    await stage.exchange(get('/first'));
    expect(statusOf(await stage.exchange(get('/again')))).toBe(502);
    expect(stage.backend.connections).toHaveLength(1);
  });

  it('is counted once, as the request that it was', async () => {
    const stage = await dyingOnSecond('reset', 'metrics: { listen: "127.0.0.1:0" }');
    await stage.exchange(get());
    await stage.exchange(get());
    const metrics = await stage.metrics();
    expect(metrics.sum('balance_requests_total')).toBe(2);
    expect(metrics.sum('balance_request_errors_total')).toBe(0);
    expect(metrics.sum('balance_backend_requests_in_flight')).toBe(0);
  });
});

describe('an idle socket', () => {
  it('that gets bytes is discarded, and they never reach a client', async () => {
    const stage = await scene({ respond: (request) => ok(request.startLine) });
    const client = await stage.client();
    for (let i = 0; i < 3; i++) {
      client.send(get(`/${i}`));
      const response = await readMessage(client);
      expect(response.body.toString()).toBe(`GET /${i} HTTP/1.1`);
      const backend = await stage.backend.connection(i);
      backend.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison');
      await backend.untilEnded();
    }
    expect(stage.backend.connections).toHaveLength(3);
    expect(client.text).not.toContain('poison');
  });

  it('that the backend closes is not used again, whatever the method', async () => {
    const stage = await onePool({ yaml: 'metrics: { listen: "127.0.0.1:0" }' });
    await stage.exchange(post('1'));
    (await stage.backend.connection(0)).end();
    await (await stage.backend.connection(0)).untilClosed();
    await eventually(
      async () => (await stage.metrics()).sum('balance_backend_connections_active') === 0,
      'the socket is gone',
    );
    expect(statusOf(await stage.exchange(post('2')))).toBe(200);
    expect(stage.backend.connections).toHaveLength(2);
  });

  it('is closed after max_idle_time', async () => {
    const stage = await scene({ yaml: 'connection_pool: { max_idle_time: 100ms }' });
    await stage.exchange(get());
    expect(await (await stage.backend.connection(0)).untilEnded()).toBe('end');
  });

  it('that is too old is not used again', async () => {
    const stage = await onePool({ yaml: 'connection_pool: { max_age: 50ms }' });
    await stage.exchange(get());
    await new Promise((resolve) => setTimeout(resolve, 100));
    await stage.exchange(get());
    expect(stage.backend.connections).toHaveLength(2);
  });
});

describe('what one client did', () => {
  it('leaves nothing in the requests of others on the same socket', async () => {
    const stage = await onePool({ respond: (request) => ok(request.body.toString()) });
    await stage.exchange(
      `POST /first HTTP/1.1\r\nHost: first\r\nAuthorization: secret\r\nCookie: a=1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\nX-T: 1\r\n\r\n`,
    );
    await stage.exchange('GET /second HTTP/1.1\r\nHost: second\r\n\r\n');
    expect(stage.backend.connections).toHaveLength(1);
    expect(stage.seen[1]!.raw.toString()).not.toMatch(/first|secret|a=1|xyz|X-T|chunked/);
    expect(fieldValues(stage.seen[1]!, 'host')).toEqual(['second']);
  });

  it('is never mixed up when many ask at a time', async () => {
    const stage = await scene({
      respond: async (request) => {
        const path = request.startLine.split(' ')[1]!;
        if (path.length % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        return ok(`${path} ${request.body.toString()}`);
      },
    });
    const clients = await Promise.all(Array.from({ length: 20 }, () => stage.client()));
    await Promise.all(
      clients.map(async (client, n) => {
        for (let i = 0; i < 30; i++) {
          const path = `/${n}/${'x'.repeat(i)}`;
          client.send(i % 2 === 0 ? get(path) : post(`body of ${path}`, path));
          const response = await readMessage(client);
          expect(response.body.toString()).toBe(i % 2 === 0 ? `${path} ` : `${path} body of ${path}`);
        }
      }),
    );
  });
});
