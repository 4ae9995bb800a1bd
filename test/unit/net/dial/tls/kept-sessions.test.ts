import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { RotatingKeyRing } from '../../../../../src/net/tls/contexts/rotating-key-ring.ts';
import { attachTicketKeys } from '../../../../../src/net/tls/contexts/ticket-key-ring.ts';
import {
  CertificateAuthority,
  daysFromNow,
  type IssuedCertificate,
} from '../../../../support/certificates.ts';
import { owned } from '../../../../support/owned.ts';
import { RecordingReader } from '../../../../support/sockets/recording-reader.ts';
import { tcp, tlsBackend, TlsDialLab } from '../../../../support/sockets/tls-backend.ts';

const HOUR_MS = 3_600_000;
/** A ring makes tickets with the same key for so long. */
const KEY_LIFE_MS = 12 * HOUR_MS;
const authority = new CertificateAuthority();
const trusted = { authorities: authority.cert };

/** Only the clock of the proxy goes on: OpenSSL has the true time. */
function movableClock(): (hours: number) => void {
  const startMs = Date.now();
  let now = startMs;
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => now);
  owned({
    close: () => {
      spy.mockRestore();
    },
  });
  return (hours) => {
    now = startMs + hours * HOUR_MS;
  };
}

/** Connects and says whether a session was resumed; the next connection may resume one of this connection. */
async function resumes(lab: TlsDialLab, port: number): Promise<boolean | undefined> {
  const { transport } = await lab.dial(tcp(port));
  const reader = new RecordingReader();
  transport.read(reader);
  transport.writeText('x');
  // The ticket of TLS 1.3 comes before the first answer.
  await reader.untilText('x');
  return transport.tls?.resumed;
}

/** A backend that gives a new ticket to each connection that resumes a session, as its key is another one by then. */
async function renewingBackend({ cert, key }: IssuedCertificate): Promise<number> {
  let connections = 0;
  const secureContext = createSecureContext({ cert, key, sessionIdContext: 'backend' });
  attachTicketKeys(secureContext, new RotatingKeyRing(() => connections * KEY_LIFE_MS));
  const server = createServer((raw) => {
    connections += 1;
    const socket = new TLSSocket(raw, { isServer: true, secureContext });
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => void socket.write(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** For each of these hours in turn, whether a connection at that time resumed a session. */
async function resumedAt(hours: readonly number[], lab: TlsDialLab, port: number): Promise<unknown[]> {
  const setHours = movableClock();
  const seen: unknown[] = [];
  for (const hour of hours) {
    setHours(hour);
    seen.push(await resumes(lab, port));
  }
  return seen;
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session with a backend (%s)', (maxVersion) => {
  it.each([true, false])('is resumed until its chain expires (in an authority: %s)', async (isAuthority) => {
    const soon = { notAfter: daysFromNow(2 / 24) };
    const root = new CertificateAuthority('root');
    const { chain, key } = isAuthority ? root.intermediate('short', soon).issue() : root.issue(soon);
    const backend = await tlsBackend({ cert: chain, key, maxVersion });
    const lab = new TlsDialLab({ authorities: root.cert });
    const setHours = movableClock();
    expect(await resumes(lab, backend.port)).toBe(false);
    setHours(1);
    expect(await resumes(lab, backend.port)).toBe(true);
    setHours(3);
    expect(await resumes(lab, backend.port)).toBe(false);
  });

  it('is resumed for 12 hours after the backend has shown its certificate, however often', async () => {
    const { cert, key } = authority.issue();
    const { port } = await tlsBackend({ cert, key, maxVersion });
    const seen = await resumedAt([0, 5, 11, 13, 14], new TlsDialLab(trusted), port);
    expect(seen).toEqual([false, true, true, false, true]);
  });
});

it('a session is resumed for 12 hours in all, although the backend renews its ticket each time', async () => {
  const port = await renewingBackend(authority.issue());
  const seen = await resumedAt([0, 5, 11, 13, 14], new TlsDialLab(trusted), port);
  expect(seen).toEqual([false, true, true, false, true]);
});
