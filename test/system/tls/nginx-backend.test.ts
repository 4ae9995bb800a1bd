import { describe, expect, it } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { secureClient } from '../../support/peers/clients.ts';
import { get } from '../../support/peers/http-talk.ts';
import { nginxServer } from './nginx-server.ts';
import { isInstalled } from './run-tool.ts';

const authority = new CertificateAuthority();
const backend = authority.issue({ names: ['backend.internal'] });
const FILES = {
  'server.crt': backend.cert,
  'server.key': backend.key,
  'ca.crt': authority.cert,
  'text.txt': 'a text. '.repeat(100),
};
const CERTIFICATE = 'ssl_certificate DIR/server.crt; ssl_certificate_key DIR/server.key;';

/** A proxy that clients reach by TLS, as `site.test`, with that `tls` to nginx. */
async function proxyTo(port: number, tls: string, more = ''): Promise<LabProxy> {
  const site = authority.issue({ names: ['site.test'] });
  const client = authority.issue('the proxy');
  return labProxy(
    `${more}
mode: http
listen: 127.0.0.1:0
backends: [{ address: '127.0.0.1:${String(port)}' }]
tls: { cert_file: site.crt, key_file: site.key, backend: { ca_file: ca.crt${tls} } }
`,
    {
      'site.crt': site.cert,
      'site.key': site.key,
      'ca.crt': authority.cert,
      'client.crt': client.cert,
      'client.key': client.key,
    },
  );
}

/** Asks as a client whose SNI is `site.test`. */
async function ask(proxy: LabProxy, path = '/', lines = ''): Promise<{ status: number; body: string }> {
  const options = { ca: authority.cert, servername: 'site.test', ALPNProtocols: ['http/1.1'] };
  const { socket } = await secureClient(proxy.address(), options);
  const { status, body } = await get(socket, path, lines);
  socket.socket.destroy();
  return { status, body };
}

const NAMED = ', server_name: backend.internal';

// Skipped without nginx (apt-get install nginx-light).
describe.skipIf(!isInstalled('nginx'))('nginx as a backend with TLS', () => {
  it('is verified by the name of the config, which it gets as SNI, and never that of the client', async () => {
    const port = await nginxServer(`${CERTIFICATE} ssl_protocols TLSv1.2 TLSv1.3;`, FILES);
    const { status, body } = await ask(await proxyTo(port, NAMED));
    expect(status).toBe(200);
    expect(body).toContain('version=TLSv1.3 sni=backend.internal client= verified=NONE');
    expect(body).toContain('host=test');
  });

  it('gets no SNI where the config names an address only, and is refused as its certificate has no address', async () => {
    const port = await nginxServer(CERTIFICATE, FILES);
    const refused = await proxyTo(port, '');
    expect((await ask(refused)).status).toBe(502);
    await refused.untilLogged('expected name: 127.0.0.1');
    const skipping = await proxyTo(port, ', insecure_skip_verify: true');
    expect((await ask(skipping)).body).toContain('sni= ');
  });

  it('verifies the client certificate of the proxy', async () => {
    const mutual = `${CERTIFICATE} ssl_client_certificate DIR/ca.crt; ssl_verify_client on;`;
    const port = await nginxServer(mutual, FILES);
    const shown = ', client_cert_file: client.crt, client_key_file: client.key';
    const { status, body } = await ask(await proxyTo(port, NAMED + shown));
    expect(status).toBe(200);
    expect(body).toContain('client=CN=the proxy verified=SUCCESS');
    // Without a certificate nginx lets the handshake pass, and answers 400 itself.
    expect((await ask(await proxyTo(port, NAMED))).status).toBe(400);
  });

  it('speaks TLS 1.2 where it knows nothing newer, and is refused where the config wants that', async () => {
    const port = await nginxServer(`${CERTIFICATE} ssl_protocols TLSv1.2;`, FILES);
    expect((await ask(await proxyTo(port, NAMED))).body).toContain('version=TLSv1.2 ');
    const strict = await proxyTo(port, `${NAMED}, min_version: "1.3"`);
    expect((await ask(strict)).status).toBe(502);
    await strict.untilLogged('speaks no version of TLS that the upstream allows');
  });

  it.each(['TLSv1.2', 'TLSv1.3'])('resumes sessions (%s)', async (version) => {
    const port = await nginxServer(
      `${CERTIFICATE} ssl_protocols ${version}; ssl_session_cache builtin; keepalive_timeout 0;`,
      FILES,
    );
    // Each worker has sessions of its own with a backend.
    const proxy = await proxyTo(port, NAMED, 'workers: 1');
    expect((await ask(proxy)).body).toContain('reused=. ');
    expect((await ask(proxy)).body).toContain('reused=r ');
  });

  it('ends TLS orderly after a body without length, so that it counts as complete', async () => {
    const port = await nginxServer(CERTIFICATE, FILES);
    const proxy = await proxyTo(port, NAMED);
    const { status, body } = await ask(proxy, '/until-close/text.txt', 'Accept-Encoding: gzip\r\n');
    expect(status).toBe(200);
    expect(body.length).toBeGreaterThan(0);
    expect(await proxy.log()).not.toContain('error=');
  });
});
