import { describe, expect, it } from 'vitest';

import { deadAddress } from '../../../support/addresses/dead-address.ts';
import { ScrapedMetrics } from '../../../support/collectors/scraped-metrics.ts';
import { startProxy, type RunningProxy } from '../../../support/labs/start-proxy.ts';
import { owned } from '../../../support/owned.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { RecordingBackend, type BackendScript } from '../../../support/peers/recording-backend.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { get, post } from '../scene.ts';

/** A proxy whose only route is mirrored, with these further keys of `mirror`. */
async function mirrored(
  mirror: BackendScript | string,
  keys = '',
  read = '200ms',
  yaml = '',
): Promise<{ proxy: RunningProxy; served: Message[]; ask: (request: string) => Promise<Message> }> {
  const served: Message[] = [];
  const backend = owned(await RecordingBackend.start(answering(() => ok('served'), served)));
  const address = typeof mirror === 'string' ? mirror : owned(await RecordingBackend.start(mirror)).address;
  const proxy = owned(
    await startProxy(`
admin: { listen: "127.0.0.1:0" }
metrics: { listen: "127.0.0.1:0" }
reload: { watch: false }
listeners:
  - listen: "127.0.0.1:0"
    http: { routes: [{ upstream: web, mirror: { upstream: next${keys} } }] }
upstreams:
  - { name: web, backends: [{ address: "${backend.address}" }] }
  - { name: next, backends: [{ address: "${address}" }], timeouts: { read: ${read} } }
${yaml}
`),
  );
  const ask = async (request: string): Promise<Message> => {
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(request);
    return readMessage(client);
  };
  return { proxy, served, ask };
}

async function untilCounted(proxy: RunningProxy, result: string, count = 1): Promise<void> {
  await eventually(
    async () =>
      (await ScrapedMetrics.from(proxy.adminAddress)).sum('balance_mirrored_requests_total', {
        upstream: 'next',
        result,
      }) === count,
    `${String(count)} copies are ${result}`,
  );
}

describe('a request of a mirrored route', () => {
  it('is sent to the mirror as well, whose answer nobody gets', async () => {
    const copies: Message[] = [];
    const { proxy, served, ask } = await mirrored(answering(() => ok('copied'), copies));
    expect((await ask(get('/a?b=c', 'X-Own: 1\r\n'))).body.toString()).toBe('served');
    await untilCounted(proxy, 'answered');
    expect(copies.map(({ startLine }) => startLine)).toEqual(['GET /a?b=c HTTP/1.1']);
    expect(fieldValues(copies[0]!, 'x-own')).toEqual(['1']);
    expect(fieldValues(copies[0]!, 'x-request-id')).toEqual(fieldValues(served[0]!, 'x-request-id'));
  });

  it('takes its body along, whether its length is known or not', async () => {
    const copies: Message[] = [];
    const { proxy, ask } = await mirrored(answering(() => ok('copied'), copies));
    await ask(post('body'));
    await ask(
      'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n3\r\n!!!\r\n0\r\n\r\n',
    );
    await untilCounted(proxy, 'answered', 2);
    expect(copies.map(({ body }) => body.toString()).sort()).toEqual(['body', 'body!!!']);
  });

  it('is served when its body is too long for a copy', async () => {
    const copies: Message[] = [];
    const { proxy, served, ask } = await mirrored(
      answering(() => ok('copied'), copies),
      ', body_limit: 1KiB',
    );
    expect(statusOf(await ask(post('x'.repeat(50_000))))).toBe(200);
    await untilCounted(proxy, 'dropped');
    expect(served[0]!.body).toHaveLength(50_000);
    expect(copies).toEqual([]);
  });

  it('is not copied with a percentage of 0', async () => {
    const copies: Message[] = [];
    const { served, ask } = await mirrored(
      answering(() => ok('copied'), copies),
      ', percent: 0',
    );
    for (let request = 0; request < 20; request++) await ask(get());
    expect(served).toHaveLength(20);
    expect(copies).toEqual([]);
  });
});

describe('a mirror that does not work', () => {
  it.each<[string, () => Promise<BackendScript | string>]>([
    ['refuses connections', () => deadAddress()],
    ['never answers', () => Promise.resolve((connection: ByteSocket) => readMessage(connection))],
    [
      'resets connections',
      () =>
        Promise.resolve(async (connection: ByteSocket) => {
          await readMessage(connection);
          connection.close();
        }),
    ],
    ['answers garbage', () => Promise.resolve(answering(() => 'garbage\r\n\r\n'))],
  ])('and %s costs no request anything', async (_, mirror) => {
    const { proxy, ask } = await mirrored(await mirror());
    expect((await ask(get())).body.toString()).toBe('served');
    expect((await ask(post('body'))).body.toString()).toBe('served');
    await untilCounted(proxy, 'failed', 2);
  });

  it('and never ends its answer keeps no place among the copies', async () => {
    const { proxy, ask } = await mirrored(async (connection) => {
      await readMessage(connection);
      connection.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
      const drip = setInterval(() => {
        connection.send('data: 1\n\n');
      }, 20);
      await connection.untilEnded().finally(() => {
        clearInterval(drip);
      });
    });
    expect((await ask(get())).body.toString()).toBe('served');
    await untilCounted(proxy, 'answered');
  });

  it.each([
    ['interim responses', '', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'failed'],
    ['tiny chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n', 'answered'],
  ])('and sends no end of %s soon keeps the proxy busy no more', async (_, begin, piece, result) => {
    const copies: ByteSocket[] = [];
    const { proxy, ask } = await mirrored(
      async (connection) => {
        copies.push(connection);
        await readMessage(connection);
        connection.send(begin + piece.repeat(10_000));
      },
      '',
      '1h',
    );
    expect((await ask(get())).body.toString()).toBe('served');
    await untilCounted(proxy, result);
    await copies[0]?.untilEnded();
  });

  it('gets at most a hundred copies at a time, and the requests beyond are served', async () => {
    const copies: ByteSocket[] = [];
    const { proxy, ask } = await mirrored(
      (connection) => {
        copies.push(connection);
      },
      '',
      '1h',
      // The bound is that of one worker.
      'workers: 1',
    );
    const answers = await Promise.all(Array.from({ length: 120 }, () => ask(get())));
    expect(new Set(answers.map(statusOf))).toEqual(new Set([200]));
    await untilCounted(proxy, 'dropped', 20);
    await eventually(() => copies.length === 100, 'a hundred copies are there');
    // The end of the proxy waits for copies that run.
    for (const copy of copies) copy.reset();
  });
});
