import { describe, expect, it } from 'vitest';

import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { owned } from '../../../support/owned.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { ScrapedMetrics } from '../../../support/collectors/scraped-metrics.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { fullBacklog } from '../../../support/sockets/full-backlog.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { get, post } from '../scene.ts';
import { ask, AT_ONCE, cutsOffAfter, failingScene, failure, resets, stalls } from './retries-scene.ts';

const works = answering(() => ok());
const busy = answering(() => failure());

function put(body: string): string {
  return post(body).replace('POST', 'PUT');
}

describe('a request that a backend failed', () => {
  it('goes to another backend when the connection was reset before a byte of a response', async () => {
    const { proxy, backends } = await failingScene([resets, works], AT_ONCE);
    expect(statusOf(await ask(proxy, get()))).toBe(200);
    expect(backends.map(({ connections }) => connections.length)).toEqual([1, 1]);
  });

  it('goes to a backend that it has not tried, as long as there is one', async () => {
    const { proxy, backends } = await failingScene([resets, resets, works], AT_ONCE);
    expect(statusOf(await ask(proxy, get()))).toBe(200);
    expect(backends.map(({ connections }) => connections.length)).toEqual([1, 1, 1]);
  });

  it('comes back to the only backend', async () => {
    let requests = 0;
    const { proxy } = await failingScene(
      [answering(() => (++requests < 3 ? failure() : ok()))],
      `${AT_ONCE}, on: ["503"]`,
    );
    expect(statusOf(await ask(proxy, get()))).toBe(200);
    expect(requests).toBe(3);
  });

  it('is tried as often as max_attempts says', async () => {
    const { proxy, backends } = await failingScene([resets], `${AT_ONCE}, max_attempts: 4`);
    const response = await ask(proxy, get());
    expect(statusOf(response)).toBe(502);
    expect(response.body.toString()).toContain('the backend closed the connection');
    expect(backends[0]!.connections).toHaveLength(4);
  });

  it('is tried again when the head of the response does not come in time', async () => {
    const { proxy } = await failingScene(
      [stalls, works],
      `${AT_ONCE}, on: [timeout], per_try_timeout: 500ms`,
    );
    expect(statusOf(await ask(proxy, get()))).toBe(200);
  });

  it('gets 504 after per_try_timeout, when timeout is no reason to try again', async () => {
    const { proxy, backends } = await failingScene([stalls, works], `${AT_ONCE}, per_try_timeout: 50ms`);
    expect(statusOf(await ask(proxy, get()))).toBe(504);
    expect(backends[1]!.connections).toHaveLength(0);
  });

  it('is tried again for a status, and the socket of a short response is used again', async () => {
    // Each worker has sockets of its own.
    const { proxy, backends } = await failingScene([busy, works], `${AT_ONCE}, on: [503]`, 'workers: 1');
    for (let request = 0; request < 4; request++) expect(statusOf(await ask(proxy, get()))).toBe(200);
    expect(backends[0]!.connections).toHaveLength(1);
  });

  it('is tried again for a status of a response whose body goes on, whose socket is closed', async () => {
    const endless = answering(() => 'HTTP/1.1 503 Failed\r\nContent-Length: 1000000\r\n\r\nbusy');
    const { proxy, backends } = await failingScene([endless, works], `${AT_ONCE}, on: [503]`);
    expect(statusOf(await ask(proxy, get()))).toBe(200);
    await (await backends[0]!.connection(0)).untilEnded();
  });

  it('gets the last response when every try got such a status', async () => {
    const { proxy } = await failingScene([busy, busy], `${AT_ONCE}, on: ["500-599"]`);
    const response = await ask(proxy, get());
    expect(statusOf(response)).toBe(503);
    expect(response.body.toString()).toBe('busy');
  });

  it('finds a backend that came back while no backend could be connected to', async () => {
    const hole = await fullBacklog();
    const { proxy } = await failingScene(
      [`${hole.host}:${String(hole.port)}`],
      `${AT_ONCE}, max_attempts: 10`,
      'timeouts: { connect: 100ms }',
    );
    const answer = ask(proxy, post('body'));
    setTimeout(() => {
      hole.goOn();
    }, 150);
    expect(statusOf(await answer)).toBe(200);
  });

  it('is tried again, a POST too, when nothing was sent', async () => {
    const { proxy, backends } = await failingScene([await deadAddress(), works], AT_ONCE);
    expect(statusOf(await ask(proxy, post('body')))).toBe(200);
    expect(backends[0]!.connections).toHaveLength(1);
  });
});

