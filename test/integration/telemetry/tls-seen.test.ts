import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { REAL_HELLOS } from '../../support/tls/real-hellos.ts';
import { eventually } from '../../support/time/eventually.ts';

const authority = new CertificateAuthority();
const site = authority.issue();
const FILES = { 'site.crt': site.cert, 'site.key': site.key, 'ca.crt': authority.cert };

function start(more = '', level = 'info'): Promise<LabProxy> {
  return labProxy(
    [
      "admin: { listen: '127.0.0.1:0' }",
      'metrics: { enabled: true, listen: 127.0.0.1:0 }',
      `logging: { level: ${level} }`,
      'reload: { watch: false }',
      'listeners:',
      '  - name: web',
      "    address: '127.0.0.1:0'",
      '    mode: http',
      '    upstream: main',
      `    tls: { cert_file: site.crt, key_file: site.key${more} }`,
      'upstreams:',
      "  - { name: main, backends: [{ name: a, address: '127.0.0.1:1' }] }",
      '',
    ].join('\n'),
    FILES,
  );
}

async function speak(proxy: LabProxy, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const [host = '', port] = proxy.address('web').split(':');
  const socket = connect({
    host,
    port: Number(port),
    ca: authority.cert,
    servername: 'localhost',
    ALPNProtocols: ['http/1.1'],
    ...options,
  });
  socket.on('error', () => undefined);
  owned({
    close: () => {
      socket.destroy();
    },
  });
  await new Promise<void>((resolve) => {
    socket.once('secureConnect', resolve).once('close', resolve);
  });
  return socket;
}

async function metrics(proxy: LabProxy, part: string): Promise<string[]> {
  const { body } = await askAdmin(proxy.adminAddress, '/metrics');
  return body.split('\n').filter((line) => line.startsWith(part));
}

it('counts handshakes of a listener, and shows what a connection agreed on', async () => {
  const proxy = await start(', client_auth: verify, client_ca_file: ca.crt');
  const operator = authority.issue({ subject: 'operator', usage: 'client' });
  await speak(proxy, operator);
  const seen = (await askAdmin(proxy.adminAddress, '/connections')).json() as { connections: object[] };
  expect(seen.connections).toMatchObject([
    {
      listener: 'web',
      tls: {
        version: 'TLSv1.3',
        cipher: expect.stringMatching(/^TLS_/) as string,
        sni: 'localhost',
        alpn: 'http/1.1',
        resumed: false,
        client_subject: 'CN=operator',
        client_fingerprint: expect.stringMatching(/^[0-9A-F:]{95}$/) as string,
        client_verified: true,
      },
    },
  ]);
  const status = (await askAdmin(proxy.adminAddress, '/status')).json();
  expect(status).toMatchObject({
    listeners: [{ name: 'web', tls: true, tls_handshakes: 0 }],
    ticket_key_age_seconds: expect.any(Number) as number,
    certificates: [
      { kind: expect.any(String) as string, days_left: expect.any(Number) as number },
      { used_by: expect.any(Array) as unknown[] },
    ],
  });
  expect(await metrics(proxy, 'balance_tls_handshakes_total{status="ok"}')).toEqual([
    'balance_tls_handshakes_total{status="ok"} 1',
  ]);
  expect(await metrics(proxy, 'balance_tls_connections_total')).toEqual([
    'balance_tls_connections_total{listener="web",version="TLSv1.3",resumed="false"} 1',
  ]);
  expect(await metrics(proxy, 'balance_tls_handshake_duration_seconds_count')).toEqual([
    'balance_tls_handshake_duration_seconds_count 1',
  ]);
});

