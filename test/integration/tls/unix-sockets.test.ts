import { once } from 'node:events';
import { connect as connectUnix } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

const ca = new CertificateAuthority();
const { cert, key } = ca.issue({ names: ['localhost'] });

const YAML = `
listeners:
  - name: front
    listen: 'unix:\${env:DIRECTORY}/front'
    mode: tcp
    upstream: up
    tls: { cert_file: site.crt, key_file: site.key }
upstreams:
  - name: up
    backends: [{ name: one, address: 'unix:\${env:DIRECTORY}/backend' }]
    tls: { ca_file: ca.crt, server_name: localhost }
`;

async function lab(serve: (socket: TLSSocket) => void): Promise<LabProxy> {
  const proxy = await labProxy(YAML, { 'ca.crt': ca.cert, 'site.crt': cert, 'site.key': key });
  const server = createServer({ cert, key, allowHalfOpen: true }, serve);
  server.listen(join(proxy.directory, 'backend'));
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return proxy;
}

async function client(proxy: LabProxy): Promise<TLSSocket> {
  const raw = connectUnix({ path: join(proxy.directory, 'front'), allowHalfOpen: true });
  const options = { socket: raw, servername: 'localhost', ca: ca.cert, allowHalfOpen: true };
  const socket = connect(options);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** What comes before the end. Unlike `text` of Node.js, it does not destroy the socket then. */
async function untilEnd(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  await once(socket, 'end');
  return text;
}

describe('TLS over unix sockets', () => {
  it('answers a client that has ended its direction', async () => {
    const proxy = await lab((socket) => {
      void untilEnd(socket).then((question) => socket.end(`${question} is answered`));
    });
    const socket = await client(proxy);
    socket.end('a question');
    expect(await untilEnd(socket)).toBe('a question is answered');
  });

  it('listens to a client after the backend has ended its direction', async () => {
    let heard: Promise<string> | undefined;
    const proxy = await lab((socket) => {
      heard = untilEnd(socket);
      socket.end('no more from here');
    });
    const socket = await client(proxy);
    expect(await untilEnd(socket)).toBe('no more from here');
    socket.end('but from there');
    await once(socket, 'close');
    expect(await heard).toBe('but from there');
  });
});