describe('a request that may not be sent twice', () => {
  it('is not tried again once a byte of a response came', async () => {
    const { proxy, backends } = await failingScene([cutsOffAfter('H'), works], AT_ONCE);
    expect(statusOf(await ask(proxy, get()))).toBe(502);
    expect(backends[1]!.connections).toHaveLength(0);
  });

  it('is not tried again when its head stalls after a byte', async () => {
    const stallsInHead = answering(() => 'HTTP/1.1 200 OK\r\nContent-');
    const { proxy, backends } = await failingScene(
      [stallsInHead, works],
      `${AT_ONCE}, on: [timeout], per_try_timeout: 50ms`,
    );
    expect(statusOf(await ask(proxy, get()))).toBe(504);
    expect(backends[1]!.connections).toHaveLength(0);
  });

  it('is not tried again once an interim response went to the client', async () => {
    const hints = cutsOffAfter(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n',
    );
    const { proxy, backends } = await failingScene([hints, works], `${AT_ONCE}, on: [503, reset]`);
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(get());
    expect(statusOf(await readMessage(client, { noBody: true }))).toBe(103);
    expect(statusOf(await readMessage(client))).toBe(503);
    expect(backends[1]!.connections).toHaveLength(0);
  });

  it('is not tried again when a response is cut off within its body', async () => {
    const half = cutsOffAfter('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    const { proxy, backends } = await failingScene([half, works], AT_ONCE);
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(get());
    await client.untilEnded();
    expect(client.received.toString()).toMatch(/half$/);
    expect(backends[1]!.connections).toHaveLength(0);
  });

  it('is a POST', async () => {
    const { proxy, backends } = await failingScene([resets, works], `${AT_ONCE}, on: [reset, 503]`);
    expect(statusOf(await ask(proxy, post('body')))).toBe(502);
    expect(backends[1]!.connections).toHaveLength(0);
  });

  it('is a PUT where methods name others, and no POST where they name it', async () => {
    const { proxy, backends } = await failingScene([resets, works], `${AT_ONCE}, methods: [POST]`);
    expect(statusOf(await ask(proxy, put('body')))).toBe(502);
    expect(backends[1]!.connections).toHaveLength(0);
    // The turns of the two are those of both backends.
    for (let request = 0; request < 2; request++) expect(statusOf(await ask(proxy, post('body')))).toBe(200);
    expect(backends[0]!.connections).toHaveLength(2);
  });
});

describe('a route with retry: false', () => {
  it('sends its requests once, and those of other routes are tried again', async () => {
    const { proxy, backends } = await failingScene(
      [resets, works],
      AT_ONCE,
      'http: { routes: [{ path_prefix: /once, retry: false }, { path_prefix: / }] }',
    );
    expect(statusOf(await ask(proxy, get('/once')))).toBe(502);
    expect(backends[1]!.connections).toHaveLength(0);
    // The turns of the two are those of both backends.
    for (let request = 0; request < 2; request++) expect(statusOf(await ask(proxy, get('/')))).toBe(200);
  });
});

describe('the body of a request that is tried again', () => {
  it('is sent whole once more', async () => {
    const seen: Message[] = [];
    const { proxy } = await failingScene([resets, answering(() => ok(), seen)], AT_ONCE);
    const body = 'x'.repeat(40_000);
    expect(statusOf(await ask(proxy, put(body)))).toBe(200);
    expect(seen[0]!.body.toString()).toBe(body);
  });

  it('is sent once more from its begin where the backend fails in the middle of it', async () => {
    const seen: Message[] = [];
    const { proxy, backends } = await failingScene(
      [
        (connection) =>
          connection
            .until(() => connection.received.includes('first'), 'the first piece')
            .then(() => connection.close()),
        answering(() => ok(), seen),
      ],
      AT_ONCE,
    );
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
    await (await backends[0]!.connection(0)).untilEnded();
    await backends[1]!.connection(0);
    client.send('6\r\nsecond\r\n0\r\n\r\n');
    expect(statusOf(await readMessage(client))).toBe(200);
    expect(seen[0]!.body.toString()).toBe('firstsecond');
  });

  it('is not sent again when it is longer than body_limit', async () => {
    const { proxy, backends } = await failingScene([resets, works], `${AT_ONCE}, body_limit: 16KiB`);
    const body = 'x'.repeat(200_000);
    expect(statusOf(await ask(proxy, put(body)))).toBe(502);
    expect(backends[1]!.connections).toHaveLength(0);
  });

  it('is not sent again while other bodies take all of body_total', async () => {
    const { proxy, backends } = await failingScene(
      [resets, works],
      `${AT_ONCE}, body_limit: 1MiB, body_total: 32KiB`,
    );
    expect(statusOf(await ask(proxy, put('x'.repeat(200_000))))).toBe(502);
    expect(backends[1]!.connections).toHaveLength(0);
  });
});

describe('retries', () => {
  it('leave pipelined requests in their order', async () => {
    let requests = 0;
    const flaky = answering((request) => {
      requests += 1;
      return requests % 2 === 1 ? failure() : ok(request.startLine.split(' ')[1]);
    });
    const { proxy } = await failingScene([flaky], `${AT_ONCE}, on: [503]`);
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(get('/1') + get('/2') + get('/3'));
    for (const path of ['/1', '/2', '/3']) expect((await readMessage(client)).body.toString()).toBe(path);
  });

  it('end with a client that leaves while they wait', async () => {
    const { proxy, backends } = await failingScene([resets], 'initial_delay: 1h, max_delay: 1h, jitter: 0');
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(get());
    await (await backends[0]!.connection(0)).untilEnded();
    client.close();
    await eventually(
      async () =>
        (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_requests_total', { status: '499' }) ===
        1,
      'the client has left',
    );
    expect(backends[0]!.connections).toHaveLength(1);
  });

  it('are shown by metrics and on the access line', async () => {
    const { proxy } = await failingScene(
      [busy, works],
      `${AT_ONCE}, on: [503]`,
      'logging: { access_log: { enabled: true, format: json } }',
    );
    expect(statusOf(await ask(proxy, get()))).toBe(200);
    await eventually(
      async () => (await proxy.logLines()).some((line) => line.includes('"tried":"b0=503"')),
      'there is an access line',
    );
    const metrics = await ScrapedMetrics.from(proxy.adminAddress);
    expect(metrics.sum('balance_retries_total', { backend: 'b0' })).toBe(1);
    expect(metrics.sum('balance_retries_exhausted_total')).toBe(0);
  });

  it('are counted as exhausted when the last one failed', async () => {
    const { proxy } = await failingScene([busy], `${AT_ONCE}, on: [503], max_attempts: 2`);
    await ask(proxy, get());
    const metrics = await ScrapedMetrics.from(proxy.adminAddress);
    expect(metrics.sum('balance_retries_exhausted_total', { backend: 'b0', reason: 'attempts' })).toBe(1);
  });
});

describe('the budget of retries', () => {
  const WITHOUT_BUDGET = `${AT_ONCE}, budget: { percent: 0, min: 0 }`;

  it('does not bound the requests of a backend that is gone', async () => {
    const { proxy, backends } = await failingScene([stalls, works], WITHOUT_BUDGET, 'workers: 1');
    const gone = backends[0]!;
    const asked = Array.from({ length: 4 }, () => ask(proxy, get()));
    for (const index of [0, 1]) {
      const connection = await gone.connection(index);
      await connection.until(() => connection.received.length > 0, 'a request');
    }
    await gone.close();
    expect((await Promise.all(asked)).map(statusOf)).toEqual([200, 200, 200, 200]);
    const metrics = await ScrapedMetrics.from(proxy.adminAddress);
    expect(metrics.sum('balance_retries_exhausted_total', { reason: 'budget' })).toBe(0);
  });

  it('bounds those of a backend that breaks connections and still accepts them', async () => {
    const { proxy, backends } = await failingScene([resets, works], WITHOUT_BUDGET, 'workers: 1');
    const statuses = [statusOf(await ask(proxy, get())), statusOf(await ask(proxy, get()))];
    expect(statuses.sort()).toEqual([200, 502]);
    expect(backends[1]!.connections).toHaveLength(1);
    const metrics = await ScrapedMetrics.from(proxy.adminAddress);
    expect(metrics.sum('balance_retries_exhausted_total', { reason: 'budget' })).toBe(1);
  });

  it('keeps attempts below 1.25 x requests + 3 with everything failing', async () => {
    let attempts = 0;
    const waiting: (() => void)[] = [];
    const REQUESTS = 100;
    // All first tries are there before the first one fails. With more than three attempts, the last few requests could use them up.
    const failing = answering(async () => {
      attempts += 1;
      if (attempts < REQUESTS) await new Promise<void>((resolve) => waiting.push(resolve));
      else for (const go of waiting.splice(0)) go();
      return failure();
    });
    const { proxy } = await failingScene([failing, failing], `${AT_ONCE}, on: [503]`);
    const answers = await Promise.all(Array.from({ length: REQUESTS }, () => ask(proxy, get())));
    expect(new Set(answers.map(statusOf))).toEqual(new Set([503]));
    expect(attempts).toBeLessThanOrEqual(1.25 * REQUESTS + 3);
    expect(attempts).toBeGreaterThan(REQUESTS);
    const metrics = await ScrapedMetrics.from(proxy.adminAddress);
    expect(metrics.sum('balance_retries_exhausted_total', { reason: 'budget' })).toBeGreaterThan(0);
  });

  it('of 0 allows none, but for another backend instead of one that refuses connections', async () => {
    const { proxy, backends } = await failingScene(
      [await deadAddress(), busy, works],
      `${AT_ONCE}, on: [connect-failure, 503], budget: { percent: 0, min: 0 }`,
    );
    expect(statusOf(await ask(proxy, get()))).toBe(503);
    expect(backends.map(({ connections }) => connections.length)).toEqual([1, 0]);
  });
});