it('shows handshakes that are under way beside their limit', async () => {
  // Each worker has its part of them, rounded up.
  const proxy = await start(', max_handshakes: 8');
  const [host = '', port] = proxy.address('web').split(':');
  const socket = connectPlain(Number(port), host);
  owned({
    close: () => {
      socket.destroy();
    },
  });
  socket.write(Buffer.from('160301', 'hex'));
  await eventually(async () => {
    const [hello] = await metrics(
      proxy,
      'balance_tls_handshakes_active{listener="web",stage="client_hello"}',
    );
    return hello?.endsWith(' 1');
  }, 'a connection without its whole ClientHello is seen');
  expect(await metrics(proxy, 'balance_tls_handshakes_max')).toEqual([
    'balance_tls_handshakes_max{listener="web"} 8',
  ]);
  // The client's answer is missing.
  const waiting = connectPlain(Number(port), host);
  owned({
    close: () => {
      waiting.destroy();
    },
  });
  waiting.write(Buffer.from(REAL_HELLOS[0]!.base64, 'base64'));
  await once(waiting, 'data');
  expect(await metrics(proxy, 'balance_tls_handshakes_active{listener="web",stage="handshake"}')).toEqual([
    'balance_tls_handshakes_active{listener="web",stage="handshake"} 1',
  ]);
  expect((await askAdmin(proxy.adminAddress, '/status')).json()).toMatchObject({
    listeners: [{ tls: true, tls_handshakes: 1, tls_hellos_awaited: 1, max_tls_handshakes: 8 }],
  });
});

it.each<[string, ConnectionOptions, string, string]>([
  [
    'of a client with old versions only',
    { maxVersion: 'TLSv1.2' },
    'offered=TLSv1.2 error=no_shared_version',
    'speaks no version of TLS',
  ],
  ['of a client without a certificate', {}, 'error=certificate_missing', 'showed no certificate'],
])('says in the log and the metrics why the handshake failed %s', async (_, options, error, words) => {
  const proxy = await start(
    ", min_version: '1.3', client_auth: require-and-verify, client_ca_file: ca.crt",
    'debug',
  );
  await speak(proxy, options);
  await proxy.untilLogged('TLS handshake failed');
  const lines = (await proxy.log()).split('\n').filter((line) => line.includes('TLS handshake failed'));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('DEBUG');
  expect(lines[0]).toContain(`listener=web client=127.0.0.1:`);
  expect(lines[0]).toContain(`sni=localhost ${error} `);
  expect(lines[0]).toContain(words);
  const reason = error.split('error=')[1] ?? '';
  expect(await metrics(proxy, 'balance_tls_handshake_failures_total')).toEqual([
    `balance_tls_handshake_failures_total{listener="web",reason="${reason}"} 1`,
  ]);
});

it('says that a plain HTTP request came to a TLS port', async () => {
  const proxy = await start();
  const [host = '', port] = proxy.address('web').split(':');
  const socket = connectPlain(Number(port), host);
  socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain('400');
  await proxy.untilLogged('error=http_request');
  expect(await metrics(proxy, 'balance_tls_handshakes_total{status="refused"}')).toEqual([
    'balance_tls_handshakes_total{status="refused"} 1',
  ]);
});

it('warns of a certificate that expires soon, at the start and when an edit brings one', async () => {
  const proxy = await start();
  expect(await proxy.log()).not.toContain('expires soon');
  const soon = authority.issue({ subject: 'localhost', notAfter: new Date(Date.now() + 5.5 * 86_400_000) });
  await writeFile(join(proxy.directory, 'site.key'), soon.key);
  await writeFile(join(proxy.directory, 'site.crt'), soon.cert);
  expect(await proxy.app.reload()).toMatchObject({ ok: true });
  await proxy.untilLogged('a certificate expires soon');
  expect(await proxy.log()).toMatch(/WARN a certificate expires soon certificate=site.crt .*days_left=5/);
  const status = (await askAdmin(proxy.adminAddress, '/status')).json();
  expect(status).toMatchObject({
    certificates: [{ kind: 'server', file: 'site.crt', days_left: 5, used_by: ['listener web'] }],
  });
  const [line = ''] = await metrics(proxy, 'balance_tls_certificate_expiry_days');
  expect(line).toContain('certificate="site.crt"');
  expect(Number(line.split(' ').at(-1))).toBeCloseTo(5.5, 1);
});
