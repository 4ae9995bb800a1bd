import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';

import { describe, expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import { owned } from '../../../support/owned.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';

const CA = new CertificateAuthority();
const SITE = CA.issue({ names: ['shop.test'] });
const ADMIN = CA.issue({ names: ['admin.test'] });
const CLIENT = CA.issue('a client, "quoted"');
const FILES = {
  'ca.crt': CA.cert,
  'site.crt': SITE.cert,
  'site.key': SITE.key,
  'admin.crt': ADMIN.cert,
  'admin.key': ADMIN.key,
};

interface Lab {
  readonly proxy: LabProxy;
  readonly seen: Message[];
  readonly yaml: (http: string, plain: string) => string;
}

async function lab(http: string, plain = '{}'): Promise<Lab> {
  const seen: Message[] = [];
  const backend = owned(await RecordingBackend.start(answering(() => ok(), seen)));
  const yaml = (secureHttp: string, plainHttp: string): string => `
listeners:
  - { name: plain, listen: '127.0.0.1:0', upstream: app, http: ${plainHttp} }
  - name: secure
    listen: '127.0.0.1:0'
    upstream: app
    http: ${secureHttp}
    tls:
      certificates:
        - { cert_file: site.crt, key_file: site.key, domains: [shop.test], default: true, client_auth: verify, client_ca_file: ca.crt }
        - { cert_file: admin.crt, key_file: admin.key, domains: [admin.test], client_auth: require-and-verify, client_ca_file: ca.crt }
upstreams: [{ name: app, backends: [{ name: one, address: '${backend.address}' }] }]
logging:
  access_log: { format: json, fields: [status, tls_version, tls_cipher, tls_sni, tls_alpn, tls_resumed, tls_client_subject, tls_client_fingerprint] }
reload: { watch: false }
`;
  return { proxy: await labProxy(yaml(http, plain), FILES), seen, yaml };
}

async function get(
  proxy: LabProxy,
  options: RequestOptions = {},
): Promise<{ status: number | undefined; response: IncomingMessage }> {
  const port = Number(proxy.address('secure').split(':').at(-1));
  const asked = request({
    host: '127.0.0.1',
    port,
    ca: CA.cert,
    servername: 'shop.test',
    agent: false,
    headers: { Host: 'shop.test' },
    ...options,
  });
  onTestFinished(() => {
    asked.destroy();
  });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  await text(response);
  return { status: response.statusCode, response };
}

describe('a proxy with a plain and a TLS listener', () => {
  it('tells backends about the client and its certificate, clients about HSTS, and logs both', async () => {
    const headers = '{ certificate: Client-Cert, subject: X-Client-Subject, verified: X-Client-Verified }';
    const transform = `{ request_headers: [{ action: set, name: X-TLS, value: '\${tls_version} \${tls_sni}' }] }`;
    const { proxy, seen } = await lab(
      `{ hsts: true, client_certificate_headers: ${headers}, transform: ${transform} }`,
    );
    const { response } = await get(proxy, { cert: CLIENT.cert, key: CLIENT.key });
    expect(response.headers['strict-transport-security']).toBe('max-age=31536000');
    const [first] = seen;
    expect(fieldValues(first!, 'x-forwarded-proto')).toEqual(['https']);
    expect(fieldValues(first!, 'x-tls')).toEqual(['TLSv1.3 shop.test']);
    expect(fieldValues(first!, 'x-client-verified')).toEqual(['true']);
    expect(fieldValues(first!, 'x-client-subject')[0]).toContain('a client');
    const der = CLIENT.cert.replace(/-----[^-]+-----|\s/g, '');
    expect(fieldValues(first!, 'client-cert')).toEqual([`:${der}:`]);
    const line = JSON.parse(await proxy.untilLogged('tls_version')) as Record<string, unknown>;
    expect(line).toMatchObject({
      tls_version: 'TLSv1.3',
      tls_sni: 'shop.test',
      tls_resumed: 'false',
      tls_client_fingerprint: expect.stringMatching(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/) as string,
    });
    expect(String(line['tls_client_subject'])).toContain('a client');
    await get(proxy, { headers: { Host: 'shop.test', 'X-Client-Subject': 'CN=forged' } });
    expect(fieldValues(seen[1]!, 'x-client-subject')).toEqual([]);
  });

  it('answers 421 where the host needs a certificate that the handshake did not ask for', async () => {
    const { proxy } = await lab('{}');
    expect((await get(proxy, { headers: { Host: 'admin.test' } })).status).toBe(421);
    expect((await get(proxy, { headers: { Host: 'unknown.test' } })).status).toBe(200);
    const options = { servername: 'admin.test', headers: { Host: 'admin.test' } };
    const shown = { ...options, cert: CLIENT.cert, key: CLIENT.key };
    expect((await get(proxy, shown)).status).toBe(200);
    expect((await get(proxy, options)).status).toBe(400);
  });

  it('redirects from the one to the other, and stops with an edit', async () => {
    const { proxy, yaml } = await lab('{ hsts: true }', '{ redirect_https: { port: 8443 } }');
    const client = owned(await ByteSocket.connect(proxy.address('plain')));
    const exchange = async (): Promise<Message> => {
      client.send('GET /a?b HTTP/1.1\r\nHost: shop.test:8080\r\n\r\n');
      return readMessage(client);
    };
    const redirect = await exchange();
    expect([statusOf(redirect), fieldValues(redirect, 'location')]).toEqual([
      301,
      ['https://shop.test:8443/a?b'],
    ]);
    expect(
      await proxy.change(yaml('{ hsts: { max_age: 1h } }', '{ redirect_https: { port: 9443 } }')),
    ).toMatch(/redirect_https\.port/);
    expect(fieldValues(await exchange(), 'location')).toEqual(['https://shop.test:9443/a?b']);
    expect((await get(proxy)).response.headers['strict-transport-security']).toBe('max-age=3600');
    await proxy.change(yaml('{}', '{}'));
    expect(statusOf(await exchange())).toBe(200);
    expect((await get(proxy)).response.headers['strict-transport-security']).toBeUndefined();
  });
});
