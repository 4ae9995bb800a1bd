import { createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';

import { DEFAULT_TLS_SETTINGS } from '../../../../src/config/sockets/tls-settings.ts';
import type { Address } from '../../../../src/config/values/address.ts';
import { startHttpProbe } from '../../../../src/health/probe/http-probe.ts';
import { BackendContext } from '../../../../src/net/dial/tls/backend-context.ts';
import type { HandshakeOutcome } from '../../../../src/readings/handshake.ts';
import { CertificateAuthority } from '../../../support/certificates.ts';
import { PATIENCE_MS } from '../../../support/time/patience.ts';
import { probeTarget } from '../probe-target.ts';
import { rawServer } from '../raw-server.ts';

const authority = new CertificateAuthority();
const other = new CertificateAuthority('other authority');
const REQUEST = {
  kind: 'http',
  method: 'GET',
  path: '/',
  host: 'a',
  headers: [],
  expectedStatus: [{ from: 200, to: 299 }],
  expectedBody: undefined,
} as const;

/** Checks an address with these authorities. Resolves with why it failed, and with all handshakes that were reported. */
async function check(address: Address, authorities = authority.cert, timeoutMs = PATIENCE_MS) {
  const context = new BackendContext(DEFAULT_TLS_SETTINGS, { authorities });
  const handshakes: HandshakeOutcome[] = [];
  const failure = await new Promise<string | undefined>((resolve) => {
    const onHandshake = (outcome: HandshakeOutcome): void => {
      handshakes.push(outcome);
    };
    const target = { ...probeTarget(address, timeoutMs), tls: context, alpn: ['http/1.1'], onHandshake };
    startHttpProbe(target, REQUEST, resolve);
  });
  return { failure, handshakes };
}

async function httpsBackend(answer: string): Promise<Address> {
  const server = createServer(authority.issue(), (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer));
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return { kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

it('is reported once when it is done, with what was agreed on', async () => {
  const { failure, handshakes } = await check(await httpsBackend('HTTP/1.1 204 No Content\r\n\r\n'));
  expect(failure).toBeUndefined();
  expect(handshakes).toEqual([
    {
      status: 'ok',
      version: 'TLSv1.3',
      cipher: expect.stringMatching(/^TLS_/) as string,
      resumed: false,
      durationMs: expect.any(Number) as number,
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      sni: undefined,
    },
  ]);
});

it('is done also when the answer that follows is not good', async () => {
  const { failure, handshakes } = await check(await httpsBackend('HTTP/1.1 500 Oh\r\n\r\n'));
  expect(failure).toContain('status 500');
  expect(handshakes).toMatchObject([{ status: 'ok' }]);
});

it('is reported with the reason when the backend is not trusted', async () => {
  const { failure, handshakes } = await check(await httpsBackend(''), other.cert);
  expect(failure).toContain('no trusted authority has signed');
  expect(handshakes).toMatchObject([{ status: 'failed', reason: 'certificate_unknown_ca' }]);
});

it.each<[string, (socket: Socket) => void, Partial<HandshakeOutcome>, number]>([
  [
    'of a backend that hangs up',
    (socket) => void socket.once('data', () => socket.end()),
    { status: 'aborted', reason: 'peer_left' },
    PATIENCE_MS,
  ],
  [
    'of a backend that resets the connection',
    (socket) => void socket.once('data', () => socket.resetAndDestroy()),
    { status: 'aborted', reason: 'peer_left' },
    PATIENCE_MS,
  ],
  [
    'of a backend that speaks plain HTTP',
    (socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    { status: 'failed', reason: 'not_tls' },
    PATIENCE_MS,
  ],
  [
    'of a backend that says nothing',
    (socket) => void socket.resume(),
    { status: 'timeout', reason: 'timeout' },
    100,
  ],
])('is reported once %s', async (_, accept, outcome, timeoutMs) => {
  const { address } = await rawServer(accept);
  const { failure, handshakes } = await check(address, authority.cert, timeoutMs);
  expect(failure).toBeDefined();
  expect(handshakes).toHaveLength(1);
  expect(handshakes).toMatchObject([outcome]);
});
