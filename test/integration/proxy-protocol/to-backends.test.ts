import { describe, expect, it } from 'vitest';

import { readHeader } from '../../../src/net/proxy-protocol/read/header-reader.ts';
import { HeaderFault, type ParsedHeader } from '../../../src/net/proxy-protocol/read/parsed-header.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { fieldValues, readMessage, statusOf } from '../../support/peers/http-message.ts';
import type { RecordingBackend } from '../../support/peers/recording-backend.ts';
import type { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get } from '../http/scene.ts';

const VERSIONS = ['v1', 'v2'] as const;

/** Takes the header that a connection begins with. */
async function takeHeader(connection: ByteSocket): Promise<ParsedHeader> {
  await connection.until(() => readHeader(connection.received) !== undefined, 'a PROXY header');
  const header = readHeader(connection.received);
  if (header === undefined || header instanceof HeaderFault) throw new Error('no PROXY header');
  connection.take(header.sizeBytes);
  return header;
}

/** The client in a header, as `address:port`; `itself` when the proxy speaks for itself. */
function named({ source }: ParsedHeader): string {
  return source === undefined ? 'itself' : `${source.address}:${source.port}`;
}

/** An HTTP server that demands a header, and answers with what it says and with X-Forwarded-For. */
async function demanding(): Promise<RecordingBackend> {
  return backend(async (connection, index) => {
    const header = await takeHeader(connection);
    for (;;) {
      const message = await readMessage(connection);
      const [forwardedFor = ''] = fieldValues(message, 'x-forwarded-for');
      connection.send(ok(`${index} ${named(header)} ${forwardedFor}`));
    }
  });
}

function config(mode: string, address: string, version: string, more = ''): string {
  return `
mode: ${mode}
listen: '127.0.0.1:0'
backends: [{ name: one, address: '${address}' }]
proxy_protocol: { send: ${version} }
reload: { watch: false }
${more}`;
}

async function ask(peer: ByteSocket, request = get()): Promise<string> {
  peer.send(request);
  const message = await readMessage(peer);
  return `${statusOf(message)} ${message.body.toString()}`;
}

function nameOf({ socket }: ByteSocket): string {
  return `127.0.0.1:${socket.localPort}`;
}

/** Connections that the proxy has not ended. */
function unended({ connections }: RecordingBackend): number {
  return connections.filter(({ ending }) => ending === undefined).length;
}

