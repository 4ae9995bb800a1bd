import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { expect } from 'vitest';

import { askAdmin } from '../../support/peers/admin-client.ts';
import { fieldValues } from '../../support/peers/http-message.ts';
import { answer, get } from '../../support/peers/http-talk.ts';
import { served, type Example, type SecureBackends } from './example.ts';

/** Talks to an example that runs, and expects what its comments promise. */
export type Traffic = (example: Example) => Promise<void>;

const server = { cert: 'backend.localhost.crt', key: 'backend.localhost.key' };

/** The backends of examples that speak TLS. */
export const SECURE_BACKENDS: Readonly<Record<string, SecureBackends>> = {
  'tls-passthrough.yaml': { 9001: server, 9002: server },
  'tls-backends.yaml': { 9001: { ...server, ca: 'ca.crt' }, 9002: { ...server, ca: 'ca.crt' } },
};

/** The common name of the certificate that a client gets. */
async function subjectFor(
  { connectSecurely }: Example,
  options: ConnectionOptions,
  listener?: string,
): Promise<string> {
  const { tls } = await connectSecurely({ checkServerIdentity: () => undefined, ...options }, listener);
  const { subject, publicKey } = tls.getPeerX509Certificate()!;
  return `${subject.replace('CN=', '')} ${publicKey.asymmetricKeyType ?? ''} ${tls.getProtocol() ?? ''}`;
}

