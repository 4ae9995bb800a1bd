import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority, selfSignedCertificate } from '../../../../support/certificates.ts';
import { RecordingReader } from '../../../../support/sockets/recording-reader.ts';
import { tcp, tlsBackend, TlsDialLab } from '../../../../support/sockets/tls-backend.ts';
import { eventually } from '../../../../support/time/eventually.ts';

const authority = new CertificateAuthority();
const { cert, key } = authority.issue();
const trusted = { authorities: authority.cert };

/** A TCP server that does that with each connection. */
async function plainServer(serve: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

describe('a dialer with TLS', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s, and the bytes arrive', async (version) => {
    const backend = await tlsBackend({ cert, key, maxVersion: version });
    const lab = new TlsDialLab(trusted);
    const { transport } = await lab.dial(tcp(backend.port));
    const reader = new RecordingReader();
    transport.read(reader);
    transport.writeText('hello');
    await reader.untilText('hello');
    expect(transport.tls).toMatchObject({ version, resumed: false, sni: undefined, alpn: undefined });
    expect(lab.records).toMatchObject([
      { side: 'backend', owner: 'api', status: 'ok', version, resumed: false },
    ]);
  });

  it('names the host of the backend, or the name of the config, as SNI, and never an address', async () => {
    const names: (string | false | null)[] = [];
    const backend = await tlsBackend({ cert, key });
    const dialed = async (lab: TlsDialLab, host: string): Promise<void> => {
      await lab.dial(tcp(backend.port, host));
      await eventually(() => backend.secured.length > names.length, 'the backend has it');
      names.push((backend.secured.at(-1) as { servername?: string | false }).servername ?? null);
    };
    await dialed(new TlsDialLab(trusted, {}, { names: { 'localhost.': ['127.0.0.1'] } }), 'localhost.');
    await dialed(new TlsDialLab(trusted), '127.0.0.1');
    await dialed(new TlsDialLab(trusted, { serverName: 'localhost' }), '127.0.0.1');
    expect(names).toEqual(['localhost', false, 'localhost']);
  });

  it('offers the protocols of the config', async () => {
    const backend = await tlsBackend({ cert, key, ALPNProtocols: ['http/1.1'] });
    const lab = new TlsDialLab(trusted, { alpnProtocols: ['http/1.1'] });
    const { transport } = await lab.dial(tcp(backend.port));
    expect(transport.tls?.alpn).toBe('http/1.1');
  });

  it('offers the curves of the config, and otherwise all that the runtime has', async () => {
    const backend = await tlsBackend({ cert, key, ecdhCurve: 'P-521' });
    await new TlsDialLab(trusted).dial(tcp(backend.port));
    await new TlsDialLab(trusted, { curves: ['X25519', 'P-521'] }).dial(tcp(backend.port));
    const error = await new TlsDialLab(trusted, { curves: ['P-384'] }).failure(tcp(backend.port));
    expect(error).toMatchObject({ code: 'backend_tls' });
  });

  it.each([false, true])('shows its client certificate (key encrypted: %s)', async (isEncrypted) => {
    const backend = await tlsBackend({ cert, key, ca: authority.cert, requestCert: true });
    const client = authority.issue({
      subject: 'the proxy',
      ...(isEncrypted ? { keyPassword: 'secret' } : {}),
    });
    const lab = new TlsDialLab({
      ...trusted,
      certificate: client.cert,
      certificateKey: client.key,
      certificateKeyPassword: isEncrypted ? 'secret' : undefined,
    });
    await lab.dial(tcp(backend.port));
    await eventually(() => backend.secured.length === 1, 'the backend has it');
    expect(backend.secured[0]?.getPeerCertificate().subject.CN).toBe('the proxy');
  });

  it.each(['v1', 'v2'] as const)(
    'sends a PROXY header (%s) before the ClientHello',
    async (proxyProtocol) => {
      const begun: Buffer[] = [];
      const backend = await tlsBackend({ cert, key });
      const port = await plainServer((socket) => {
        socket.once('data', (bytes: Buffer) => begun.push(bytes));
      });
      const lab = new TlsDialLab(trusted, {}, { proxyProtocol, connectTimeoutMs: 300 });
      const failure = lab.failure(tcp(port));
      await eventually(() => begun.length > 0, 'the header arrived');
      expect(begun[0]?.toString('latin1')).toMatch(
        proxyProtocol === 'v1' ? /^PROXY UNKNOWN\r\n/ : /^\r\n\r\n\0\r\nQUIT/,
      );
      expect((await failure).code).toBe('connect_timeout');
      expect(backend.received).toEqual([]);
    },
  );

  it('carries bytes behind a PROXY header', async () => {
    const backend = await tlsBackend({ cert, key });
    const { connect } = await import('node:net');
    // Takes the header away, as a backend that expects it does.
    const port = await plainServer((socket) => {
      socket.once('data', (bytes: Buffer) => {
        const behind = connect(backend.port, '127.0.0.1');
        behind.on('error', () => undefined);
        behind.write(bytes.subarray('PROXY UNKNOWN\r\n'.length));
        socket.pipe(behind).pipe(socket);
      });
    });
    const lab = new TlsDialLab(trusted, {}, { proxyProtocol: 'v1' });
    const { transport } = await lab.dial(tcp(port));
    const reader = new RecordingReader();
    transport.read(reader);
    transport.writeText('x'.repeat(100_000));
    await eventually(() => reader.length === 100_000, 'all arrived');
    transport.reset();
    await reader.untilCalled('closed');
  });

  it('resets the connection below when it is asked to', async () => {
    const errors: string[] = [];
    const backend = await tlsBackend({ cert, key });
    const { transport } = await new TlsDialLab(trusted).dial(tcp(backend.port));
    await eventually(() => backend.secured.length === 1, 'the backend has it');
    backend.secured[0]?.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
    const reader = new RecordingReader();
    transport.read(reader);
    transport.reset();
    await reader.untilCalled('closed');
    await eventually(() => errors.length > 0, 'the backend saw the reset');
    expect(errors).toEqual(['ECONNRESET']);
  });

  it('does not renegotiate when the backend asks for it', async () => {
    const backend = await tlsBackend({ cert, key, maxVersion: 'TLSv1.2' });
    const { transport } = await new TlsDialLab(trusted).dial(tcp(backend.port));
    transport.read(new RecordingReader());
    await eventually(() => backend.secured.length === 1, 'the backend has it');
    const [socket] = backend.secured;
    const refused = once(socket as TLSSocket, 'error') as Promise<[Error]>;
    const done = new Promise<string>((resolve) => {
      socket?.renegotiate({}, (error) => {
        resolve(error?.message ?? 'done');
      });
    });
    expect(await Promise.race([done, refused.then(([error]) => error.message)])).toMatch(/no.renegotiation/i);
  });

  it('can be ended while it connects', async () => {
    let isClosed = false;
    let hasArrived = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (hasArrived = resolve));
    const port = await plainServer((socket) => {
      socket.resume().on('close', () => (isClosed = true));
      socket.once('data', hasArrived);
    });
    const lab = new TlsDialLab(trusted);
    const called: unknown[] = [];
    const dial = lab.dialer.dial(tcp(port), (error) => called.push(error));
    await arrived;
    dial.destroy();
    await eventually(() => isClosed, 'the connection was closed');
    expect(called).toEqual([]);
    expect(lab.records).toMatchObject([{ status: 'aborted', reason: 'not_needed' }]);
  });
});

