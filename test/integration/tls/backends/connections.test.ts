import { describe, expect, it } from 'vitest';

import { CertificateAuthority } from '../../../support/certificates.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { ok } from '../../../support/peers/answering.ts';
import { backend, echoing } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { readMessage } from '../../../support/peers/http-message.ts';
import { get } from '../../../support/peers/http-talk.ts';
import type { BackendScript, RecordingBackend } from '../../../support/peers/recording-backend.ts';

const authority = new CertificateAuthority();
const { cert, key } = authority.issue();

async function scene(script: BackendScript, mode = 'http') {
  const server = await backend(script, { cert, key });
  const proxy = await labProxy(
    `listeners: [{ name: web, listen: '127.0.0.1:0', mode: ${mode}, upstream: api }]
upstreams: [{ name: api, backends: [{ address: '${server.address}' }], tls: { ca_file: ca.crt } }]
`,
    { 'ca.crt': authority.cert },
  );
  return { server, proxy };
}

function isEncrypted(server: RecordingBackend): boolean {
  return server.connections.every(({ socket }) => (socket as { encrypted?: boolean }).encrypted === true);
}

describe('an upgraded connection over backend TLS', () => {
  it('carries bytes both ways, and both ends', async () => {
    const { server, proxy } = await scene(async (connection) => {
      await readMessage(connection);
      connection.send(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nwelcome',
      );
      await connection.untilText('question');
      connection.send('answer');
    });
    const asking = await client(proxy.address());
    asking.send('GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n');
    await asking.untilText('\r\n\r\nwelcome');
    asking.send('question');
    await asking.untilText('answer');
    const large = 'x'.repeat(300_000);
    asking.send(large);
    const upgraded = await server.connection(0);
    await upgraded.untilLength('question'.length + large.length);
    expect(isEncrypted(server)).toBe(true);
    upgraded.socket.end();
    expect(await asking.untilEnded()).toBe('end');
    asking.socket.end();
    expect(await upgraded.untilClosed()).toBe('end');
  });

  it('ends with a reset where the backend is gone', async () => {
    const { server, proxy } = await scene(async (connection) => {
      await readMessage(connection);
      connection.send(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nwelcome',
      );
    });
    const asking = await client(proxy.address());
    asking.send('GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n');
    await asking.untilText('welcome');
    const upgraded = await server.connection(0);
    upgraded.socket.destroy();
    await asking.untilEnded();
  });
});

it('a connection that authenticates its client stays with this client over backend TLS', async () => {
  const { server, proxy } = await scene(async (connection, index) => {
    for (;;) {
      const { startLine } = await readMessage(connection);
      if (startLine.includes('/login'))
        connection.send('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n');
      else connection.send(ok(`connection ${String(index)}`));
    }
  });
  const [first, second] = [await client(proxy.address()), await client(proxy.address())];
  expect((await get(first, '/login')).status).toBe(401);
  expect((await get(second)).body).toBe('connection 1');
  expect((await get(first)).body).toBe('connection 0');
  expect((await get(second)).body).toBe('connection 1');
  first.socket.destroy();
  expect(await (await server.connection(0)).untilEnded()).toBe('end');
  expect((await get(second)).body).toBe('connection 1');
  expect(server.connections).toHaveLength(2);
});

describe('the end of one direction over backend TLS (mode tcp)', () => {
  it('of the client reaches the backend, which still answers', async () => {
    const { proxy } = await scene(async (connection) => {
      await connection.untilEnded();
      connection.send(`after ${String(connection.received.length)} bytes`);
      connection.socket.end();
    }, 'tcp');
    const asking = await client(proxy.address());
    asking.send('x'.repeat(100_000));
    asking.socket.end();
    await asking.untilText('after 100000 bytes');
    expect(await asking.untilClosed()).toBe('end');
  });

  it('of the backend reaches the client, which still sends', async () => {
    const { server, proxy } = await scene((connection) => connection.socket.end('bye'), 'tcp');
    const asking = await client(proxy.address());
    await asking.untilText('bye');
    expect(await asking.untilEnded()).toBe('end');
    asking.send('x'.repeat(100_000));
    asking.socket.end();
    const ended = await server.connection(0);
    await ended.untilLength(100_000);
    expect(await ended.untilClosed()).toBe('end');
  });

  it('leaves no byte behind, whoever ends first', async () => {
    const { proxy } = await scene(echoing(), 'tcp');
    const asking = await client(proxy.address());
    asking.send('x'.repeat(1_000_000));
    asking.socket.end();
    await asking.untilLength(1_000_000);
    expect(await asking.untilClosed()).toBe('end');
  });
});