export const TLS_TRAFFIC: Readonly<Record<string, Traffic>> = {
  'tls.yaml': async ({ connect, connectSecurely, seen }) => {
    const { socket } = await connectSecurely({ servername: 'localhost' });
    expect(['9001', '9002']).toContain(await served(socket));
    const [request] = Object.values(seen)
      .flat()
      .filter(({ startLine }) => startLine.startsWith('GET / '));
    expect(fieldValues(request!, 'x-forwarded-proto')).toEqual(['https']);
    expect((await get(await connect())).status).toBe(400);
  },
  'tls-names.yaml': async (example) => {
    const name = 'www.shop.localhost';
    expect(await subjectFor(example, { servername: name })).toBe('shop.localhost ec TLSv1.3');
    const rsaOnly = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } as const;
    expect(await subjectFor(example, { servername: name, ...rsaOnly })).toBe('shop.localhost rsa TLSv1.2');
    expect(await subjectFor(example, { servername: 'unknown.test' })).toBe('localhost ec TLSv1.3');
    expect(await subjectFor(example, {})).toBe('localhost ec TLSv1.3');
    const { socket } = await example.connectSecurely({ servername: name });
    socket.send(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
    expect((await answer(socket)).body).toBe('9002 /');
    expect(await subjectFor(example, { servername: 'localhost' }, 'strict')).toBe('localhost ec TLSv1.3');
    await expect(subjectFor(example, { servername: name }, 'strict')).rejects.toThrow(/unrecognized.name/);
    const old = { servername: 'localhost', maxVersion: 'TLSv1.2' } as const;
    await expect(subjectFor(example, old, 'strict')).rejects.toThrow(/protocol version/);
  },
  'tls-clients.yaml': async ({ connectSecurely, file, seen, proxy }) => {
    const alice = { cert: file('alice-client.crt'), key: file('alice-client.key') };
    const { socket } = await connectSecurely({ servername: 'localhost', ...alice });
    expect(await served(socket, '/mine', 'X-Client-Subject: CN=root\r\n')).toBe('9001');
    const [request] = seen['9001']!;
    expect(fieldValues(request!, 'x-client-subject')).toEqual(['CN=alice']);
    expect(fieldValues(request!, 'x-client-fingerprint')).toHaveLength(1);
    expect(await proxy.untilLogged('/mine')).toContain('CN=alice');
    const stranger = await connectSecurely({ servername: 'localhost', maxVersion: 'TLSv1.3' });
    await stranger.socket.untilClosed();
    expect(stranger.socket.text).toBe('');
  },
  'tls-passthrough.yaml': async (example) => {
    const backendOf = async (servername: string | undefined): Promise<string> => {
      const options = servername === undefined ? {} : { servername };
      const checked = { checkServerIdentity: () => undefined, ...options };
      const { socket, tls } = await example.connectSecurely(checked);
      return `${String(tls.getPeerCertificate().subject.CN)} ${await served(socket)}`;
    };
    expect(await backendOf('api.localhost')).toBe('backend.localhost 9001');
    expect(await backendOf('v1.api.localhost')).toBe('backend.localhost 9002');
    expect(await backendOf('unknown.test')).toBe('backend.localhost 9002');
    expect(await backendOf(undefined)).toBe('backend.localhost 9002');
    expect(await backendOf('shop.localhost')).toBe('shop.localhost 9003');
    const plain = await example.connect();
    plain.send('GET / HTTP/1.1\r\nHost: api.localhost\r\n\r\n');
    await plain.until(() => plain.ending !== undefined, 'the end of a connection without TLS');
    expect(plain.text).not.toContain(' 200 ');
  },
  'tls-backends.yaml': async ({ connect, backends }) => {
    const socket = await connect();
    expect([await served(socket), await served(socket)].sort()).toEqual(['9001', '9002']);
    const connection = backends.get('9001')!.connections.find(({ closed }) => !closed);
    const tls = connection!.socket as unknown as TLSSocket;
    expect(tls.getPeerCertificate().subject.CN).toBe('proxy');
    expect(tls).toHaveProperty('servername', 'backend.localhost');
  },
  'proxy-protocol.yaml': async ({ connect, seen, backends }) => {
    const web = await connect('web');
    web.send('PROXY TCP4 203.0.113.7 192.0.2.1 4711 80\r\n');
    expect(await served(web)).toBe('9001');
    expect(fieldValues(seen['9001']![0]!, 'x-forwarded-for')).toEqual(['203.0.113.7']);
    const without = await connect('web');
    without.send('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    await without.until(() => without.ending !== undefined, 'the end of a connection without a header');
    expect(without.text).toBe('');
    (await connect('raw')).send('hello');
    const connection = await backends.get('9002')!.connection(0);
    await connection.until(() => connection.received.includes('hello'), 'the bytes of the client');
    // The backend takes the empty lines of the signature for a head, if they come by themselves.
    expect(connection.received.subarray(0, 13).toString('latin1')).toMatch(/^(\r\n\r\n)?\0\r\nQUIT\n\x21/);
  },
  'https.yaml': async ({ connect, connectSecurely }) => {
    const plain = await connect('http');
    const { status, message } = await get(plain, '/a?b=c');
    expect([status, ...fieldValues(message, 'location')]).toEqual([301, 'https://test:8443/a?b=c']);
    const challenge = await get(plain, '/.well-known/acme-challenge/token');
    expect(challenge.body).toMatch(/^900[12] /);
    plain.send('POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n');
    expect((await answer(plain)).status).toBe(308);
    const { socket } = await connectSecurely({ servername: 'localhost' }, 'https');
    const response = await get(socket);
    expect(response.body).toMatch(/^900[12] /);
    expect(fieldValues(response.message, 'strict-transport-security')).toEqual(['max-age=86400']);
    expect(fieldValues(message, 'strict-transport-security')).toEqual([]);
  },
  'tls-admin.yaml': async ({ connect, file, proxy }) => {
    expect(await served(await connect())).toBe('9001');
    const ca = file('ca.crt');
    const alice = { ca, cert: file('alice-client.crt'), key: file('alice-client.key') };
    for (const path of ['/status', '/metrics'])
      expect((await askAdmin(proxy.adminAddress, path, { tls: alice })).status).toBe(200);
    expect((await askAdmin(proxy.adminAddress, '/status', { tls: { ca } })).status).toBe(403);
  },
};
