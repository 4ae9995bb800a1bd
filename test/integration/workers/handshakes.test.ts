import { once } from 'node:events';
import { connect } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { workerPlugin } from '../../support/labs/worker-plugin.ts';

const LIMIT = 10;
const CLIENTS = 60;
const authority = new CertificateAuthority();

/** Whether a client gets through its handshake, and the worker that served it. */
async function visit(address: string): Promise<string | undefined> {
  const [host, port] = address.split(':');
  const socket = connect({ host: host!, port: Number(port), servername: 'localhost', ca: authority.cert });
  onTestFinished(() => void socket.destroy());
  socket.setEncoding('latin1').on('error', () => undefined);
  try {
    const [line] = (await once(socket, 'data')) as [string];
    return line;
  } catch {
    return undefined;
  }
}

buildProgram();

it('with four workers, one address begins as many handshakes a second as the limit says, at all of them together', async () => {
  const { chain, key } = authority.issue({ names: ['localhost', '127.0.0.1'] });
  const tls = `{ cert_file: a.crt, key_file: a.key, max_handshakes: 41, max_handshakes_per_address: ${LIMIT} }`;
  const proxy = await labProxy(
    `
workers: 4
listeners:
  - { name: web, listen: '127.0.0.1:0', mode: who, tls: ${tls} }
upstreams: []
plugins: { directory: plugins }
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
`,
    { 'a.crt': chain, 'a.key': key, 'plugins/who.mjs': workerPlugin('v1') },
  );
  // All parts together are what the config says.
  expect(await proxy.status()).toMatchObject({ listeners: [{ max_tls_handshakes: 41 }] });
  const beganAtMs = performance.now();
  const visits = await Promise.all(Array.from({ length: CLIENTS }, () => visit(proxy.address())));
  const tookMs = performance.now() - beganAtMs;
  const served = visits.filter((worker) => worker !== undefined);
  expect(served.length).toBeGreaterThanOrEqual(LIMIT);
  // The address has its tokens back evenly.
  expect(served.length).toBeLessThanOrEqual(LIMIT + Math.ceil((tookMs / 1_000) * LIMIT));
  expect(new Set(served).size).toBeGreaterThan(1);
});