describe('sessions with backends', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'are resumed (%s), also by another dialer of the context',
    async (maxVersion) => {
      const backend = await tlsBackend({ cert, key, maxVersion });
      const lab = new TlsDialLab(trusted);
      for (const expected of [false, true, true]) {
        const { transport } = await lab.dial(tcp(backend.port));
        expect(transport.tls?.resumed).toBe(expected);
        const reader = new RecordingReader();
        transport.read(reader);
        transport.writeText('x');
        // The ticket of TLS 1.3 comes before the first answer.
        await reader.untilText('x');
      }
      expect(lab.records.map(({ resumed }) => resumed)).toEqual([false, true, true]);
      expect(new TlsDialLab(trusted).context.sessions.size).toBe(0);
    },
  );

  it('are not kept when the config says so', async () => {
    const backend = await tlsBackend({ cert, key });
    const lab = new TlsDialLab(trusted, { reusesSessions: false });
    for (let round = 0; round < 2; round++) {
      const { transport } = await lab.dial(tcp(backend.port));
      const reader = new RecordingReader();
      transport.read(reader);
      transport.writeText('x');
      await reader.untilText('x');
      expect(transport.tls?.resumed).toBe(false);
    }
    expect(lab.context.sessions.size).toBe(0);
  });

  it('are never kept of a backend that was not verified', async () => {
    const stranger = new CertificateAuthority('stranger').issue();
    const backend = await tlsBackend({ ...stranger, maxVersion: 'TLSv1.2' });
    const lab = new TlsDialLab(trusted);
    await lab.failure(tcp(backend.port));
    expect(lab.context.sessions.size).toBe(0);
  });
});

