import { once } from 'node:events';
import { connect as connectPlain, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect, type ConnectionOptions } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { eventually } from '../../support/time/eventually.ts';

const authority = new CertificateAuthority();
const site = authority.issue();
const alice = authority.issue({ subject: 'alice', usage: 'client' });
const FILES = { 'site.crt': site.cert, 'site.key': site.key, 'ca.crt': authority.cert };
const FIELDS =
  'client_ip, tls_version, tls_cipher, tls_sni, tls_alpn, tls_resumed, tls_client_subject, tls_client_fingerprint';
const FINGERPRINT = '(?:[0-9A-F]{2}:){31}[0-9A-F]{2}';

/** Listeners of both modes, with and without a PROXY header, that decrypt all names but one; that one goes to another listener. */
async function start(format: string): Promise<LabProxy> {
  const server = await backend(answering(() => ok('fine')));
  const passedTo = await hangingUp();
  const tls = 'cert_file: site.crt, key_file: site.key, client_auth: verify, client_ca_file: ca.crt';
  const sni = `sni: { routes: { pass.test: ['${passedTo}'] } }`;
  const listener = (name: string, mode: string, more = ''): string =>
    `  - { name: ${name}, mode: ${mode}, address: '127.0.0.1:0', upstream: main, tls: { ${tls}, ${sni} } ${more} }\n`;
  const behind = ', proxy_protocol: { trusted: [127.0.0.1] }';
  return labProxy(
    `
reload: { watch: false }
logging: { access_log: { format: ${format}, fields: [${FIELDS}] } }
listeners:
${listener('http', 'http')}${listener('tcp', 'tcp')}${listener('http-behind', 'http', behind)}${listener('tcp-behind', 'tcp', behind)}
upstreams:
  - { name: main, backends: [{ address: '${server.address}' }] }
`,
    FILES,
  );
}

/** A backend that hangs up at the first bytes. Returns its address. */
async function hangingUp(): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function begin(proxy: LabProxy, listener: string): Promise<Socket> {
  const [host = '', port] = proxy.address(listener).split(':');
  const socket = connectPlain(Number(port), host);
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (listener.endsWith('behind')) socket.write('PROXY TCP4 192.0.2.7 192.0.2.1 54321 443\r\n');
  return socket;
}

/** The line that a connection leaves behind. */
async function lineOf(proxy: LabProxy, act: () => Promise<void>): Promise<string> {
  const lines = async (): Promise<string[]> =>
    (await proxy.log()).split('\n').filter((line) => line.includes('client_ip'));
  const before = (await lines()).length;
  await act();
  return eventually(async () => (await lines())[before], 'a line was written');
}

async function speak(proxy: LabProxy, listener: string, options: ConnectionOptions = {}): Promise<void> {
  const socket = connect({
    socket: await begin(proxy, listener),
    servername: 'localhost',
    ca: authority.cert,
    ALPNProtocols: listener.startsWith('http') ? ['http/1.1'] : [],
    ...options,
  });
  await once(socket, 'secureConnect');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await once(socket, 'data');
  socket.destroy();
}

/** Asks for the name that is passed on. */
async function pass(proxy: LabProxy, listener: string): Promise<void> {
  const raw = await begin(proxy, listener);
  const socket = connect({ socket: raw, servername: 'pass.test' });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
}

it.each(['http', 'tcp', 'http-behind', 'tcp-behind'])(
  'lines of listener %s tell all of TLS',
  async (listener) => {
    const proxy = await start('json');
    const client_ip = listener.endsWith('behind') ? '192.0.2.7' : '127.0.0.1';
    const line = await lineOf(proxy, () => speak(proxy, listener, alice));
    expect(JSON.parse(line)).toEqual({
      client_ip,
      tls_version: 'TLSv1.3',
      tls_cipher: expect.stringMatching(/^TLS_/) as string,
      tls_sni: 'localhost',
      tls_alpn: listener.startsWith('http') ? 'http/1.1' : '',
      tls_resumed: 'false',
      tls_client_subject: 'CN=alice',
      tls_client_fingerprint: expect.stringMatching(new RegExp(`^${FINGERPRINT}$`)) as string,
    });
    const passed = await lineOf(proxy, () => pass(proxy, listener));
    expect(JSON.parse(passed)).toEqual({
      client_ip,
      tls_version: '',
      tls_cipher: '',
      tls_sni: 'pass.test',
      tls_alpn: '',
      tls_resumed: '',
      tls_client_subject: '',
      tls_client_fingerprint: '',
    });
  },
);

it('lines of text tell the same, with a dash for what is not known', async () => {
  const proxy = await start('text');
  expect(await lineOf(proxy, () => speak(proxy, 'http', { ...alice, maxVersion: 'TLSv1.2' }))).toMatch(
    new RegExp(
      'tls_version=TLSv1.2 tls_cipher=TLS_ECDHE_\\S+ tls_sni=localhost tls_alpn=http/1.1 tls_resumed=false ' +
        `tls_client_subject="CN=alice" tls_client_fingerprint=${FINGERPRINT}$`,
    ),
  );
  expect(await lineOf(proxy, () => pass(proxy, 'tcp'))).toMatch(
    /tls_version=- tls_cipher=- tls_sni=pass.test tls_alpn=- tls_resumed=- tls_client_subject=- tls_client_fingerprint=-$/,
  );
});
