import { createServer, type AddressInfo, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';

import { readHeader } from '../../../src/net/proxy-protocol/read/header-reader.ts';
import { HeaderFault, type ParsedHeader } from '../../../src/net/proxy-protocol/read/parsed-header.ts';
import { CertificateAuthority, type IssuedCertificate } from '../../support/certificates.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { ok } from '../../support/peers/answering.ts';
import { client } from '../../support/peers/clients.ts';
import { readMessage } from '../../support/peers/http-message.ts';
import { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get } from '../http/scene.ts';

/** A TLS server that demands a PROXY header of version 2 before the handshake, and answers requests with the client in it. */
async function secureBackend({ cert, key }: IssuedCertificate): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = [];
  const serve = (socket: Socket): void => {
    let read: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('readable', () => {
      for (let bytes = socket.read() as Buffer | null; bytes !== null; bytes = socket.read() as Buffer | null)
        read = Buffer.concat([read, bytes]);
      const header = readHeader(read);
      if (header === undefined) return;
      socket.removeAllListeners('readable');
      if (header instanceof HeaderFault) {
        seen.push(header.detail);
        socket.destroy();
        return;
      }
      socket.unshift(read.subarray(header.sizeBytes));
      void answer(new TLSSocket(socket, { isServer: true, cert, key }), header);
    });
  };
  const answer = async (secure: TLSSocket, { source }: ParsedHeader): Promise<void> => {
    const name = source === undefined ? 'itself' : `${source.address}:${source.port}`;
    seen.push(name);
    secure.on('error', () => undefined);
    const peer = new ByteSocket(secure);
    try {
      for (;;) {
        await readMessage(peer);
        peer.send(ok(name));
      }
    } catch {
      // The connection is over.
    }
  };
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

describe('a backend that wants a PROXY header and TLS', () => {
  it('gets the header before the ClientHello, from requests and from checks', async () => {
    const ca = new CertificateAuthority();
    const { port, seen } = await secureBackend(ca.issue());
    const yaml = `
listeners: [{ name: web, address: '127.0.0.1:0', mode: http, upstream: one }]
upstreams:
  - name: one
    proxy_protocol: v2
    tls: { ca_file: ca.pem, server_name: localhost }
    health_check: { type: https, interval: 50ms, path: / }
    backends: [{ name: one, address: '127.0.0.1:${port}' }]
`;
    const proxy = await labProxy(yaml, { 'ca.pem': ca.cert });
    const [first, second] = [await client(proxy.address()), await client(proxy.address())];
    for (let time = 0; time < 3; time += 1) {
      for (const peer of [first, second]) {
        peer.send(get());
        const message = await readMessage(peer);
        expect(message.body.toString()).toBe(`127.0.0.1:${peer.socket.localPort}`);
      }
    }
    await eventually(() => seen.filter((name) => name === 'itself').length > 2, 'it is checked');
    expect(seen.filter((name) => name !== 'itself')).toHaveLength(2);
    expect(await proxy.log()).not.toContain('unhealthy');
  });
});
