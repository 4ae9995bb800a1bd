import { describe, expect, it } from 'vitest';

import { CertificateAuthority } from '../../../support/certificates.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import type { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { haltingClient } from '../../../support/tls/halting-client.ts';

const BODY_BYTES = 3_000_000;
const BEGUN = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nonly a part';
const ca = new CertificateAuthority();
const own = ca.issue({ names: ['own.test'] });

interface Client {
  readonly socket: ByteSocket;
  /** Ends its side. */
  end(): void;
}

/** Connects by plain TCP, or by that version of TLS. */
async function connected(address: string, way: string): Promise<Client> {
  if (way === 'plain') {
    const socket = await client(address);
    return { socket, end: () => socket.end() };
  }
  const version = way as 'TLSv1.2' | 'TLSv1.3';
  const options = { servername: 'own.test', ca: ca.cert, minVersion: version, maxVersion: version };
  const { goOn, endWire, socket } = await haltingClient(address, options);
  goOn();
  return { socket, end: endWire };
}

/** A proxy whose backend answers as soon as it has a head, and never reads the body. */
async function earlyProxy(way: string, halfClose = 'auto') {
  const server = await backend((connection) => {
    void connection.untilText('\r\n\r\n').then(() => {
      connection.send(`HTTP/1.1 413 Too Large\r\nContent-Length: ${String(BODY_BYTES)}\r\n\r\n`);
      connection.send(Buffer.alloc(BODY_BYTES, 'e'));
    });
  });
  const tls = way === 'plain' ? '' : ', tls: { cert_file: own.crt, key_file: own.key }';
  return labProxy(
    `listeners: [{ name: web, address: '127.0.0.1:0', mode: http, upstream: up, http: { half_close: ${halfClose} }${tls} }]\n` +
      `upstreams: [{ name: up, backends: [{ address: '${server.address}' }] }]\n`,
    { 'own.crt': own.cert, 'own.key': own.key },
  );
}

describe.each(['plain', 'TLSv1.2', 'TLSv1.3'])(
  'over %s, a client that gets its response within its request body',
  (way) => {
    it('may stop sending and end its side: it gets all of the response', async () => {
      const proxy = await earlyProxy(way);
      const { socket: near, end } = await connected(proxy.address(), way);
      near.send(BEGUN);
      await near.untilText('HTTP/1.1 413');
      end();
      await near.untilClosed();
      expect(near.text.length - near.text.indexOf('\r\n\r\n') - 4).toBe(BODY_BYTES);
    });
  },
);

it('counts as gone with half_close: abort', async () => {
  const proxy = await earlyProxy('TLSv1.3', 'abort');
  const { socket: near, end } = await connected(proxy.address(), 'TLSv1.3');
  near.send(BEGUN);
  await near.untilText('HTTP/1.1 413');
  end();
  await near.untilClosed();
  await proxy.untilLogged('client_abort');
});
