import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { TLSSocket } from 'node:tls';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';

const authority = new CertificateAuthority('first authority');
const other = new CertificateAuthority('second authority');
const { cert, key } = authority.issue();

interface Backend {
  readonly address: string;
  readonly server: Server;
  /** How often it was asked for each path. */
  readonly requests: string[];
  readonly sockets: TLSSocket[];
}

/** Answers with the name in the client's certificate, or `nobody`. */
async function httpsBackend(options: ServerOptions = {}): Promise<Backend> {
  const requests: string[] = [];
  const sockets: TLSSocket[] = [];
  const server = createServer({ cert, key, ...options }, (request, response) => {
    requests.push(request.url ?? '');
    const { socket } = request;
    const shown = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
    response.end((shown?.subject as { CN?: string } | undefined)?.CN ?? 'nobody');
  });
  server.on('secureConnection', (socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { address: `127.0.0.1:${String(port)}`, server, requests, sockets };
}

function yaml(address: string, tls: string, more = '', mode = 'http'): string {
  return `
listeners: [{ name: web, listen: '127.0.0.1:0', mode: ${mode}, upstream: api }]
upstreams: [{ name: api, backends: [{ address: '${address}' }], tls: ${tls} ${more} }]
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
`;
}

const TRUSTING = '{ ca_file: ca.crt }';

async function ask(address: string, path = '/'): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://${address}${path}`);
  return { status: response.status, body: await response.text() };
}

describe('TLS to backends, from the config', () => {
  it('carries requests over kept connections, which resume sessions when they are made anew', async () => {
    const backend = await httpsBackend();
    // Each worker has connections and sessions of its own.
    const one = `workers: 1${yaml(backend.address, TRUSTING)}`;
    const proxy = await labProxy(one, { 'ca.crt': authority.cert });
    expect(await ask(proxy.address())).toEqual({ status: 200, body: 'nobody' });
    expect(backend.sockets[0]?.alpnProtocol).toBe('http/1.1');
    expect(await ask(proxy.address())).toEqual({ status: 200, body: 'nobody' });
    expect(backend.sockets).toHaveLength(1);
    for (const socket of backend.sockets) socket.destroy();
    await eventually(async () => (await ask(proxy.address())).status === 200, 'it connects anew');
    expect(backend.sockets.at(-1)?.isSessionReused()).toBe(true);
  });

  it('answers 502 for a backend that is not trusted, says why, and sends it nothing', async () => {
    const backend = await httpsBackend();
    const proxy = await labProxy(yaml(backend.address, TRUSTING), { 'ca.crt': other.cert });
    const { status, body } = await ask(proxy.address());
    expect(status).toBe(502);
    expect(body).toContain('the backend could not be reached securely');
    expect(body).not.toContain('first authority');
    await proxy.untilLogged('error=backend_tls');
    const line = await proxy.untilLogged('issued by first authority');
    expect(line).toContain(backend.address);
    expect(line).toContain('expected name: 127.0.0.1');
    expect(backend.requests).toEqual([]);
  });

  it('takes another authority and another client certificate live: new connections, and no request fails', async () => {
    const backend = await httpsBackend({
      ca: [authority.cert, other.cert],
      requestCert: true,
      rejectUnauthorized: true,
    });
    const first = authority.issue('first client');
    const second = other.issue('second client');
    const tls = '{ ca_file: ca.crt, client_cert_file: client.crt, client_key_file: client.key }';
    const proxy = await labProxy(yaml(backend.address, tls), {
      'ca.crt': authority.cert,
      'client.crt': first.cert,
      'client.key': first.key,
    });
    expect((await ask(proxy.address())).body).toBe('first client');
    await writeFile(join(proxy.directory, 'client.crt'), second.cert);
    await writeFile(join(proxy.directory, 'client.key'), second.key);
    let failed = 0;
    const asking = setInterval(() => {
      void ask(proxy.address()).then(({ status }) => {
        if (status !== 200) failed += 1;
      });
    }, 5);
    const outcome = await proxy.app.reload();
    expect(outcome.message).not.toMatch(/fail/i);
    await eventually(
      async () => (await ask(proxy.address())).body === 'second client',
      'the new one is used',
    );
    clearInterval(asking);
    expect(failed).toBe(0);
    // An authority that has not signed the backend's certificate ends the trust, also in kept connections.
    await writeFile(join(proxy.directory, 'ca.crt'), other.cert);
    await proxy.app.reload();
    await eventually(async () => (await ask(proxy.address())).status === 502, 'it is not trusted any more');
  });

  it('says that a backend wants a client certificate, also when TLS 1.3 says so late', async () => {
    const backend = await httpsBackend({ ca: authority.cert, requestCert: true, rejectUnauthorized: true });
    const proxy = await labProxy(yaml(backend.address, TRUSTING), { 'ca.crt': authority.cert });
    expect((await ask(proxy.address())).status).toBe(502);
    expect(await proxy.untilLogged('see tls.client_cert_file')).toContain(backend.address);
    await proxy.untilLogged('error=backend_tls');
    expect(backend.requests).toEqual([]);
  });

  it('carries tunnels of mode tcp, with connections that are made ahead', async () => {
    const backend = await httpsBackend();
    const more = ', connection_pool: { min_idle: 1 }';
    const proxy = await labProxy(yaml(backend.address, TRUSTING, more, 'tcp'), { 'ca.crt': authority.cert });
    await eventually(() => backend.sockets.length === TEST_WORKERS, 'each worker has connected one ahead');
    const socket = await client(proxy.address());
    socket.send('GET /tunnel HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
    await socket.untilText('nobody');
    expect(backend.requests).toEqual(['/tunnel']);
    // What a tunnel carries is not known: nothing is offered.
    expect(backend.sockets[0]?.alpnProtocol).toBe(false);
  });

  it('checks the health of backends over TLS, and shows the reason of a certificate that is not good', async () => {
    const backend = await httpsBackend();
    const check = ', health_check: { path: /health, interval: 50ms, timeout: 45ms }';
    const slow = check.replace('50ms', '400ms').replace('45ms', '400ms');
    const proxy = await labProxy(yaml(backend.address, TRUSTING, slow), { 'ca.crt': authority.cert });
    const counted = async (name: string, labels: Readonly<Record<string, string>>): Promise<number> =>
      (await ScrapedMetrics.from(proxy.app.adminAddresses[1] ?? proxy.adminAddress)).sum(name, labels);
    const handshakes = 'balance_health_check_tls_handshakes_total';
    await eventually(async () => (await counted(handshakes, { status: 'ok' })) > 0, 'it is checked');
    expect(backend.requests).toContain('/health');
    expect((await ask(proxy.address())).status).toBe(200);
    await writeFile(join(proxy.directory, 'ca.crt'), other.cert);
    await proxy.app.reload();
    const line = await proxy.untilLogged('backend is unhealthy');
    expect(line).toContain('no trusted authority has signed');
    expect(line).toContain('issued by first authority');
    const shown = await fetch(`http://${proxy.adminAddress}/backends`);
    expect(await shown.text()).toContain('no trusted authority has signed');
    const failures = 'balance_health_check_tls_handshake_failures_total';
    expect(await counted(failures, { reason: 'certificate_unknown_ca' })).toBeGreaterThan(0);
  });
});
