import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';

import { CertificateAuthority } from '../../../support/certificates.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { owned } from '../../../support/owned.ts';
import { client } from '../../../support/peers/clients.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { TEST_WORKERS } from '../../../support/workers/test-workers.ts';

const authority = new CertificateAuthority();
const CLIENTS = 100;

/** A backend that accepts connections and never answers a ClientHello. */
async function silentBackend() {
  const open = new Set<Socket>();
  let most = 0;
  let accepted = 0;
  const server = createServer((socket) => {
    open.add(socket);
    accepted += 1;
    most = Math.max(most, open.size);
    socket.on('error', () => undefined).once('close', () => open.delete(socket));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned({
    close: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  });
  const { port } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${String(port)}`,
    open: () => open.size,
    most: () => most,
    accepted: () => accepted,
  };
}

type Silent = Awaited<ReturnType<typeof silentBackend>>;

function proxyFor(backend: Silent, mode: string, more = '') {
  return labProxy(
    `listeners: [{ name: web, listen: '127.0.0.1:0', mode: ${mode}, upstream: api }]
upstreams: [{ name: api, backends: [{ address: '${backend.address}' }], tls: { ca_file: ca.crt }, timeouts: { connect: 60s } ${more} }]
admin: { listen: '127.0.0.1:0' }
logging: { level: debug }
`,
    { 'ca.crt': authority.cert },
  );
}

describe('clients that leave while the backend says nothing', () => {
  it.each([
    ['tcp', ''],
    ['http', ', proxy_protocol: v2'],
    ['http', ', connection_pool: { enabled: false }'],
  ])('leave no connection behind that nobody can use (mode %s%s)', async (mode, more) => {
    const backend = await silentBackend();
    const proxy = await proxyFor(backend, mode, more);
    for (let round = 0; round < CLIENTS; round++) {
      const socket = await client(proxy.address());
      socket.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
      await eventually(() => backend.accepted() > round, 'the backend has it');
      // In mode tcp, an end means only that the client has nothing more to say.
      socket.socket.resetAndDestroy();
      await eventually(() => backend.open() === 0, 'nothing is left');
    }
    expect(backend.most()).toBe(1);
    expect(await proxy.untilLogged('TLS handshake given up')).toContain('error=not_needed');
    expect(await proxy.log()).not.toMatch(/error=timeout|many TLS handshakes fail/);
  });

  it('share the connection that is being made, where it is for a pool', async () => {
    const backend = await silentBackend();
    const proxy = await proxyFor(backend, 'http');
    for (let round = 0; round < CLIENTS; round++) {
      const socket = await client(proxy.address());
      socket.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
      await eventually(() => backend.open() >= 1, 'the backend has one');
      socket.socket.destroy();
    }
    // One that is late is replaced, and the backend sees the end of the old one later: on a slow machine there may be a few at once.
    expect(backend.most()).toBeLessThan((TEST_WORKERS * CLIENTS) / 10);
  });

  it('do not use up the places of a backend', async () => {
    const backend = await silentBackend();
    const proxy = await proxyFor(backend, 'http', ', connection_pool: { max_size: 2 }');
    for (let round = 0; round < 10; round++) {
      const socket = await client(proxy.address());
      socket.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
      await eventually(() => backend.open() >= 1, 'the backend has one');
      socket.socket.destroy();
    }
    await eventually(async () => {
      const response = await fetch(`http://${proxy.adminAddress}/backends`);
      return /"active":\s*0\b/.test(await response.text());
    }, 'no lease is counted');
  });
});
