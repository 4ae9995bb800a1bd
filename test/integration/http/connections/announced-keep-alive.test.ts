import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend, naming } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { fieldValues, readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { get } from '../scene.ts';
import { freePort } from '../../../support/addresses/free-ports.ts';

describe('a connection that an edit wants closed', () => {
  it.each([
    ['requests_per_connection: 1', 'a limit on its requests'],
    ['connection_age: 1ms', 'a limit on its age'],
  ])('by %s stays open when its response, begun before, said so', async (limit) => {
    const server = await backend();
    const config = (limits: string): string =>
      `listen: "127.0.0.1:0"\nreload: { watch: false }\nbackends: [{ address: "${server.address}" }]\nhttp: { limits: { ${limits} } }\n`;
    const proxy = await labProxy(config(''));
    const peer = await client(proxy.address());
    peer.send(get('/first'));
    const far = await server.connection(0);
    await readHead(far);
    far.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab');
    expect(await readHead(peer)).not.toMatch(/^Connection: close/im);
    await proxy.change(config(limit));
    far.send('cd');
    await peer.untilText('abcd');
    peer.take(4);
    peer.send(get('/second'));
    await readHead(far);
    far.send(ok('second'));
    const second = await readMessage(peer);
    expect([statusOf(second), fieldValues(second, 'connection')]).toEqual([200, ['close']]);
    await peer.untilEnded();
  });
});

describe('a listener that stops to speak HTTP', () => {
  it('answers the first request of a connection that it had accepted', async () => {
    const [web, raw] = [await backend(answering(() => ok('web'))), await backend(naming('raw'))];
    const address = `127.0.0.1:${await freePort()}`;
    const config = (mode: string, to: string): string =>
      `mode: ${mode}\nlisten: "${address}"\nreload: { watch: false }\nbackends: [{ address: "${to}" }]\n`;
    const proxy = await labProxy(config('http', web.address));
    const [silent, begun] = [await client(address), await client(address)];
    begun.send('GET / HTTP/1.1\r\nHo');
    // Both are accepted by now, as a later one was served.
    const third = await client(address);
    third.send(get());
    expect((await readMessage(third)).body.toString()).toBe('web');
    await proxy.change(config('tcp', raw.address));
    silent.send(get());
    begun.send('st: test\r\n\r\n');
    for (const peer of [silent, begun]) {
      const response = await readMessage(peer);
      expect([response.body.toString(), fieldValues(response, 'connection')]).toEqual(['web', ['close']]);
      await peer.untilEnded();
    }
  });
});

describe('a listener that moves', () => {
  it('answers what is sent on kept connections just then, and closes them all', async () => {
    const web = await backend(answering(() => ok('web')));
    const config = (port: number): string =>
      `mode: http\nlisten: "127.0.0.1:${port}"\nreload: { watch: false }\nbackends: [{ address: "${web.address}" }]\n`;
    const proxy = await labProxy(config(await freePort()));
    const [busy, idle] = [await client(proxy.address()), await client(proxy.address())];
    for (const peer of [busy, idle]) {
      peer.send(get());
      await readMessage(peer);
    }
    await proxy.change(config(await freePort()));
    busy.send(get());
    const response = await readMessage(busy);
    expect([response.body.toString(), fieldValues(response, 'connection')]).toEqual(['web', ['close']]);
    for (const peer of [busy, idle]) await peer.untilEnded();
  });
});
