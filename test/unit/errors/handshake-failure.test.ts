import { once } from 'node:events';
import { connect as connectPlain, type AddressInfo, type Socket } from 'node:net';
import { connect, createServer, type ConnectionOptions, type TlsOptions } from 'node:tls';
import { expect, it } from 'vitest';

import { handshakeReasonOf, handshakeReasonText, HANDSHAKE_REASONS } from '../../../src/errors.ts';
import { CertificateAuthority } from '../../support/certificates.ts';
import { owned } from '../../support/owned.ts';

const authority = new CertificateAuthority();
const stranger = new CertificateAuthority('stranger');
const site = authority.issue();
const trusting: ConnectionOptions = { ca: authority.cert };

/** Both ends' reasons, as far as each of them saw an error. */
async function reasonsOf(serverOptions: TlsOptions, clientOptions: ConnectionOptions) {
  const server = createServer({ ...site, ...serverOptions });
  owned({ close: () => void server.close() });
  const failed = once(server, 'tlsClientError');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: '127.0.0.1', ...clientOptions });
  const [ended, [thrown]] = await Promise.all([endOf(client), failed as Promise<unknown[]>]);
  return { server: handshakeReasonOf(thrown), client: handshakeReasonOf(ended) };
}

function endOf(socket: Socket): Promise<Error> {
  return new Promise((resolve) => socket.once('error', resolve));
}

/** What the server finds wrong with these bytes. */
async function reasonFor(bytes: string | Buffer): Promise<string> {
  const server = createServer(site);
  owned({ close: () => void server.close() });
  const failed = once(server, 'tlsClientError');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connectPlain((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  client.end(bytes);
  const [thrown] = (await failed) as unknown[];
  client.destroy();
  return handshakeReasonOf(thrown);
}

it.each<[string, TlsOptions, ConnectionOptions, { server: string; client: string }]>([
  [
    'no common version',
    { minVersion: 'TLSv1.3' },
    { maxVersion: 'TLSv1.2', ...trusting },
    { server: 'no_shared_version', client: 'no_shared_version' },
  ],
  [
    'no common cipher suite',
    { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' },
    { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384', ...trusting },
    { server: 'no_shared_cipher', client: 'peer_refused' },
  ],
  [
    'no common curve',
    { ecdhCurve: 'P-384' },
    { ecdhCurve: 'P-256', ...trusting },
    { server: 'no_shared_group', client: 'peer_refused' },
  ],
  [
    'no common application protocol',
    { ALPNProtocols: ['h2'] },
    { ALPNProtocols: ['other'], ...trusting },
    { server: 'no_shared_protocol', client: 'no_shared_protocol' },
  ],
  [
    'a client certificate that is missing',
    { requestCert: true, ca: authority.cert, minVersion: 'TLSv1.3' },
    trusting,
    { server: 'certificate_missing', client: 'peer_wants_certificate' },
  ],
  [
    'a certificate of an unknown authority',
    {},
    { ca: stranger.cert, minVersion: 'TLSv1.3' },
    { server: 'peer_left', client: 'certificate_unknown_ca' },
  ],
])('knows %s from what Node.js reports', async (_, serverOptions, clientOptions, reasons) => {
  expect(await reasonsOf(serverOptions, clientOptions)).toEqual(reasons);
});

it.each([
  ['a plain HTTP request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'http_request'],
  ['other bytes', 'SSH-2.0-client\r\n', 'not_tls'],
  ['a broken ClientHello', Buffer.from([22, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 0, 0]), 'protocol_error'],
  ['nothing', '', 'peer_left'],
])('knows %s', async (_, bytes, reason) => {
  expect(await reasonFor(bytes)).toBe(reason);
});

it('knows the alerts of a peer by their number, whatever the version of OpenSSL calls them', () => {
  const old = 'error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:';
  const renamed = 'error:0A000410:SSL routines:ssl3_read_bytes:ssl/tls alert handshake failure:';
  expect(handshakeReasonOf(new Error(`80A:${old}`))).toBe('peer_unknown_ca');
  expect(handshakeReasonOf(new Error(`80A:${renamed}`))).toBe('peer_refused');
});

it('takes the code of a certificate check as text, and anything else that was thrown', () => {
  expect(handshakeReasonOf('CERT_HAS_EXPIRED')).toBe('certificate_expired');
  expect(handshakeReasonOf('constructor')).toBe('other');
  expect(handshakeReasonOf(undefined)).toBe('other');
});

it('has words for both sides of each reason, and for a reason that it does not know', () => {
  expect(handshakeReasonText('peer_unknown_ca', 'client')).toContain('does not trust');
  expect(handshakeReasonText('toString', 'backend')).toBe(HANDSHAKE_REASONS.other.backend);
});
