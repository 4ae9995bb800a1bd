import { describe, expect, it } from 'vitest';

import { CertificateAuthority } from '../../../../support/certificates.ts';
import { RecordingReader } from '../../../../support/sockets/recording-reader.ts';
import { tcpRelay } from '../../../../support/sockets/tcp-relay.ts';
import { tcp, tlsBackend, TlsDialLab } from '../../../../support/sockets/tls-backend.ts';
import { eventually } from '../../../../support/time/eventually.ts';

const authority = new CertificateAuthority();
const { cert, key } = authority.issue();

/** More than one read. */
const LARGE = 'x'.repeat(200_000);

describe('the end of a TLS backend', () => {
  const cases = (['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) =>
    ['short', LARGE].flatMap((text) =>
      [false, true].map((isPaused) => [version, text.length, isPaused, text] as const),
    ),
  );

  it.each(cases)('is an orderly one after close_notify (%s, %i bytes, paused: %s)', async (...one) => {
    expect(await isCutAfter(false, ...one)).toBe(false);
  });

  it.each(cases)('is cut without close_notify (%s, %i bytes, paused: %s)', async (...one) => {
    expect(await isCutAfter(true, ...one)).toBe(true);
  });

  it('is known behind a PROXY header too', async () => {
    for (const isCut of [false, true]) {
      const { transport, end } = await dialed('TLSv1.3', { isRaw: true });
      const reader = new RecordingReader();
      transport.read(reader);
      transport.writeText('short');
      await reader.untilText('short');
      end(isCut);
      await reader.untilCalled('end');
      expect(transport.tls?.isCut).toBe(isCut);
    }
  });
});

async function dialed(version: 'TLSv1.2' | 'TLSv1.3', { isRaw = false } = {}) {
  const backend = await tlsBackend({ cert, key, minVersion: version, maxVersion: version });
  const relay = await tcpRelay(backend.port, isRaw ? 'PROXY UNKNOWN\r\n'.length : 0);
  const lab = new TlsDialLab({ authorities: authority.cert }, {}, isRaw ? { proxyProtocol: 'v1' } : {});
  const { transport } = await lab.dial(tcp(relay.port));
  await eventually(() => backend.secured.length === 1, 'the backend has it');
  const end = (isCut: boolean): void => {
    if (isCut) relay.cut();
    else backend.secured[0]?.end();
  };
  return { backend, transport, end };
}

async function isCutAfter(
  isCut: boolean,
  version: 'TLSv1.2' | 'TLSv1.3',
  _length: number,
  isPaused: boolean,
  text: string,
): Promise<boolean | undefined> {
  const { backend, transport, end } = await dialed(version);
  const reader = new RecordingReader();
  reader.onData = () => {
    if (!isPaused) return;
    transport.pause();
    setImmediate(() => {
      transport.resume();
    });
  };
  transport.read(reader);
  // An orderly end comes together with the last bytes.
  if (isCut) backend.secured[0]?.write(text);
  else backend.secured[0]?.end(text);
  await eventually(() => reader.length === text.length, 'all arrived');
  if (isCut) end(true);
  await reader.untilCalled('end');
  return transport.tls?.isCut;
}
