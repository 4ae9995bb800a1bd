import { describe, expect, it } from 'vitest';

import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { ScrapedMetrics } from '../../../support/collectors/scraped-metrics.ts';
import { owned } from '../../../support/owned.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import type { BackendScript } from '../../../support/peers/recording-backend.ts';
import type { RunningProxy } from '../../../support/labs/start-proxy.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { fullBacklog } from '../../../support/sockets/full-backlog.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { get, post } from '../scene.ts';
import { ask, cutsOffAfter, failure, resilientScene, resets, stalls } from './retries-scene.ts';

const HEDGE = 'hedge: { after: 20ms }';
/** The first request of a worker takes some time by itself. */
const LATE = 'hedge: { after: 500ms }';
const works = answering(() => ok('second'));
const busy = answering(() => failure());

/** A backend that answers when the test says so. */
class SlowBackend {
  readonly seen: Message[] = [];
  #answer: (text: string) => void = () => undefined;
  readonly #answered = new Promise<string>((resolve) => {
    this.#answer = resolve;
  });

  readonly script: BackendScript = answering(() => this.#answered, this.seen);

  answer(text: string): void {
    this.#answer(text);
  }
}

/** Answers after so many ms with how long the body of the request was. */
function tellsBytes(name: string, afterMs: number): string {
  const answer = `setTimeout(() => response.end('${name} ' + bytes), ${String(afterMs)})`;
  return `let bytes = 0; request.on('data', (part) => { bytes += part.length; }).on('end', () => ${answer})`;
}

