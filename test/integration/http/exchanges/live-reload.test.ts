import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import {
  fieldValues,
  readHead,
  readMessage,
  statusOf,
  type Message,
} from '../../../support/peers/http-message.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { TEST_WORKERS } from '../../../support/workers/test-workers.ts';
import { get, post } from '../scene.ts';

const config = (address: string, http: string, name = 'one'): string => `
listen: "127.0.0.1:0"
reload: { watch: false }
backends: [{ name: ${name}, address: "${address}" }]
http: ${http}
`;

describe('a connection that is kept over a reload', () => {
  it('has the new config from its next request on, setting by setting', async () => {
    const seen: Message[] = [];
    const server = await backend(answering(() => ok(), seen));
    const proxy = await labProxy(config(server.address, '{ via: before }'));
    const peer = await client(proxy.address());
    const ask = async (request: string): Promise<Message> => {
      peer.send(request);
      return readMessage(peer);
    };
    const claim = 'X-Forwarded-For: 203.0.113.7\r\nX-Request-ID: mine\r\nX_Other: 1\r\n';
    await ask(get('//a/../b', claim));
    await proxy.change(
      config(
        server.address,
        '{ via: after, normalize_path: true, underscore_headers: drop, forwarded: true, trusted_proxies: [127.0.0.1] }',
      ),
    );
    const response = await ask(get('//a/../b', claim));
    expect(seen.map((request) => request.startLine)).toEqual(['GET //a/../b HTTP/1.1', 'GET /b HTTP/1.1']);
    expect(seen.map((request) => fieldValues(request, 'x_other'))).toEqual([['1'], []]);
    expect(seen.map((request) => fieldValues(request, 'via'))).toEqual([['1.1 before'], ['1.1 after']]);
    expect(seen.map((request) => fieldValues(request, 'x-forwarded-for'))).toEqual([
      ['127.0.0.1'],
      ['203.0.113.7, 127.0.0.1'],
    ]);
    expect(fieldValues(seen[1]!, 'forwarded')).toEqual(['for=127.0.0.1;host=example.test;proto=http']);
    expect(fieldValues(response, 'x-request-id')).toEqual(['mine']);
    // Limits too, of the head that is read next.
    const other = await client(proxy.address());
    other.send(get());
    expect(statusOf(await readMessage(other))).toBe(200);
    await proxy.change(
      config(
        server.address,
        '{ limits: { header_count: 1, body_size: 3B }, error_pages: [{ statuses: [413], body: page }] }',
      ),
    );
    const large = await ask(
      post('four').replace('Host: example.test\r\n', '').replace('HTTP/1.1', 'HTTP/1.0'),
    );
    expect([statusOf(large), large.body.toString()]).toEqual([413, 'page']);
    await peer.untilEnded();
    other.send(get('/', 'A: 1\r\n'));
    expect(statusOf(await readMessage(other))).toBe(431);
    // Each worker has its own sockets to backends.
    expect(server.connections.length).toBeLessThanOrEqual(TEST_WORKERS);
  });

  it('has its paths read as the new config says', async () => {
    const server = await backend(answering(() => ok()));
    const routes = 'routes: [{ name: r, path_prefix: /r, backends: [one] }]';
    const proxy = await labProxy(config(server.address, `{ ${routes} }`));
    const peer = await client(proxy.address());
    peer.send(get('/a/..%2fr'));
    expect(statusOf(await readMessage(peer))).toBe(400);
    await proxy.change(config(server.address, `{ ${routes}, ambiguous_paths: literal }`));
    const other = await client(proxy.address());
    other.send(get('/a/..%2fr'));
    expect(statusOf(await readMessage(other))).toBe(200);
    await proxy.change(config(server.address, `{ ${routes} }`));
    other.send(get('/a/..%2fr'));
    expect(statusOf(await readMessage(other))).toBe(400);
  });

  it('goes to the backends that are there now, and those that left lose their idle sockets', async () => {
    const [first, second] = [
      await backend(answering(() => ok('first'))),
      await backend(answering(() => ok('second'))),
    ];
    const proxy = await labProxy(config(first.address, '{}'));
    const peer = await client(proxy.address());
    const ask = async (): Promise<string> => {
      peer.send(get());
      return (await readMessage(peer)).body.toString();
    };
    expect(await ask()).toBe('first');
    await proxy.change(config(second.address, '{}', 'two'));
    expect(await ask()).toBe('second');
    await first.connections[0]!.untilEnded();
    expect(await ask()).toBe('second');
    expect(second.connections).toHaveLength(1);
  });

  it('stays open when it is idle, new or used, through many of them', async () => {
    const server = await backend(answering((request) => ok(request.startLine)));
    const proxy = await labProxy(config(server.address, '{}'));
    const peers = await Promise.all(Array.from({ length: 50 }, () => client(proxy.address())));
    const used = peers.slice(0, 25);
    const askAll = async (which: typeof peers, path: string): Promise<void> => {
      for (const peer of which) peer.send(get(path));
      for (const peer of which)
        expect((await readMessage(peer)).body.toString()).toBe(`GET ${path} HTTP/1.1`);
    };
    await askAll(used, '/before');
    const sockets = server.connections.length;
    for (let i = 0; i < 5; i++) await proxy.change(config(server.address, `{ via: v${i} }`));
    await askAll(peers.slice(0, sockets), '/after');
    // The unchanged upstream kept its sockets.
    expect(server.connections.length).toBe(sockets);
    await askAll(peers, '/at-last');
    expect(peers.every((peer) => peer.ending === undefined)).toBe(true);
  });

  it('ends its request under the config that the request began with', async () => {
    const server = await backend();
    const proxy = await labProxy(
      `${config(server.address, '{ via: before }')}transform: { response_headers: [{ action: set, name: X-Config, value: before }] }\n`,
    );
    const peer = await client(proxy.address());
    peer.send(get('/slow') + get('/next'));
    const connection = await server.connection(0);
    await connection.untilText('\r\n\r\n');
    await proxy.change(
      `${config(server.address, '{ via: after }')}transform: { response_headers: [{ action: set, name: X-Config, value: after }] }\n`,
    );
    connection.take(connection.received.length);
    connection.send(ok());
    const first = await readMessage(peer);
    expect([fieldValues(first, 'via'), fieldValues(first, 'x-config')]).toEqual([['1.1 before'], ['before']]);
    expect(await readHead(connection)).toContain('Via: 1.1 after\r\n');
    connection.send(ok());
    const second = await readMessage(peer);
    expect([fieldValues(second, 'via'), fieldValues(second, 'x-config')]).toEqual([['1.1 after'], ['after']]);
  });

  it('stays as it is when the new config is wrong', async () => {
    const server = await backend(answering(() => ok()));
    const proxy = await labProxy(config(server.address, '{ via: before }'));
    const peer = await client(proxy.address());
    peer.send(get());
    await readMessage(peer);
    for (const http of [
      '{ via: "a b" }',
      '{ trusted_proxies: [nonsense] }',
      '{ limits: { body_size: -1B } }',
      '{ normalize_path: 1 }',
    ]) {
      expect((await proxy.edit(config(server.address, http))).ok).toBe(false);
    }
    peer.send(get());
    expect(fieldValues(await readMessage(peer), 'via')).toEqual(['1.1 before']);
  });
});

