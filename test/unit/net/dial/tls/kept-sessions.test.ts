import { describe, expect, it, vi } from 'vitest';

import { CertificateAuthority, daysFromNow } from '../../../../support/certificates.ts';
import { owned } from '../../../../support/owned.ts';
import { RecordingReader } from '../../../../support/sockets/recording-reader.ts';
import { tcp, tlsBackend, TlsDialLab } from '../../../../support/sockets/tls-backend.ts';

const HOUR_MS = 3_600_000;
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
    const backend = await tlsBackend({ cert, key, maxVersion });
    const lab = new TlsDialLab(trusted);
    const setHours = movableClock();
    const seen: (boolean | undefined)[] = [];
    for (const hours of [0, 5, 11, 13, 14]) {
      setHours(hours);
      seen.push(await resumes(lab, backend.port));
    }
    expect(seen).toEqual([false, true, true, false, true]);
  });
});