async function hedges(proxy: RunningProxy, result: string): Promise<number> {
  return (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_hedges_total', { result });
}

function hedged(proxy: RunningProxy, result: string, count = 1): Promise<boolean> {
  return eventually(async () => (await hedges(proxy, result)) === count, `a second try has ${result}`);
}

/** Tries that run now, those that wait for a connection included. */
async function inFlight(proxy: RunningProxy): Promise<number> {
  return (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_backend_requests_in_flight');
}

describe('a second try', () => {
  it('answers when the first one takes long, which is then cancelled', async () => {
    const { proxy, backends } = await resilientScene([stalls, works], HEDGE);
    const answer = await ask(proxy, get());
    expect(answer.body.toString()).toBe('second');
    await (await backends[0]!.connection(0)).untilEnded();
    await hedged(proxy, 'won');
  });

  it('is cancelled when the first one answers before', async () => {
    const [first, second] = [new SlowBackend(), new SlowBackend()];
    const { proxy, backends } = await resilientScene([first.script, second.script], HEDGE);
    const answer = ask(proxy, get());
    // A connection alone would stay: the pool keeps one that nobody has used.
    await eventually(() => second.seen.length === 1, 'the second try is there');
    first.answer(ok('first'));
    expect((await answer).body.toString()).toBe('first');
    await (await backends[1]!.connection(0)).untilEnded();
    await hedged(proxy, 'lost');
  });

  it('is not made when the first one answers in time', async () => {
    const { proxy, backends } = await resilientScene([works, works], 'hedge: { after: 30s }');
    expect(statusOf(await ask(proxy, get()))).toBe(200);
    expect(backends[1]!.connections).toHaveLength(0);
  });

  it('counts neither as an error nor against the backend that was slow', async () => {
    const breaker = 'circuit_breaker: { max_failures: 1 }';
    const { proxy } = await resilientScene([stalls, works], `${HEDGE}, ${breaker}`, 'workers: 1');
    for (let request = 0; request < 3; request++)
      expect((await ask(proxy, get())).body.toString()).toBe('second');
    const metrics = await ScrapedMetrics.from(proxy.adminAddress);
    expect(metrics.sum('balance_request_errors_total')).toBe(0);
    expect(metrics.sum('balance_retries_total')).toBe(0);
    expect(metrics.sum('balance_circuit_breaker_open_total')).toBe(0);
  });

  it('is made while the first backend cannot be connected to', async () => {
    const hole = await fullBacklog();
    const { proxy } = await resilientScene([`${hole.host}:${String(hole.port)}`, works], HEDGE);
    expect((await ask(proxy, get())).body.toString()).toBe('second');
  });

  it('gets the body, too', async () => {
    const seen: Message[] = [];
    const { proxy } = await resilientScene([stalls, answering(() => ok('second'), seen)], HEDGE);
    const body = 'x'.repeat(40_000);
    const answer = await ask(proxy, post(body).replace('POST', 'PUT'));
    expect(answer.body.toString()).toBe('second');
    expect(seen[0]!.body.toString()).toBe(body);
  });

  it('is given up when the first one gets a body that is not kept', async () => {
    const [first, second] = [
      await fullBacklog(tellsBytes('first', 1_000)),
      await fullBacklog(tellsBytes('second', 0)),
    ];
    const { proxy } = await resilientScene(
      [first, second].map(({ host, port }) => `${host}:${String(port)}`),
      `${HEDGE}, retry: { body_limit: 1KiB }`,
      'http: { request_buffering: { size: 1MiB } }',
    );
    const client = owned(await ByteSocket.connect(proxy.address()));
    const body = 'x'.repeat(40_000);
    client.send(
      `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9c40\r\n${body}\r\n0\r\n\r\n`,
    );
    await eventually(async () => (await inFlight(proxy)) === 2, 'both tries wait for a connection');
    first.goOn();
    await eventually(async () => (await inFlight(proxy)) < 2, 'the second try is given up');
    second.goOn();
    expect((await readMessage(client)).body.toString()).toBe('first 40000');
    await hedged(proxy, 'failed');
  });

  it('waits until the client has sent the whole body', async () => {
    const seen: Message[] = [];
    const { proxy, backends } = await resilientScene([stalls, answering(() => ok('second'), seen)], HEDGE);
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
    const first = await backends[0]!.connection(0);
    await first.until(() => first.received.includes('first'), 'the first piece');
    client.send('4\r\nlast\r\n0\r\n\r\n');
    expect((await readMessage(client)).body.toString()).toBe('second');
    expect(seen[0]!.body.toString()).toBe('firstlast');
  });
});

describe('of two tries', () => {
  it('the second one goes on when the first one fails', async () => {
    const second = new SlowBackend();
    let fail: () => void = () => undefined;
    const failing = new Promise<void>((resolve) => {
      fail = resolve;
    });
    const fails: BackendScript = async (connection) => {
      await readMessage(connection);
      await failing;
      connection.close();
    };
    const { proxy, backends } = await resilientScene([fails, second.script], HEDGE);
    const answer = ask(proxy, get());
    await backends[1]!.connection(0);
    fail();
    await (await backends[0]!.connection(0)).untilEnded();
    second.answer(ok('second'));
    expect((await answer).body.toString()).toBe('second');
    await hedged(proxy, 'won');
  });

  it('the first one goes on when the second one fails', async () => {
    const first = new SlowBackend();
    const { proxy, backends } = await resilientScene([first.script, resets], HEDGE);
    const answer = ask(proxy, get());
    await (await backends[1]!.connection(0)).untilEnded();
    await eventually(async () => (await inFlight(proxy)) === 1, 'the second try has failed');
    first.answer(ok('first'));
    expect((await answer).body.toString()).toBe('first');
    await hedged(proxy, 'failed');
  });

  it('the first one goes on when nobody listens at the second backend', async () => {
    const first = new SlowBackend();
    const { proxy } = await resilientScene([first.script, await deadAddress()], HEDGE);
    const answer = ask(proxy, get());
    await eventually(
      async () =>
        (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_backend_connect_failures_total') === 1,
      'the second try has failed',
    );
    first.answer(ok('first'));
    expect((await answer).body.toString()).toBe('first');
  });

  it('the one with a status that is tried again loses', async () => {
    const first = new SlowBackend();
    const { proxy } = await resilientScene(
      [first.script, busy],
      `${HEDGE}, retry: { on: [503], initial_delay: 0 }`,
      'logging: { access_log: { enabled: true, format: json } }',
    );
    const answer = ask(proxy, get());
    await eventually(() => first.seen.length === 1, 'the first try is there');
    await eventually(
      async () =>
        (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_pool_connections_idle', {
          backend: 'b1',
        }) === 1,
      'the second try is over',
    );
    first.answer(ok('first'));
    expect((await answer).body.toString()).toBe('first');
    await eventually(
      async () =>
        (await proxy.logLines()).some(
          (line) => line.includes('"tried":"b1=503"') && line.includes('"hedge":"failed"'),
        ),
      'there is an access line',
    );
  });

  it('both fail: the client gets the last error, and the settings for retries count once', async () => {
    let requests = 0;
    const late: BackendScript = async (connection) => {
      requests += 1;
      await readMessage(connection);
      // Both tries are there before one of them fails.
      await eventually(() => requests >= 2, 'both tries');
      connection.close();
    };
    const { proxy } = await resilientScene([late, late], HEDGE);
    expect(statusOf(await ask(proxy, get()))).toBe(502);
    expect(requests).toBe(2);
  });

  it('none is left when the client leaves', async () => {
    const { proxy, backends } = await resilientScene([stalls, stalls], HEDGE);
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(get());
    const tries = [await backends[0]!.connection(0), await backends[1]!.connection(0)];
    client.close();
    await Promise.all(tries.map((connection) => connection.untilEnded()));
    await hedged(proxy, 'lost');
    expect(await inFlight(proxy)).toBe(0);
  });

  it('none is left when the request takes too long', async () => {
    const { proxy, backends } = await resilientScene(
      [stalls, stalls],
      HEDGE,
      'http: { timeouts: { request: 300ms } }',
    );
    expect(statusOf(await ask(proxy, get()))).toBe(504);
    for (const { connections } of backends)
      await Promise.all(connections.map((connection) => connection.untilEnded()));
  });

  it('neither one that the read timeout ends takes the other one with it', async () => {
    const { proxy, backends } = await resilientScene(
      [stalls, stalls],
      `${HEDGE}, retry: { on: [timeout], per_try_timeout: 100ms, max_attempts: 1 }`,
    );
    expect(statusOf(await ask(proxy, get()))).toBe(504);
    expect(backends.map(({ connections }) => connections.length)).toEqual([1, 1]);
  });

  it('leave pipelined requests in their order', async () => {
    const paths = answering((request) => ok(request.startLine.split(' ')[1]));
    const { proxy } = await resilientScene([stalls, paths], HEDGE);
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(get('/1') + get('/2') + get('/3'));
    for (const path of ['/1', '/2', '/3']) expect((await readMessage(client)).body.toString()).toBe(path);
  });
});

describe('no second try', () => {
  it('is made for a POST', async () => {
    const first = new SlowBackend();
    const { proxy, backends } = await resilientScene([first.script, works], 'hedge: { after: 1ms }');
    const answer = ask(proxy, post('body'));
    await eventually(() => first.seen.length === 1, 'the request is there');
    setTimeout(() => {
      first.answer(ok('first'));
    }, 50);
    expect((await answer).body.toString()).toBe('first');
    expect(backends[1]!.connections).toHaveLength(0);
  });

  it('goes to the backend of the first one', async () => {
    const first = new SlowBackend();
    const { proxy, backends } = await resilientScene([first.script], HEDGE);
    const answer = ask(proxy, get());
    await hedgeWasRefused(first);
    first.answer(ok('first'));
    expect((await answer).body.toString()).toBe('first');
    expect(backends[0]!.connections).toHaveLength(1);
    await hedged(proxy, 'failed');
  });

  it('is made when the budget is used up', async () => {
    const first = new SlowBackend();
    const { proxy, backends } = await resilientScene(
      [first.script, works],
      `${HEDGE}, retry: { enabled: false, budget: { percent: 0, min: 0 } }`,
    );
    const answer = ask(proxy, get());
    await hedgeWasRefused(first);
    first.answer(ok('first'));
    expect((await answer).body.toString()).toBe('first');
    expect(backends[1]!.connections).toHaveLength(0);
    await hedged(proxy, 'budget');
  });

  it('follows the first byte of a response', async () => {
    const begins = answering(() => 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
    const { proxy, backends } = await resilientScene(
      [begins, works],
      LATE,
      'http: { timeouts: { request: 1s } }',
    );
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(get());
    expect(statusOf(await readMessage(client, { noBody: true }))).toBe(103);
    expect(statusOf(await readMessage(client))).toBe(504);
    expect(backends[1]!.connections).toHaveLength(0);
  });

  it('is made for a response that is cut off', async () => {
    const half = cutsOffAfter('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    const { proxy, backends } = await resilientScene([half, works], LATE);
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(get());
    await client.untilEnded();
    expect(backends[1]!.connections).toHaveLength(0);
  });

  /** Waits until the time of a second try is over for sure: no event tells that none was made. */
  async function hedgeWasRefused({ seen }: SlowBackend): Promise<void> {
    await eventually(() => seen.length === 1, 'the first try is there');
    const since = performance.now();
    await eventually(() => performance.now() - since > 300, 'the time of a second try is over');
  }
});
