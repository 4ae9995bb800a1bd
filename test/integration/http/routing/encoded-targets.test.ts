import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { get, post, scene, type SceneOptions } from '../scene.ts';

/** UTF-8 as a client sends it, and as text of bytes. */
const CAFE = '/caf\xc3\xa9';
const ENCODED = '/caf%C3%A9';
const ENCODES: SceneOptions = { yaml: 'http: { encode_target: true }' };

describe('bytes above 0x7F in a target', () => {
  it('are refused without more being said', async () => {
    const stage = await scene();
    expect(await stage.refusal(get(CAFE))).toMatchObject({ status: 400, closed: true });
    expect(stage.backend.connections).toHaveLength(0);
  });

  it.each([
    [CAFE, ENCODED],
    ['/a?q=\xff&b', '/a?q=%FF&b'],
    ['/%c3%a9\x80', '/%c3%a9%80'],
    [`http://other.test${CAFE}`, ENCODED],
    ['/plain', '/plain'],
  ])('are encoded with encode_target: %j', async (target, forwarded) => {
    const stage = await scene(ENCODES);
    expect(statusOf(await stage.exchange(get(target)))).toBe(200);
    expect(stage.seen[0]!.startLine).toBe(`GET ${forwarded} HTTP/1.1`);
  });

  it('are encoded in whatever pieces they come, with a body and another request behind them', async () => {
    const stage = await scene(ENCODES);
    const requests = post('body', CAFE) + get(CAFE).replace('GET', 'HEAD') + get('/next');
    for (const size of [1, 3, 11, 1000]) {
      stage.seen.length = 0;
      const peer = await stage.client();
      await peer.sendPieces(requests, size);
      for (const noBody of [false, true, false])
        expect(statusOf(await readMessage(peer, { noBody }))).toBe(200);
      expect(stage.seen.map(({ startLine, body }) => `${startLine} ${body.toString()}`)).toEqual([
        `POST ${ENCODED} HTTP/1.1 body`,
        `HEAD ${ENCODED} HTTP/1.1 `,
        'GET /next HTTP/1.1 ',
      ]);
    }
  });

  it('are what routes and limits look at in their encoded form', async () => {
    const mark = 'transform: { response_headers: [{ action: set, name: X-Route, value: cafe }] }';
    const routes = `[{ path: "${ENCODED}", ${mark} }]`;
    const stage = await scene({
      yaml: `http: { encode_target: true, limits: { target_length: 64 }, routes: ${routes} }`,
    });
    expect(fieldValues(await stage.exchange(get(CAFE)), 'x-route')).toEqual(['cafe']);
    expect(statusOf(await stage.exchange(get(`/${'\xff'.repeat(21)}`)))).toBe(200);
    expect(await stage.refusal(get(`/${'\xff'.repeat(22)}`))).toMatchObject({ status: 414 });
  });

  it('are refused all the same outside of the target', async () => {
    const stage = await scene(ENCODES);
    for (const request of [
      'G\xc3T / HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.\xff\r\n\r\n',
      get('/\x7f'),
      get('/\xff\x00'),
    ])
      expect(await stage.refusal(request)).toMatchObject({ status: 400 });
    expect(stage.backend.connections).toHaveLength(0);
  });

  it('follow an edit from the next request of a connection on', async () => {
    const seen: Message[] = [];
    const server = await backend(answering(() => ok(), seen));
    const config = `listen: "127.0.0.1:0"\nreload: { watch: false }\nbackends: [{ name: one, address: "${server.address}" }]\n`;
    const proxy = await labProxy(config);
    const peer = await client(proxy.address());
    peer.send(get('/first'));
    await readMessage(peer);
    await proxy.change(config + ENCODES.yaml!);
    peer.send(get(CAFE));
    expect(statusOf(await readMessage(peer))).toBe(200);
    expect(seen.map(({ startLine }) => startLine)).toEqual([
      'GET /first HTTP/1.1',
      `GET ${ENCODED} HTTP/1.1`,
    ]);
  });
});
