import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  connect as connectTls,
  createServer as createTlsServer,
  type ConnectionOptions,
  type TLSSocket,
} from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend, naming } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { clientHelloBytes, helloMessage, inRecords } from '../../support/tls/client-hello-bytes.ts';

const ca = new CertificateAuthority();

/** A TLS server that says its own name, then sends back what it gets. */
async function tlsBackend(
  name: string,
): Promise<{ readonly address: string; readonly names: (string | false | null)[] }> {
  const { cert, key } = ca.issue({ names: [name, 'localhost'] });
  const names: (string | false | null)[] = [];
  const server = createTlsServer({ cert, key }, (socket) => {
    names.push(socket.servername);
    socket.on('error', () => undefined);
    socket.write(`this is ${name}\n`);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, names };
}

interface Answer {
  readonly socket: TLSSocket;
  readonly text: () => string;
}

/** Asks for a name, and resolves with the first line of the answer. */
async function ask(
  address: string,
  servername: string,
  options: ConnectionOptions = {},
  question = '',
): Promise<Answer & { readonly line: string }> {
  const port = Number(address.split(':').at(-1));
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    servername,
    ca: ca.cert,
    rejectUnauthorized: false,
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  if (question !== '') socket.write(question);
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  socket.on('error', (error: Error) => (text += `error ${error.message}\n`));
  socket.on('close', () => (text += 'closed\n'));
  await eventually(() => text.includes('\n'), `${servername} is answered`);
  return { socket, text: () => text, line: text.split('\n')[0] ?? '' };
}

const tcpUpstream = (name: string, address: string): string =>
  `  - { name: ${name}, backends: [{ address: '${address}' }] }\n`;

describe('a listener in mode tcp with routes by host name', () => {
  it('passes each name on to its upstream, and the rest to the default', async () => {
    const [api, www, rest] = [
      await tlsBackend('api.test'),
      await tlsBackend('www.test'),
      await tlsBackend('rest.test'),
    ];
    const proxy = await labProxy(
      `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [{ address: '${rest.address}' }]\n` +
        `tls: { sni: { routes: { API.test: ['${api.address}'], '*.www.test': ['${www.address}'] } } }\n`,
    );
    const line = async (name: string): Promise<string> => (await ask(proxy.address(), name)).line;
    expect(await line('api.test')).toBe('this is api.test');
    expect(await line('a.www.test')).toBe('this is www.test');
    expect(await line('a.b.www.test')).toBe('this is rest.test');
    expect(await line('www.test')).toBe('this is rest.test');
    expect(await line('')).toBe('this is rest.test');
    expect([api.names, www.names, rest.names]).toEqual([
      ['api.test'],
      ['a.www.test'],
      ['a.b.www.test', 'www.test', false],
    ]);
  });

  it('passes the bytes on as they came, over any number of segments and records', async () => {
    const server = await backend();
    const proxy = await labProxy(
      `listeners: [{ listen: '127.0.0.1:0', mode: tcp, tls: { sni: { routes: { a.test: up }, default: up } } }]\n` +
        `upstreams:\n${tcpUpstream('up', server.address)}`,
    );
    const hello = helloMessage({ sni: 'a.test', paddingBytes: 2_000 });
    const sent = [
      inRecords(hello),
      inRecords(hello, 1),
      Buffer.concat([inRecords(hello, 700), Buffer.from('and more')]),
      clientHelloBytes({ ech: 'outer', sni: 'public.test' }),
      clientHelloBytes({ bare: true }),
    ];
    for (const [index, bytes] of sent.entries()) {
      const near = await client(proxy.address());
      const step = Math.ceil(bytes.length / 7);
      for (let at = 0; at < bytes.length; at += step) {
        near.socket.write(bytes.subarray(at, at + step));
        await pause(1);
      }
      const far = await server.connection(index);
      await eventually(() => far.received.length === bytes.length, 'all bytes came');
      expect(far.received.equals(bytes)).toBe(true);
      far.send('answer');
      await near.untilText('answer');
      near.close();
    }
  });

  it('passes on a client that ends its direction right after the ClientHello', async () => {
    const server = await backend(naming('far\n'));
    const proxy = await labProxy(
      `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\ntls: { sni: { routes: {} } }\n`,
    );
    const near = await client(proxy.address());
    near.socket.end(clientHelloBytes({ sni: 'a.test' }));
    await near.untilText('far\n');
    const far = await server.connection(0);
    expect(await far.untilEnded()).toBe('end');
    expect(far.received.equals(clientHelloBytes({ sni: 'a.test' }))).toBe(true);
  });

  it('refuses what is no TLS, and answers plain HTTP with a sentence', async () => {
    const server = await backend();
    const proxy = await labProxy(
      `mode: tcp\nlisten: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\ntls: { sni: { routes: {} } }\n`,
    );
    for (const bytes of ['SSH-2.0-OpenSSH_9\r\n', '\x16\x03garbage', '\x80\x2e\x01\x00\x02']) {
      const near = await client(proxy.address());
      near.socket.write(Buffer.from(bytes, 'latin1'));
      await near.untilEnded();
      near.close();
    }
    const http = await client(proxy.address());
    http.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await http.untilEnded();
    expect(http.text).toMatch(/^HTTP\/1\.1 400 /);
    expect(server.connections).toEqual([]);
  });

  it('refuses names that nothing is for', async () => {
    const api = await tlsBackend('api.test');
    const proxy = await labProxy(
      `listeners: [{ listen: '127.0.0.1:0', mode: tcp, tls: { sni: { routes: { api.test: ['${api.address}'] } } } }]\n`,
    );
    expect((await ask(proxy.address(), 'api.test')).line).toBe('this is api.test');
    expect((await ask(proxy.address(), 'other.test')).line).toMatch(/^error .*unrecognized name/i);
    expect((await ask(proxy.address(), '')).line).toMatch(/^error .*unrecognized name/i);
  });
});

describe('one listener', () => {
  const own = ca.issue({ names: ['own.test', '*.own.test'] });
  const files = { 'own.crt': own.cert, 'own.key': own.key };

  it('in mode tcp decrypts some names and passes others on', async () => {
    const api = await tlsBackend('api.test');
    const plain = await backend(naming('plain\n'));
    const proxy = await labProxy(
      listenerText('tcp', 'api.own.test: api, api.test: api', plain.address, api.address),
      files,
    );
    const line = async (name: string): Promise<string> => (await ask(proxy.address(), name)).line;
    expect(await line('api.test')).toBe('this is api.test');
    expect(await line('api.own.test')).toBe('this is api.test');
    expect(await line('own.test')).toBe('plain');
    expect(await line('other.own.test')).toBe('plain');
    expect(await line('unknown.test')).toBe('plain');
    expect(api.names).toEqual(['api.test', 'api.own.test']);
  });

  it('in mode http does so too, and an edit of a route counts for new connections while tunnels stay', async () => {
    const [api, next] = [await tlsBackend('api.test'), await tlsBackend('next.test')];
    const plain = await backend(answering(() => ok('plain')));
    const proxy = await labProxy(listenerText('http', 'api.test: api', plain.address, api.address), files);
    const running = await ask(proxy.address(), 'api.test');
    expect(running.line).toBe('this is api.test');
    const decrypted = await ask(proxy.address(), 'own.test', {}, 'GET / HTTP/1.1\r\nHost: own.test\r\n\r\n');
    expect(decrypted.line).toMatch(/^HTTP\/1\.1 200/);

    await proxy.change(listenerText('http', 'api.test: api', plain.address, next.address));
    expect((await ask(proxy.address(), 'api.test')).line).toBe('this is next.test');
    running.socket.write('still there\n');
    await eventually(() => running.text().endsWith('still there\n'), 'the tunnel goes on');

    await proxy.change(listenerText('http', 'other.test: api', plain.address, next.address));
    const plainNow = await ask(proxy.address(), 'api.test', {}, 'GET / HTTP/1.1\r\nHost: api.test\r\n\r\n');
    expect(plainNow.line).toMatch(/^HTTP\/1\.1 200/);
    expect((await ask(proxy.address(), 'other.test')).line).toBe('this is next.test');
    running.socket.write('and still\n');
    await eventually(() => running.text().endsWith('and still\n'), 'the tunnel goes on');
    running.socket.end();
    await eventually(() => running.text().includes('closed'), 'the tunnel ends');
  });

  it('ends passed connections that carry nothing for idle_timeout, and an edit changes that for new ones', async () => {
    const [api, plain] = [await tlsBackend('api.test'), await backend(answering(() => ok('plain')))];
    const limited = (limit: string): string =>
      listenerText('http', 'api.test: api', plain.address, api.address).replace('sni: {', `sni: { ${limit}`);
    const proxy = await labProxy(limited(''), files);
    const before = await ask(proxy.address(), 'api.test');
    expect(await proxy.change(limited('idle_timeout: 50ms, '))).toContain('idle_timeout');
    const after = await ask(proxy.address(), 'api.test');
    await eventually(() => after.text().endsWith('closed\n'), 'it ends');
    before.socket.write('still there\n');
    await eventually(() => before.text().endsWith('still there\n'), 'the other goes on');
  });
});

/** A listener that decrypts the names of `own.crt`, with these routes; the upstream `api` is at the last address. */
function listenerText(mode: string, routes: string, plain: string, api: string): string {
  const tls = `{ cert_file: own.crt, key_file: own.key, sni: { routes: { ${routes} } } }`;
  return (
    `listeners: [{ name: web, listen: '127.0.0.1:0', mode: ${mode}, upstream: plain, tls: ${tls} }]\n` +
    `upstreams:\n${tcpUpstream('plain', plain)}${tcpUpstream('api', api)}`
  );
}
