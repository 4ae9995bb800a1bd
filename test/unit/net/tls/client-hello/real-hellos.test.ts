import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';

import { ClientHelloReader } from '../../../../../src/net/tls/client-hello/client-hello-reader.ts';
import { ClientHello } from '../../../../../src/net/tls/client-hello/client-hello.ts';
import { REAL_HELLOS } from '../../../../support/tls/real-hellos.ts';

function readPieces(...pieces: Buffer[]): ClientHello {
  const reader = new ClientHelloReader();
  for (const [index, piece] of pieces.entries()) {
    const result = reader.read(piece, 0, piece.length);
    if (index < pieces.length - 1) expect(result).toBeUndefined();
    else if (result instanceof ClientHello) return result;
  }
  throw new Error('no ClientHello');
}

describe.each(REAL_HELLOS)('the ClientHello of $client', ({ says, base64 }) => {
  const bytes = Buffer.from(base64, 'base64');

  it('is read, wherever it is cut', () => {
    for (let cut = 0; cut < bytes.length; cut += 1) {
      const hello = readPieces(bytes.subarray(0, cut), bytes.subarray(cut));
      const { sni, alpn, versions } = hello;
      expect({ sni, alpn, version: Math.max(...versions) }).toEqual(says);
      expect(hello.ech).toBe(false);
    }
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenssl)('the ClientHello of the openssl that is installed', () => {
  it.each([['-tls1_2'], ['-tls1_3']])('is read with %s', async (version) => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'Live.Example.com', version];
    const child = spawn('openssl', args, { stdio: 'ignore' });
    onTestFinished(() => {
      child.kill();
      server.close();
    });
    const [socket] = (await once(server, 'connection')) as [Socket];
    const reader = new ClientHelloReader();
    const hello = await new Promise<unknown>((resolve) => {
      socket.on('data', (bytes: Buffer) => {
        const result = reader.read(bytes, 0, bytes.length);
        if (result !== undefined) resolve(result);
      });
    });
    socket.destroy();
    expect(hello).toBeInstanceOf(ClientHello);
    expect((hello as ClientHello).sni).toBe('live.example.com');
  });
});
