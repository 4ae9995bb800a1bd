import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:https';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { clientHelloBytes } from '../../support/tls/client-hello-bytes.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';
import { isInstalled } from './run-tool.ts';

/** The longest that the client beside a flood may wait for one answer, on a machine that does other things too. */
const LONGEST_WAIT_MS = 5_000;

async function secureProxy(tls = '') {
  const { address } = await backend(answering(() => ok('hello')));
  const authority = new CertificateAuthority();
  const { chain, key } = authority.issue();
  const yaml = `mode: http
listen: 127.0.0.1:0
tls: { cert_file: a.crt, key_file: a.key${tls} }
backends: [{ address: '${address}' }]
`;
  const proxy = await labProxy(yaml, { 'a.crt': chain, 'a.key': key });
  return { port: Number(proxy.address().split(':')[1]), ca: authority.cert };
}

/** One request on a new connection: the status, and how long it took. */
function ask(port: number, ca: string): Promise<{ status: number; waitMs: number }> {
  const begunAtMs = performance.now();
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', ca, agent: false }, (response) => {
      response.resume().on('end', () => {
        resolve({ status: response.statusCode ?? 0, waitMs: performance.now() - begunAtMs });
      });
    }).on('error', reject);
  });
}

async function isServedWell(port: number, ca: string, requests: number): Promise<void> {
  for (let request = 0; request < requests; request += 1) {
    const { status, waitMs } = await ask(port, ca);
    expect(status).toBe(200);
    expect(waitMs).toBeLessThan(LONGEST_WAIT_MS);
  }
}

describe('a normal client', () => {
  it('is served beside many handshakes that nobody finishes', async () => {
    const { port, ca } = await secureProxy(', max_handshakes: 100');
    const hello = clientHelloBytes({ sni: 'localhost' });
    const sockets: Socket[] = [];
    owned({
      close: () => {
        for (const socket of sockets) socket.destroy();
      },
    });
    for (const bytes of [hello.subarray(0, 1), hello.subarray(0, 60), hello]) {
      for (let count = 0; count < 150; count += 1) {
        const socket = connect({ port, host: '127.0.0.1' });
        socket.on('error', () => undefined);
        socket.write(bytes);
        sockets.push(socket);
      }
      await once(sockets.at(-1)!, 'connect');
      await isServedWell(port, ca, 10);
    }
  });

  // Skipped without slowhttptest (apt-get install slowhttptest).
  it.skipIf(!isInstalled('slowhttptest'))('is served beside slowhttptest over TLS', async () => {
    const { port, ca } = await secureProxy();
    for (const kind of ['-H', '-B', '-X']) {
      const args = [
        kind,
        '-c',
        '300',
        '-r',
        '150',
        '-i',
        '10',
        '-l',
        '4',
        '-u',
        `https://127.0.0.1:${port}/`,
      ];
      const flood = spawn('slowhttptest', args, { stdio: 'ignore' });
      const exit = once(flood, 'exit');
      owned({ close: () => flood.kill('SIGKILL') });
      let served = 0;
      while (flood.exitCode === null && flood.signalCode === null) {
        await isServedWell(port, ca, 1);
        served += 1;
      }
      await exit;
      expect(served, kind).toBeGreaterThan(1);
    }
  });
});
