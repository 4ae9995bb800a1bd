import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { fieldValues, readMessage } from '../../../support/peers/http-message.ts';
import { get, post, scene, type Scene } from '../scene.ts';

const METRICS = 'metrics: { listen: "127.0.0.1:0" }';
const CLOSE = 'Connection: close\r\n';
const HTTP_1_0 = 'GET /old HTTP/1.0\r\n\r\n';

/** The paths that a half-closed client gets answers for, in their order, until the proxy ends the connection. */
async function answers(stage: Scene, requests: string): Promise<string[]> {
  const client = await stage.client();
  client.send(requests);
  client.end();
  await client.untilClosed();
  const paths: string[] = [];
  while (client.received.length > 0) paths.push((await readMessage(client)).body.toString());
  return paths;
}

/** A backend that answers with the path, or never. */
function echoing(halfClose = 'auto', answers = true): Promise<Scene> {
  return scene({
    yaml: `${METRICS}\nhttp: { half_close: ${halfClose} }`,
    respond: (request) => (answers ? ok(request.startLine.split(' ')[1]) : undefined),
  });
}

describe('a client that ends its side and waits', () => {
  it.each([
    ['one request that says close', get('/a', CLOSE), ['/a']],
    ['an HTTP/1.0 request', HTTP_1_0, ['/old']],
    ['a body and close', post('body', '/a', CLOSE), ['/a']],
    [
      'pipelined requests of which the last says close',
      get('/a') + get('/b') + get('/c', CLOSE),
      ['/a', '/b', '/c'],
    ],
    [
      'pipelined requests with bodies',
      post('12345', '/a') + post('1', '/b') + HTTP_1_0,
      ['/a', '/b', '/old'],
    ],
    [
      'a pipelined body in chunks',
      `${get('/a')}POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${CLOSE}\r\n3\r\nabc\r\n0\r\n\r\n`,
      ['/a', '/b'],
    ],
    ['bytes behind the last request', `${get('/a', CLOSE)}${get('/b')}`, ['/a']],
  ])('is answered: %s', async (_what, requests, paths) => {
    const stage = await scene({ respond: (request) => ok(request.startLine.split(' ')[1]) });
    expect(await answers(stage, requests)).toEqual(paths);
  });

  it.each([
    ['a request that keeps the connection', get('/a')],
    ['HTTP/1.0 with keep-alive', 'GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'],
    ['pipelined requests that keep the connection', get('/a') + get('/b')],
    ['pipelined requests of which the last is not whole', `${get('/a')}GET /b HTTP/1.1\r\n${CLOSE}`],
    ['half a pipelined body', `${get('/a')}${post('body', '/b', CLOSE).slice(0, -1)}`],
    ['half a body', post('body', '/a', CLOSE).slice(0, -1)],
  ])('counts as gone: %s', async (_what, requests) => {
    const stage = await echoing('auto', false);
    expect(await answers(stage, requests)).toEqual([]);
    await eventually(async () => (await stage.inFlight()) === 0, 'nothing runs');
    expect((await stage.metrics()).sum('balance_request_errors_total', { error_type: 'client_abort' })).toBe(
      1,
    );
  });

  it('is told of the end with the last of its responses, and not before', async () => {
    const stage = await echoing();
    const client = await stage.client();
    client.send(get('/a') + get('/b', CLOSE));
    client.end();
    expect(fieldValues(await readMessage(client), 'connection')).toEqual([]);
    expect(fieldValues(await readMessage(client), 'connection')).toEqual(['close']);
    expect(await client.untilClosed()).toBe('end');
  });

  it('gets the answers of the proxy itself too', async () => {
    const stage = await scene({ yaml: 'http: { health_endpoint: /health }' });
    const client = await stage.client();
    client.send(get('/health') + get('/health') + get('/health', CLOSE));
    client.end();
    for (let i = 0; i < 3; i++) expect((await readMessage(client)).startLine).toContain('200');
    expect(await client.untilClosed()).toBe('end');
  });
});

describe('half_close', () => {
  it('serve: all whole requests are answered, whatever they say of the connection', async () => {
    const stage = await echoing('serve');
    expect(await answers(stage, get('/a') + get('/b'))).toEqual(['/a', '/b']);
    expect(await answers(stage, `${get('/a')}${get('/b')}GET /c HT`)).toEqual(['/a', '/b']);
    expect(await answers(stage, post('body', '/a').slice(0, -1))).toEqual([]);
  });

  it('abort: a client that ends its side counts as gone', async () => {
    const stage = await echoing('abort', false);
    expect(await answers(stage, get('/a', CLOSE))).toEqual([]);
    expect(await answers(stage, HTTP_1_0)).toEqual([]);
    await eventually(async () => (await stage.inFlight()) === 0, 'nothing runs');
  });
});
