import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { eventually } from '../../support/time/eventually.ts';
import { realHello } from '../../support/tls/real-hellos.ts';

const ca = new CertificateAuthority();
/** A whole one: the proxy answers with its certificate, and waits for the client's part. */
const HELLO = realHello();

async function secureProxy(limits: string): Promise<LabProxy> {
  const { cert, key } = ca.issue();
  const server = await backend(answering(() => ok('served')));
  return labProxy(
    `mode: http\nlisten: '127.0.0.1:0'\nbackends: [{ address: '${server.address}' }]\n` +
      `tls: { cert_file: a.crt, key_file: a.key, ${limits} }\n`,
    { 'a.crt': cert, 'a.key': key },
  );
}

/** Connections that begin a handshake in some way and do not end it. */
class Flood {
  readonly sockets: Socket[] = [];
  /** How many the proxy has ended. */
  ended = 0;
  readonly #port: number;

  constructor(proxy: LabProxy) {
    this.#port = Number(proxy.address().split(':').at(-1));
    onTestFinished(() => {
      for (const socket of this.sockets) socket.destroy();
    });
  }

  add(localAddress: string, sent: Buffer | undefined): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.#port, localAddress });
    this.sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.once('close', () => (this.ended += 1));
    if (sent !== undefined) socket.write(sent);
    return socket;
  }
}

/** Whether a client with a whole handshake of its own is served. Resolves with what it got. */
function visit(proxy: LabProxy, localAddress = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    const port = Number(proxy.address().split(':').at(-1));
    const under = connect({ host: '127.0.0.1', port, localAddress });
    under.on('error', () => undefined);
    const socket = connectTls({ socket: under, servername: 'localhost', ca: ca.cert });
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (text.includes('served')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      resolve(text);
    });
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  });
}

describe('a flood of handshakes', () => {
  it('from one address leaves other clients served while it stands', async () => {
    const proxy = await secureProxy('max_handshakes: 100, handshake_timeout: 60s');
    const flood = new Flood(proxy);
    const kinds = [undefined, HELLO.subarray(0, 1), HELLO.subarray(0, -1), HELLO];
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < 100; index += 1) flood.add('127.0.0.2', kinds[index % kinds.length]);
      expect(await visit(proxy)).toMatch(/^HTTP\/1\.1 200 .*served$/s);
    }
    await eventually(() => flood.ended >= 2_000 - 200, 'no more stand than the listener allows');
    // Those that stand now fill both limits, and a client is still served.
    await eventually(() => flood.sockets.length - flood.ended <= 200, 'the rest stands');
    expect(flood.sockets.length - flood.ended).toBeGreaterThan(150);
    expect(await visit(proxy)).toMatch(/^HTTP\/1\.1 200 /);
  }, 60_000);

  it('from many addresses leaves them served too', async () => {
    const proxy = await secureProxy('max_handshakes: 50, handshake_timeout: 60s');
    const flood = new Flood(proxy);
    for (let round = 0; round < 10; round += 1) {
      for (let index = 0; index < 40; index += 1) {
        const address = `127.0.${1 + round}.${1 + index}`;
        flood.add(address, index % 2 === 0 ? HELLO : HELLO.subarray(0, 20));
      }
      expect(await visit(proxy)).toMatch(/^HTTP\/1\.1 200 /);
    }
    await eventually(() => flood.ended >= 300, 'the oldest have left');
  }, 60_000);

  it('that drips bytes is ended after handshake_timeout, however often it sends', async () => {
    const timeoutMs = 300;
    const proxy = await secureProxy(`handshake_timeout: ${timeoutMs}ms`);
    const flood = new Flood(proxy);
    const begunAtMs = performance.now();
    const slow = Array.from({ length: 20 }, () => flood.add('127.0.0.2', undefined));
    let sent = 0;
    const drip = setInterval(() => {
      // The last byte is never sent, however long a slow machine takes: the ClientHello never becomes whole.
      if (sent === HELLO.length - 1) return;
      for (const socket of slow) socket.write(HELLO.subarray(sent, sent + 1));
      sent += 1;
    }, 10);
    onTestFinished(() => {
      clearInterval(drip);
    });
    // The limit counts for this client too, and a slow machine may need longer for its handshake.
    await eventually(async () => (await visit(proxy)).startsWith('HTTP/1.1 200 '), 'another one is served');
    await eventually(() => flood.ended === slow.length, 'all of them are ended');
    // Not before their time, as bytes that are no ClientHello would be.
    expect(performance.now() - begunAtMs).toBeGreaterThanOrEqual(timeoutMs);
  });

  it('faster than one address may begin handshakes is refused, and other addresses are served', async () => {
    const proxy = await secureProxy('max_handshakes_per_address: 5');
    const flood = new Flood(proxy);
    for (let index = 0; index < 50; index += 1) flood.add('127.0.0.2', HELLO);
    await eventually(() => flood.ended >= 40, 'most are refused');
    expect(await visit(proxy, '127.0.0.3')).toMatch(/^HTTP\/1\.1 200 /);
    // The bucket of the address fills again.
    await eventually(async () => (await visit(proxy, '127.0.0.2')) !== '', 'it is served again');
  });
});