describe.each(VERSIONS)('an HTTP backend that wants a header of version %s', (version) => {
  it('gets each client on a connection of its own, which serves all its requests', async () => {
    const server = await demanding();
    const proxy = await labProxy(config('http', server.address, version));
    const [first, second] = [await client(proxy.address()), await client(proxy.address())];
    expect(await ask(first)).toBe(`200 0 ${nameOf(first)} 127.0.0.1`);
    expect(await ask(second)).toBe(`200 1 ${nameOf(second)} 127.0.0.1`);
    expect(await ask(first)).toBe(`200 0 ${nameOf(first)} 127.0.0.1`);
    expect(await ask(second)).toBe(`200 1 ${nameOf(second)} 127.0.0.1`);
    first.close();
    await eventually(() => unended(server) === 1, 'its connection ends with the client');
    expect(await ask(second)).toBe(`200 1 ${nameOf(second)} 127.0.0.1`);
  });

  it('never gets a request of another client on a connection, whatever the number of clients', async () => {
    const server = await demanding();
    const proxy = await labProxy(
      config('http', server.address, version, 'connection_pool: { max_size: 4, max_idle: 4 }'),
    );
    const wrong: string[] = [];
    const talk = async (requests: number): Promise<void> => {
      const peer = await client(proxy.address());
      for (let request = 0; request < requests; request += 1) {
        const answer = await ask(peer);
        if (!answer.endsWith(` ${nameOf(peer)} 127.0.0.1`)) wrong.push(answer);
      }
      peer.close();
    };
    for (let round = 0; round < 4; round += 1)
      await Promise.all(Array.from({ length: 25 }, (_, index) => talk(1 + (index % 7))));
    expect(wrong).toEqual([]);
    expect(server.connections.length).toBe(100);
    await eventually(() => unended(server) === 0, 'no connection stays');
  });

  it('gets the header again when a request is sent a second time', async () => {
    const names: string[] = [];
    const server = await backend(async (connection, index) => {
      names.push(named(await takeHeader(connection)));
      await readMessage(connection);
      connection.send(ok('first'));
      await readMessage(connection);
      // Closes without an answer, as a server whose idle time is over.
      if (index === 0) connection.close();
      else connection.send(ok('second'));
    });
    const proxy = await labProxy(config('http', server.address, version));
    const peer = await client(proxy.address());
    expect(await ask(peer)).toBe('200 first');
    expect(await ask(peer)).toBe('200 first');
    expect(names).toEqual([nameOf(peer), nameOf(peer)]);
  });

  it('gets it before the bytes of a WebSocket', async () => {
    const server = await backend(async (connection) => {
      const header = await takeHeader(connection);
      await readMessage(connection);
      connection.send(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      );
      connection.send(named(header));
    });
    const proxy = await labProxy(config('http', server.address, version));
    const peer = await client(proxy.address());
    peer.send(get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    await peer.untilText(nameOf(peer));
  });

  it('gets checks that name no client, and is healthy', async () => {
    const seen: string[] = [];
    const server = await backend(async (connection) => {
      seen.push(named(await takeHeader(connection)));
      await readMessage(connection);
      connection.send(ok('fine'));
    });
    const check = 'health_check: { type: http, interval: 20ms, path: / }\nadmin: { listen: "127.0.0.1:0" }';
    const proxy = await labProxy(config('http', server.address, version, check));
    await eventually(() => seen.length >= 3, 'it is checked');
    expect(new Set(seen)).toEqual(new Set(['itself']));
    expect(await ask(await client(proxy.address()))).toBe('200 fine');
    expect(await proxy.log()).not.toContain('unhealthy');
  });

  it('gets or gets not a header from the next connection after an edit', async () => {
    const plain = await backend(async (connection) => {
      await readMessage(connection);
      connection.send(ok('plain'));
      await readMessage(connection);
      connection.send(ok('plain again'));
    });
    const server = await demanding();
    const proxy = await labProxy(config('http', plain.address, version).replace(/proxy_protocol.*/, ''));
    const peer = await client(proxy.address());
    expect(await ask(peer)).toBe('200 plain');
    await proxy.change(config('http', server.address, version));
    expect(await ask(peer)).toBe(`200 0 ${nameOf(peer)} 127.0.0.1`);
    await proxy.change(config('http', plain.address, version).replace(/proxy_protocol.*/, ''));
    expect(await ask(peer)).toMatch(/^200 plain/);
  });
});

describe.each(VERSIONS)('a TCP backend that wants a header of version %s', (version) => {
  it('gets it before the first byte of each client, even when sockets are to be kept ready', async () => {
    const server = await backend(async (connection) => {
      const header = await takeHeader(connection);
      connection.send(`${named(header)}\n`);
      await connection.untilText('ping');
      connection.send('pong');
    });
    const pool = 'connection_pool: { min_idle: 3, max_size: 5 }';
    const proxy = await labProxy(config('tcp', server.address, version, pool));
    for (let time = 0; time < 3; time += 1) {
      const peer = await client(proxy.address());
      await peer.untilText(`${nameOf(peer)}\n`);
      peer.send('ping');
      await peer.untilText('pong');
    }
    expect(server.connections.length).toBe(3);
  });

  it('gets a TCP check that names no client', async () => {
    const seen: string[] = [];
    const server = await backend(async (connection) => {
      seen.push(named(await takeHeader(connection)));
    });
    const check = 'health_check: { type: tcp, interval: 20ms }';
    await labProxy(config('tcp', server.address, version, check));
    await eventually(() => seen.length >= 2, 'it is checked');
    expect(new Set(seen)).toEqual(new Set(['itself']));
  });
});
