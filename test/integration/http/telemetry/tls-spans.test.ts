import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../../support/certificates.ts';
import { OtlpCollector } from '../../../support/collectors/otlp-collector.ts';
import type { CollectedSpan } from '../../../support/collectors/trace-collector.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { owned } from '../../../support/owned.ts';
import { eventually } from '../../../support/time/eventually.ts';

const authority = new CertificateAuthority();
const site = authority.issue();
const FILES = { 'site.crt': site.cert, 'site.key': site.key, 'ca.crt': authority.cert };

async function httpsBackend(): Promise<string> {
  const server = createServer(site, (_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** A proxy that speaks TLS on both sides, and the collector of its spans. */
async function traced(mode: 'http' | 'tcp', backend: string, ca = 'ca.crt') {
  const collector = owned(new OtlpCollector());
  await collector.listen();
  const proxy = await labProxy(
    `
reload: { watch: false }
listeners:
  - { name: web, address: '127.0.0.1:0', mode: ${mode}, upstream: api, tls: { cert_file: site.crt, key_file: site.key } }
upstreams:
  - { name: api, backends: [{ name: a, address: '${backend}' }], tls: { ca_file: ${ca} } }
tracing: { exporter: otlp, endpoint: '${collector.endpoint}' }
`,
    { ...FILES, 'other.crt': new CertificateAuthority('other').cert },
  );
  const spans = (count: number): Promise<readonly CollectedSpan[]> =>
    eventually(
      () => Promise.resolve(collector.spans.length >= count ? collector.spans : undefined),
      `${String(count)} spans`,
    );
  const port = Number(proxy.address('web').split(':')[1]);
  return { port, spans };
}

async function ask(port: number, agent: Agent): Promise<number | undefined> {
  const sent = request({
    host: '127.0.0.1',
    port,
    path: '/x',
    servername: 'localhost',
    ca: authority.cert,
    agent,
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

it('the first request of a TLS connection says how long the handshake took, and backends have https URLs', async () => {
  const backend = await httpsBackend();
  const { port, spans } = await traced('http', backend);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => {
    agent.destroy();
  });
  expect(await ask(port, agent)).toBe(200);
  expect(await ask(port, agent)).toBe(200);
  const all = await spans(8);
  const roots = all.filter(({ name }) => name === 'GET /x');
  expect(roots.map(({ tags }) => tags['tls.protocol.version'])).toEqual(['1.3', '1.3']);
  expect(roots.map(({ tags }) => tags['tls.client.server_name'])).toEqual(['localhost', 'localhost']);
  const handshakes = roots.map(({ tags }) => tags['balance.tls_handshake_ms']);
  expect(handshakes.filter((ms) => ms !== undefined)).toHaveLength(1);
  expect(Number(handshakes.find((ms) => ms !== undefined))).toBeGreaterThan(0);
  const asked = all.filter(({ name }) => name.startsWith('backend:'));
  expect(asked.map(({ name, tags }) => [name, tags['url.full']])).toEqual([
    [`backend: GET https://${backend}/x`, `https://${backend}/x`],
    [`backend: GET https://${backend}/x`, `https://${backend}/x`],
  ]);
});

it('a backend that is not trusted is an error of its own span', async () => {
  const backend = await httpsBackend();
  const { port, spans } = await traced('http', backend, 'other.crt');
  const agent = new Agent();
  expect(await ask(port, agent)).toBe(502);
  const all = await spans(3);
  const tried = all.find(({ name }) => name === `backend: GET https://${backend}/x`);
  expect(tried?.tags['error.type']).toBe('backend_tls');
});

it('a tunnel of a TLS connection says so, too', async () => {
  const { port, spans } = await traced('tcp', await httpsBackend());
  const socket = connect({ host: '127.0.0.1', port, ca: authority.cert, servername: 'localhost' });
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await once(socket, 'data');
  socket.destroy();
  const [tunnel] = await spans(1);
  expect(tunnel?.tags).toMatchObject({
    'tls.protocol.version': '1.3',
    'tls.client.server_name': 'localhost',
  });
  expect(Number(tunnel?.tags['balance.tls_handshake_ms'])).toBeGreaterThan(0);
});