describe('traffic during reloads', () => {
  it('is served without a failure, and each response is of one config or the other', async () => {
    const servers = [
      await backend(answering((request) => ok(request.body.toString()))),
      await backend(answering((request) => ok(request.body.toString()))),
    ];
    const yaml = (i: number): string => config(servers[i % 2]!.address, `{ via: v${i % 2} }`, `b${i % 2}`);
    const proxy = await labProxy(yaml(0));
    let reloading = true;
    const vias = new Set<string>();
    const traffic = Array.from({ length: 10 }, async (_, n) => {
      const peer = await client(proxy.address());
      let count = 0;
      for (; reloading; count++) {
        peer.send(post(`${n}-${count}`) + post(`${n}-${count}!`));
        for (const end of ['', '!']) {
          const response = await readMessage(peer);
          expect(statusOf(response)).toBe(200);
          expect(response.body.toString()).toBe(`${n}-${count}${end}`);
          vias.add(fieldValues(response, 'via').join());
        }
      }
      return count;
    });
    for (let i = 1; i <= 12; i++) await proxy.change(yaml(i));
    reloading = false;
    for (const count of await Promise.all(traffic)) expect(count).toBeGreaterThan(0);
    expect([...vias].sort()).toEqual(['1.1 v0', '1.1 v1']);
  });
});
