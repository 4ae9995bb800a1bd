import type { PeerCertificate, TlsSession } from '../../src/plugin-api/index.ts';

/** What TLS agreed on with a client that asked for `example.test` and showed no certificate. `changes`: what is otherwise. */
export function tlsSession(changes: Partial<TlsSession> = {}): TlsSession {
  return {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    alpn: 'http/1.1',
    sni: 'example.test',
    certificate: undefined,
    resumed: false,
    allowsHost: () => true,
    ...changes,
  };
}

/** The certificate of a client. `changes`: what is otherwise. */
export function peerCertificate(changes: Partial<PeerCertificate> = {}): PeerCertificate {
  return {
    subject: 'CN=client,O=Example',
    issuer: 'CN=Example CA',
    serialNumber: '0A1B',
    notBeforeMs: Date.UTC(2026, 0, 1),
    notAfterMs: Date.UTC(2027, 0, 31, 12),
    fingerprint256: 'AA:BB:CC',
    verified: true,
    raw: Buffer.from('the certificate'),
    ...changes,
  };
}
