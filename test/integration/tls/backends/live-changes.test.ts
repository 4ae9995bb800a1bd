import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer, TLSSocket, type Server } from 'node:tls';
import { describe, expect, it } from 'vitest';

import { DnsServer } from '../../../support/addresses/dns-server.ts';
import { CertificateAuthority } from '../../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import { owned } from '../../../support/owned.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { get } from '../../../support/peers/http-talk.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';

const [old, young] = [new CertificateAuthority('old authority'), new CertificateAuthority('young authority')];

/** The subject of the certificate that the proxy has shown. */
function clientOf({ socket }: ByteSocket): string {
  if (!(socket instanceof TLSSocket)) throw new Error('it is not encrypted');
  return String(socket.getPeerCertificate().subject.CN);
}

/** Sends requests one after the other on some connections, as long as the test runs. */
class Load {
  sent = 0;
  readonly failures: string[] = [];
  readonly #workers: Promise<void>[];
  #isOver = false;

  constructor(address: string) {
    this.#workers = Array.from({ length: 4 }, () => this.#work(address));
  }

  async #work(address: string): Promise<void> {
    while (!this.#isOver) {
      try {
        const response = await fetch(`http://${address}/`);
        const body = await response.text();
        if (response.status !== 200) this.failures.push(`${String(response.status)} ${body}`);
      } catch (error) {
        this.failures.push(String(error));
      }
      this.sent += 1;
    }
  }

  /** Lets so many more requests end. */
  async more(count: number): Promise<void> {
    const wanted = this.sent + count;
    await eventually(() => this.sent >= wanted, `${String(count)} more requests`);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
  }
}

function yaml(address: string, tls: string, more = ''): string {
  return `listeners: [{ name: web, listen: '127.0.0.1:0', mode: http, upstream: api }]
upstreams: [{ name: api, backends: [{ address: '${address}' }], tls: ${tls} }]
reload: { watch: false }
${more}`;
}

async function put(proxy: LabProxy, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(proxy.directory, name), text);
  const { ok: isLive, message } = await proxy.app.reload();
  if (!isLive) throw new Error(message);
}

/** A TLS server on an address that answers every request with a name. */
async function site(host: string, port: number, options: { cert: string; key: string }): Promise<Server> {
  const server = createServer(options, (socket) => {
    void answering(() => ok(host))(new ByteSocket(socket), 0);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return owned(server);
}

describe('files of TLS to backends that change under load', () => {
  it('the authorities of backends, together with the certificate of the backend: no request fails', async () => {
    const first = old.issue();
    const server = createServer(first, (socket) => {
      void answering(() => ok('yes'))(new ByteSocket(socket), 0);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    owned(server);
    const { port } = server.address() as { port: number };
    const proxy = await labProxy(yaml(`127.0.0.1:${String(port)}`, '{ ca_file: ca.crt }'), {
      'ca.crt': old.cert,
    });
    const load = owned(new Load(proxy.address()));
    await load.more(20);
    await put(proxy, { 'ca.crt': old.cert + young.cert });
    await load.more(20);
    server.setSecureContext(young.issue());
    await load.more(20);
    await put(proxy, { 'ca.crt': young.cert });
    await load.more(20);
    await load.close();
    expect(load.failures).toEqual([]);
    // The backend of before would not be trusted any more.
    server.setSecureContext(first);
    await put(proxy, { 'ca.crt': `${young.cert}\n` });
    await eventually(
      async () => (await get(await client(proxy.address()))).status === 502,
      'the old certificate is not trusted',
    );
  });

  it('the client certificate, over and over: no request fails, and the last one is shown', async () => {
    const names: string[] = [];
    const server = await backend(
      (connection, index) => {
        names[index] = clientOf(connection);
        return answering(() => ok('yes'))(connection, index);
      },
      { ...old.issue(), ca: old.cert, requestCert: true, rejectUnauthorized: true },
    );
    const files = (name: string): Record<string, string> => {
      const { cert, key } = old.issue(name);
      return { 'client.crt': cert, 'client.key': key };
    };
    const tls = '{ ca_file: ca.crt, client_cert_file: client.crt, client_key_file: client.key }';
    const proxy = await labProxy(yaml(server.address, tls), { 'ca.crt': old.cert, ...files('client 0') });
    const load = owned(new Load(proxy.address()));
    for (let round = 1; round <= 10; round++) {
      await load.more(10);
      await put(proxy, files(`client ${String(round)}`));
    }
    await eventually(() => names.at(-1) === 'client 10', 'the last one is shown');
    await load.close();
    expect(load.failures).toEqual([]);
    expect(new Set(names)).toContain('client 0');
  });
});

describe('the address of a TLS backend', () => {
  it('changes by DNS, and the certificate is checked there for the same name', async () => {
    const good = old.issue({ names: ['shop.test'] });
    const first = await site('127.0.0.1', 0, good);
    const { port } = first.address() as { port: number };
    // Another server that happens to be at that address now.
    const stranger = await site('127.0.0.2', port, old.issue({ names: ['other.test'] }));
    const names = await DnsServer.start({ 'shop.test': { addresses: ['127.0.0.1'], ttl: 1 } });
    const proxy = await labProxy(
      yaml(
        `shop.test:${String(port)}`,
        '{ ca_file: ca.crt }',
        `dns: { servers: ['${names.address}'], min_ttl: 1s, timeout: 10s }\n`,
      ),
      { 'ca.crt': old.cert },
    );
    const asking = await client(proxy.address());
    expect((await get(asking)).body).toBe('127.0.0.1');
    names.replies.set('shop.test', { addresses: ['127.0.0.2'], ttl: 60 });
    await proxy.untilLogged('host name has other addresses');
    expect((await get(asking)).status).toBe(502);
    expect(await proxy.untilLogged('expected name: shop.test')).toContain(
      'its certificate is for other.test',
    );
    stranger.setSecureContext(good);
    expect((await get(asking)).body).toBe('127.0.0.2');
  });
});

describe('backends of the gateway form', () => {
  it('are spoken to with TLS where they are https://, and without where they are http://', async () => {
    const { cert, key } = old.issue();
    const secure = await backend(
      answering(() => ok('secure')),
      { cert, key },
    );
    const plain = await backend(answering(() => ok('plain')));
    const proxy = await labProxy(
      `listen: '127.0.0.1:0'
mode: http
routes:
  - { path: /secure, backends: ['https://${secure.address}'] }
  - { path: /, backends: ['http://${plain.address}'] }
tls: { backend: { ca_file: ca.crt } }
`,
      { 'ca.crt': old.cert },
    );
    const asking = await client(proxy.address());
    expect((await get(asking, '/secure')).body).toBe('secure');
    expect((await get(asking, '/')).body).toBe('plain');
    expect(secure.connections[0]?.socket).toMatchObject({ encrypted: true });
  });
});
