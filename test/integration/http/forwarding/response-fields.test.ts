import { describe, expect, it } from 'vitest';

import { answering } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { fieldValues, readHead, readMessage } from '../../../support/peers/http-message.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { get, scene, type SceneOptions } from '../scene.ts';

const OWN_ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** The values of a field of a response, as the client gets it for what the backend sends. */
async function shown(
  name: string,
  response: string,
  options: SceneOptions & { request?: string } = {},
): Promise<string[]> {
  const stage = await scene({ ...options, respond: () => response });
  return fieldValues(await stage.exchange(options.request ?? get()), name);
}

describe('Upgrade in a response', () => {
  const REQUIRED =
    'HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2\r\nUpgrade: foo\r\nContent-Length: 0\r\n\r\n';

  it('stays in a 426, and Connection with it', async () => {
    expect(await shown('upgrade', REQUIRED)).toEqual(['TLS/1.2, foo']);
    expect(await shown('connection', REQUIRED)).toEqual(['Upgrade']);
    const last = { request: get('/', 'Connection: close\r\n') };
    expect(await shown('connection', REQUIRED, last)).toEqual(['close, Upgrade']);
    expect(await shown('upgrade', REQUIRED, last)).toEqual(['TLS/1.2, foo']);
  });

  it('is left out of a 426 for HTTP/1.0', async () => {
    expect(await shown('upgrade', REQUIRED, { request: 'GET / HTTP/1.0\r\n\r\n' })).toEqual([]);
  });

  it('is left out of all others', async () => {
    const other = REQUIRED.replace('426 Upgrade Required', '200 OK');
    expect(await shown('upgrade', other)).toEqual([]);
    expect(await shown('connection', other)).toEqual([]);
  });
});

describe('X-Request-ID in a response', () => {
  const WITH = 'HTTP/1.1 200 OK\r\nX-Request-ID: theirs\r\nContent-Length: 0\r\n\r\n';
  const DATED = WITH.replace('\r\nContent', '\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent');
  const WITHOUT = WITH.replace('X-Request-ID: theirs\r\n', '');
  const BACKEND = { yaml: 'http: { response_request_id: backend }' };

  it('is ours without more being said', async () => {
    for (const response of [WITH, DATED, WITHOUT]) {
      expect(await shown('x-request-id', response)).toEqual([expect.stringMatching(OWN_ID)]);
    }
  });

  it('is the backend’s where it has one and the config says so, and else ours', async () => {
    for (const response of [WITH, DATED, WITH.replace('200 OK', '204 No Content')]) {
      expect(await shown('x-request-id', response, BACKEND)).toEqual(['theirs']);
    }
    expect(await shown('x-request-id', WITHOUT, BACKEND)).toEqual([expect.stringMatching(OWN_ID)]);
    const hopByHop = WITH.replace('Content-Length', 'Connection: X-Request-ID\r\nContent-Length');
    expect(await shown('x-request-id', hopByHop, BACKEND)).toEqual([expect.stringMatching(OWN_ID)]);
  });

  it('is the backend’s also in its answer to an upgrade', async () => {
    const stage = await scene({
      ...BACKEND,
      respond: () => 'HTTP/1.1 101 Ok\r\nX-Request-ID: theirs\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n',
    });
    const client = await stage.client();
    client.send(get('/', 'Connection: Upgrade\r\nUpgrade: foo\r\n'));
    expect((await readHead(client)).match(/X-Request-ID: .*/g)).toEqual(['X-Request-ID: theirs']);
  });

  it('is what an edit says from the next response on', async () => {
    const server = await backend(answering(() => WITH));
    const config = `listen: "127.0.0.1:0"\nreload: { watch: false }\nbackends: [{ name: one, address: "${server.address}" }]\n`;
    const proxy = await labProxy(config);
    const peer = await client(proxy.address());
    const ask = async (): Promise<string[]> => {
      peer.send(get());
      return fieldValues(await readMessage(peer), 'x-request-id');
    };
    expect(await ask()).toEqual([expect.stringMatching(OWN_ID)]);
    await proxy.change(config + BACKEND.yaml);
    expect(await ask()).toEqual(['theirs']);
    await proxy.change(config);
    expect(await ask()).toEqual([expect.stringMatching(OWN_ID)]);
  });
});
