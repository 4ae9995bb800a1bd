import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { owned } from '../../../support/owned.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { startProxy, type RunningProxy } from '../../../support/labs/start-proxy.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';

describe('the settings of a route', () => {
  let proxy: RunningProxy;
  let backend: RecordingBackend;
  let silent: RecordingBackend;

  beforeAll(async () => {
    backend = await RecordingBackend.start(answering(() => ok('here')));
    silent = await RecordingBackend.start(answering(() => undefined));
    proxy = await startProxy(`
listeners:
  - listen: "127.0.0.1:0"
    upstream: app
    http:
      limits: { body_size: 10B }
      error_pages: [{ statuses: [504, 418], body: 'page of the listener' }]
      routes:
        - { name: large, paths: [/large], upstream: app, limits: { body_size: 1KiB } }
        - { name: small, paths: [/small], upstream: app, limits: { body_size: 5B } }
        - { name: slow, paths: [/slow], upstream: silent, timeouts: { backend: 50ms }, error_pages: [{ statuses: [504], body: 'page of the route' }] }
        - { name: whole, paths: [/whole], upstream: silent, timeouts: { request: 50ms } }
        - { name: teapot, paths: [/teapot], respond: { status: 418 }, error_pages: [{ statuses: [504], body: 'x' }] }
        - { name: quiet, paths: [/quiet], upstream: app, log: false }
upstreams:
  - { name: app, backends: [{ name: app, address: "${backend.address}" }] }
  - { name: silent, backends: [{ name: silent, address: "${silent.address}" }] }
logging: { access_log: { enabled: true, format: text } }
`);
  });
  afterAll(async () => {
    await proxy.close();
    await backend.close();
    await silent.close();
  });

  const send = async (text: string): Promise<Message> => {
    const client = owned(await ByteSocket.connect(proxy.address()));
    client.send(text);
    return readMessage(client);
  };
  const post = async (path: string, length: number): Promise<number> =>
    statusOf(
      await send(
        `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${String(length)}\r\n\r\n${'x'.repeat(length)}`,
      ),
    );
  const chunk = async (path: string, length: number): Promise<number> =>
    statusOf(
      await send(
        `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n${'x'.repeat(length)}\r\n0\r\n\r\n`,
      ),
    );
  const get = (path: string): Promise<Message> => send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);

  it('limit bodies in place of the listener', async () => {
    expect([await post('/', 10), await post('/', 11), await chunk('/', 11)]).toEqual([200, 413, 413]);
    expect([await post('/large', 1024), await chunk('/large', 1000)]).toEqual([200, 200]);
    expect([await post('/large', 1025), await chunk('/large', 1025)]).toEqual([413, 413]);
    expect([await post('/small', 5), await post('/small', 6), await chunk('/small', 6)]).toEqual([
      200, 413, 413,
    ]);
  });

  it('limit the time of a backend, and of a request', async () => {
    const slow = await get('/slow');
    expect([statusOf(slow), slow.body.toString()]).toEqual([504, 'page of the route']);
    const whole = await get('/whole');
    expect([statusOf(whole), whole.body.toString()]).toEqual([504, 'page of the listener']);
  });

  it('leave other statuses to the pages of the listener', async () => {
    expect((await get('/teapot')).body.toString()).toBe('page of the listener');
  });

  it('keep requests out of the access log', async () => {
    await get('/quiet');
    await get('/loud');
    await eventually(
      async () => (await proxy.logLines()).some((line) => line.includes('/loud')),
      'the access log has its line',
    );
    expect((await proxy.logLines()).some((line) => line.includes('/quiet'))).toBe(false);
  });
});