describe('a backend that is not trusted', () => {
  const selfSigned = selfSignedCertificate('localhost');
  const stranger = new CertificateAuthority('stranger');
  const cases: [string, { cert: string; key: string }, string, RegExp[]][] = [
    ['self-signed', selfSigned, '127.0.0.1', [/self-signed/, /tls\.ca_file/, /DEPTH_ZERO_SELF_SIGNED_CERT/]],
    ['unknown authority', stranger.issue(), '127.0.0.1', [/no trusted authority/, /issued by stranger/]],
    [
      'expired',
      authority.issueExpired(),
      '127.0.0.1',
      [/has expired/, /valid from 2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ to 2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\dZ;/],
    ],
    ['not yet valid', authority.issueNotYetValid(), '127.0.0.1', [/not valid yet/]],
    [
      'other names',
      authority.issue({ names: ['a.test', '*.b.test'] }),
      'localhost',
      [/other names/, /expected name: localhost/, /is for a\.test, \*\.b\.test/, /issued by test authority/],
    ],
    [
      'no such address',
      authority.issue({ names: ['localhost'] }),
      '127.0.0.1',
      [/expected name: 127\.0\.0\.1/],
    ],
  ];

  it.each(cases)(
    '%s: gets no byte, and the message says what is wrong',
    async (_name, credential, host, texts) => {
      const { cert, key } = credential;
      const backend = await tlsBackend({ cert, key });
      const lab = new TlsDialLab(trusted, {}, { names: { localhost: ['127.0.0.1'] } });
      const error = await lab.failure(tcp(backend.port, host));
      expect(error).toMatchObject({ code: 'backend_tls', retryable: true });
      for (const text of [...texts, new RegExp(`TLS to ${host}:${String(backend.port)}`)])
        expect(error.message).toMatch(text);
      expect(backend.received).toEqual([]);
      expect(lab.records).toHaveLength(1);
      expect(lab.records[0]?.reason).toMatch(/^certificate_/);
    },
  );

  it.each(cases)('%s: is taken with insecure_skip_verify', async (_name, { cert, key }, host) => {
    const backend = await tlsBackend({ cert, key });
    const lab = new TlsDialLab(trusted, { isVerified: false }, { names: { localhost: ['127.0.0.1'] } });
    await lab.dial(tcp(backend.port, host));
    expect(lab.records).toMatchObject([{ status: 'ok' }]);
  });
});

describe('a handshake with a backend', () => {
  it('that answers in plain HTTP says so', async () => {
    const port = await plainServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const error = await new TlsDialLab(trusted).failure(tcp(port));
    expect(error.code).toBe('backend_tls');
    expect(error.message).toMatch(/not TLS/);
  });

  it('that closes the connection says so', async () => {
    const port = await plainServer((socket) => socket.end());
    const lab = new TlsDialLab(trusted);
    const error = await lab.failure(tcp(port));
    expect(error.code).toBe('backend_tls');
    expect(error.message).toMatch(/closed the connection within the handshake/);
    expect(lab.records).toMatchObject([{ status: 'aborted', reason: 'peer_left' }]);
  });

  it('that speaks no version in common says so', async () => {
    const backend = await tlsBackend({ cert, key, maxVersion: 'TLSv1.2' });
    const error = await new TlsDialLab(trusted, { minVersion: '1.3' }).failure(tcp(backend.port));
    expect(error.message).toMatch(/no version of TLS/);
  });

  it('that has no cipher suite in common says so', async () => {
    const backend = await tlsBackend({
      cert,
      key,
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384',
    });
    const lab = new TlsDialLab(trusted, {
      maxVersion: '1.2',
      cipherSuites: ['ECDHE-ECDSA-AES128-GCM-SHA256'],
    });
    expect((await lab.failure(tcp(backend.port))).message).toMatch(/refused the handshake/);
  });

  it('that wants a client certificate says so (TLS 1.2: within the handshake)', async () => {
    const backend = await tlsBackend({
      cert,
      key,
      ca: authority.cert,
      requestCert: true,
      maxVersion: 'TLSv1.2',
    });
    const error = await new TlsDialLab(trusted).failure(tcp(backend.port));
    expect(error.code).toBe('backend_tls');
  });

  it('that wants a client certificate says so (TLS 1.3: after it, to the reader)', async () => {
    const backend = await tlsBackend({ cert, key, ca: authority.cert, requestCert: true });
    const { transport } = await new TlsDialLab(trusted).dial(tcp(backend.port));
    const reader = new RecordingReader();
    transport.read(reader);
    await reader.untilCalled('closed');
    expect(reader.errors[0]).toMatchObject({ code: 'backend_tls' });
    expect(reader.errors[0]?.message).toMatch(/asks for a client certificate: see tls\.client_cert_file/);
    expect(backend.received).toEqual([]);
  });

  it('that says nothing ends with the time for connecting', async () => {
    const port = await plainServer(() => undefined);
    const lab = new TlsDialLab(trusted, {}, { connectTimeoutMs: 100 });
    const error = await lab.failure(tcp(port));
    expect(error.code).toBe('connect_timeout');
    expect(error.message).toMatch(/did not finish the TLS handshake within 100 ms/);
    expect(lab.records).toMatchObject([{ status: 'timeout', reason: 'timeout' }]);
  });

  it('that nobody listens for is a failed connect', async () => {
    const lab = new TlsDialLab(trusted);
    expect((await lab.failure(tcp(1))).code).toBe('connect_failed');
    expect(lab.records).toEqual([]);
  });
});
