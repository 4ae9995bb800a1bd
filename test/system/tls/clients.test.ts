import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { CertificateAuthority, type IssuedCertificate } from '../../support/certificates.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { isInstalled, runTool } from './run-tool.ts';

let authority: CertificateAuthority;
let server: IssuedCertificate;
let client: IssuedCertificate;

beforeAll(() => {
  authority = new CertificateAuthority();
  const between = authority.intermediate();
  server = between.issue({ names: ['localhost', '127.0.0.1'], usage: 'server' });
  client = authority.issue({ subject: 'client', names: [], usage: 'client' });
});

/** A proxy with a chain of three certificates, and paths of the files that clients need. */
async function secureProxy(tls = '') {
  const { address } = await backend(answering(() => ok('hello over TLS')));
  const yaml = `mode: http
listen: 127.0.0.1:0
tls: { cert_file: server.crt, key_file: server.key${tls} }
backends: [{ address: '${address}' }]
`;
  const proxy = await labProxy(yaml, {
    'server.crt': server.chain,
    'server.key': server.key,
    'ca.crt': authority.cert,
    'other-ca.crt': new CertificateAuthority('other').cert,
    'client.crt': client.cert,
    'client.key': client.key,
  });
  const path = (name: string): string => join(proxy.directory, name);
  const port = proxy.address().split(':')[1] ?? '';
  return { path, port, url: `https://localhost:${port}/` };
}

const MUST_SHOW = ', client_auth: require-and-verify, client_ca_file: ca.crt';

// Each is skipped where its tool is missing (apt-get install curl python3 default-jdk-headless).
describe('a chain of certificates', () => {
  it.skipIf(!isInstalled('curl'))(
    'is trusted by curl with TLS 1.2 and 1.3, by name and by address',
    async () => {
      const { path, port, url } = await secureProxy();
      const curl = ['-sS', '--max-time', '30', '--cacert', path('ca.crt')];
      for (const versions of [['--tls-max', '1.2'], ['--tlsv1.3'], ['--http1.1']]) {
        expect(await runTool('curl', [...curl, ...versions, url])).toMatchObject({
          code: 0,
          text: 'hello over TLS',
        });
      }
      const byAddress = await runTool('curl', [...curl, `https://127.0.0.1:${port}/`]);
      expect(byAddress.text).toBe('hello over TLS');
      const otherName = ['--resolve', `other.test:${port}:127.0.0.1`, `https://other.test:${port}/`];
      expect((await runTool('curl', [...curl, ...otherName])).code).toBe(60);
      const untrusted = ['-sS', '--max-time', '30', '--cacert', path('other-ca.crt'), url];
      expect((await runTool('curl', untrusted)).code).toBe(60);
    },
  );

  it.skipIf(!isInstalled('curl'))('asks curl for a certificate', async () => {
    const { path, url } = await secureProxy(MUST_SHOW);
    const curl = ['-sS', '--max-time', '30', '--cacert', path('ca.crt'), url];
    const own = ['--cert', path('client.crt'), '--key', path('client.key')];
    for (const version of [['--tls-max', '1.2'], ['--tlsv1.3']]) {
      expect((await runTool('curl', [...curl, ...version, ...own])).text).toBe('hello over TLS');
      const refused = await runTool('curl', [...curl, ...version, '--write-out', '%{http_code}']);
      expect(refused).toMatchObject({
        code: 0,
        text: 'This server needs a client certificate, and none was sent.\n400',
      });
    }
  });

  it.skipIf(!isInstalled('python3'))(
    'is trusted by Python, with and without a certificate of its own',
    async () => {
      const program = `import http.client, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
if len(sys.argv) > 3: context.load_cert_chain(sys.argv[3], sys.argv[4])
connection = http.client.HTTPSConnection('localhost', int(sys.argv[1]), context=context, timeout=30)
for _ in range(2):
    connection.request('GET', '/')
    print(connection.getresponse().read().decode())
print(connection.sock.version())
`;
      const plain = await secureProxy();
      const args = ['-c', program, plain.port, plain.path('ca.crt')];
      expect((await runTool('python3', args)).text).toBe('hello over TLS\nhello over TLS\nTLSv1.3\n');
      const mutual = await secureProxy(MUST_SHOW);
      const own = [mutual.path('client.crt'), mutual.path('client.key')];
      const shown = await runTool('python3', ['-c', program, mutual.port, mutual.path('ca.crt'), ...own]);
      expect(shown.text).toContain('hello over TLS\nhello over TLS\n');
      const refused = await runTool('python3', ['-c', program, mutual.port, mutual.path('ca.crt')]);
      expect(refused.text).toContain('This server needs a client certificate, and none was sent.\n');
    },
  );

  it.skipIf(!isInstalled('javac'))('is trusted by Java', async () => {
    const { path, url } = await secureProxy();
    writeFileSync(
      path('Client.java'),
      `import java.io.FileInputStream;
import java.net.URI;
import java.net.http.*;
import java.security.KeyStore;
import java.security.cert.*;
import javax.net.ssl.*;

class Client {
  public static void main(String[] args) throws Exception {
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (var in = new FileInputStream(args[1])) {
      store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    for (var version : new String[] {"TLSv1.2", "TLSv1.3"}) {
      var context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      var parameters = new SSLParameters();
      parameters.setProtocols(new String[] {version});
      var client = HttpClient.newBuilder().sslContext(context).sslParameters(parameters).build();
      for (var round = 0; round < 2; round++) {
        var response = client.send(HttpRequest.newBuilder(URI.create(args[0])).build(), HttpResponse.BodyHandlers.ofString());
        System.out.println(response.sslSession().get().getProtocol() + " " + response.version() + " " + response.body());
      }
    }
  }
}
`,
    );
    const { text } = await runTool('java', [path('Client.java'), url, path('ca.crt')], { limitMs: 55_000 });
    const line = (version: string): string => `${version} HTTP_1_1 hello over TLS\n`;
    expect(text).toBe([line('TLSv1.2'), line('TLSv1.2'), line('TLSv1.3'), line('TLSv1.3')].join(''));
  });
});
