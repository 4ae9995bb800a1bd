import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { Listener } from '../../../src/net/listen/listener.ts';
import type { ClientAuthSettings } from '../../../src/net/tls/contexts/client-auth.ts';
import {
  ServerContexts,
  type ServerCertificate,
  type ServerContextSettings,
} from '../../../src/net/tls/contexts/server-contexts.ts';
import { RotatingKeyRing } from '../../../src/net/tls/contexts/rotating-key-ring.ts';
import { SniTable } from '../../../src/net/tls/sni/sni-table.ts';
import {
  acceptOverHandle,
  acceptOverStream,
  type TlsAcceptor,
} from '../../../src/net/tls/terminate/tls-acceptor.ts';
import { TlsTermination } from '../../../src/net/tls/terminate/tls-termination.ts';
import { DEFAULT_CIPHER_SUITES } from '../../../src/config/values/tls/cipher-suite.ts';
import { ReadBuffers } from '../../../src/net/transport/memory/read-buffers.ts';
import type { Connection, ConnectionHandler, ProtocolInstance } from '../../../src/plugin-api/index.ts';
import type { HandshakeRecord } from '../../../src/readings/handshake.ts';
import { TimeSlicer } from '../../../src/time/time-slicer.ts';
import { CertificateAuthority } from '../../support/certificates.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { eventually } from '../../support/time/eventually.ts';

/** Sends back what it gets. */
class Echo implements ProtocolInstance {
  readonly protocol = 'echo';
  readonly connections: Connection[] = [];
  readonly errors: (Error | undefined)[] = [];
  active = 0;

  handle(connection: Connection): ConnectionHandler {
    this.connections.push(connection);
    const { transport } = connection;
    transport.read({
      data: (bytes, start, end) => void transport.writeBorrowed(bytes, start, end),
      end: () => {
        transport.end();
      },
      drained: () => undefined,
      closed: (error) => {
        this.errors.push(error);
      },
    });
    return {
      drain: () => {
        transport.end();
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface LabOptions extends Partial<ServerContextSettings> {
  readonly alpn?: readonly string[];
  readonly isStrict?: boolean;
  readonly timeoutMs?: number;
}

const ca = new CertificateAuthority();

function certificate(
  options: Parameters<CertificateAuthority['issue']>[0] = {},
  clientAuth: ClientAuthSettings = { mode: 'none' },
): ServerCertificate {
  const { chain, key } = ca.issue(options);
  const names = typeof options === 'string' ? undefined : options.names;
  return { certificate: chain, key, names: names ?? ['localhost'], clientAuth };
}

/** How TLS is put over connections. */
let acceptor: TlsAcceptor = acceptOverHandle;

class TlsLab {
  readonly echo = new Echo();
  readonly records: HandshakeRecord[] = [];
  readonly ring = new RotatingKeyRing();
  readonly listener: Listener;
  #contexts: ServerContexts | undefined;
  #lastId = 0;

  constructor() {
    this.listener = new Listener({
      name: 'secure',
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      maxConnections: 0,
      instance: this.echo,
      buffers: new ReadBuffers(),
      logger: new RecordingLogger(),
      nextConnectionId: () => (this.#lastId += 1),
    });
  }

  async use({ alpn = [], isStrict = false, timeoutMs = 10_000, ...settings }: LabOptions): Promise<void> {
    this.#contexts = await ServerContexts.build(
      {
        listener: 'secure',
        certificates: [certificate()],
        cipherSuites: DEFAULT_CIPHER_SUITES,
        ...settings,
      },
      this.ring,
      new TimeSlicer(),
      this.#contexts,
    );
    const observer = { handshake: (record: HandshakeRecord) => void this.records.push(record) };
    const decider = new SniTable({
      certificates: this.#contexts.names,
      defaultCertificate: this.#contexts.fallback,
      isStrict,
      routes: [],
      defaultUpstream: undefined,
      ownUpstream: undefined,
    });
    const layers = [new TlsTermination({ listener: 'secure', decider, alpn, observer, acceptor }, timeoutMs)];
    void this.listener.entrances.replaceWith({ layers });
  }

  get port(): number {
    return Number(this.listener.bound.split(':').at(-1));
  }

  connect(options: ConnectionOptions = {}): TLSSocket {
    const socket = connect({
      host: '127.0.0.1',
      port: this.port,
      ca: ca.cert,
      servername: 'localhost',
      ...options,
    });
    onTestFinished(() => {
      socket.destroy();
    });
    return socket;
  }

  async secured(options: ConnectionOptions = {}): Promise<{ socket: TLSSocket; text: () => string }> {
    const socket = this.connect(options);
    await once(socket, 'secureConnect');
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    return { socket, text: () => text };
  }

  /** The names in the certificate that a client gets. */
  async namesFor(servername: string | undefined, options: ConnectionOptions = {}): Promise<string> {
    const { socket } = await this.secured({
      checkServerIdentity: () => undefined,
      ...options,
      ...(servername === undefined ? { servername: '' } : { servername }),
    });
    return String(socket.getPeerCertificate().subject.CN);
  }

  /** Why the server or the client ended a handshake. */
  async failure(options: ConnectionOptions): Promise<string> {
    const socket = this.connect(options);
    socket.on('secureConnect', () => socket.write('x'));
    const ended = once(socket, 'close').then(() => 'closed');
    const failed = new Promise<string>((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
    });
    return Promise.race([failed, ended.then(() => pause(5, 'closed'))]);
  }

  /** Makes a session and gives back what is needed to resume it. */
  async session(options: ConnectionOptions = {}): Promise<Buffer> {
    const socket = this.connect(options);
    const session = once(socket, 'session') as Promise<[Buffer]>;
    await once(socket, 'secureConnect');
    socket.write('x');
    const [bytes] = await session;
    socket.end();
    return bytes;
  }

  async resumes(session: Buffer, options: ConnectionOptions = {}): Promise<boolean> {
    const { socket } = await this.secured({ ...options, session });
    const isReused = socket.isSessionReused();
    socket.end();
    return isReused;
  }
}

async function lab(options: LabOptions = {}): Promise<TlsLab> {
  const made = new TlsLab();
  onTestFinished(() => {
    made.listener.destroy();
  });
  await made.use(options);
  await made.listener.listen();
  return made;
}

describe.each<[string, TlsAcceptor]>([
  ['over handles', acceptOverHandle],
  ['by the public API of Node.js', acceptOverStream],
])('TLS %s', (_way, way) => {
  beforeEach(() => {
    acceptor = way;
  });

  describe('a listener that terminates TLS', () => {
    it.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'sends and receives what the protocol does, over %s',
      async (version) => {
        const made = await lab({ alpn: ['http/1.1'] });
        const { socket, text } = await made.secured({
          maxVersion: version,
          ALPNProtocols: ['h2', 'http/1.1'],
        });
        socket.write('hello');
        await eventually(() => text() === 'hello', 'it comes back');
        const large = 'x'.repeat(3 * 1024 * 1024);
        socket.write(large);
        await eventually(() => text().length === large.length + 5, 'all comes back');
        const { tls } = made.echo.connections[0]!.transport;
        expect(tls).toMatchObject({
          version,
          alpn: 'http/1.1',
          sni: 'localhost',
          resumed: false,
          certificate: undefined,
        });
        expect(tls?.cipher).toMatch(/^TLS_.*GCM/);
        expect(made.records).toMatchObject([{ status: 'ok', version, resumed: false, owner: 'secure' }]);
        socket.end();
        // Looks in each turn: nobody may find the connection forgotten while its protocol still waits to be told.
        while (made.listener.connections > 0) await new Promise(setImmediate);
        expect(made.echo.errors).toEqual([undefined]);
        expect(tls?.version).toBe(version);
      },
    );

    it('goes on to send after the client ended its direction, and tells it of the end', async () => {
      const made = await lab();
      const { socket, text } = await made.secured({ allowHalfOpen: true } as ConnectionOptions);
      socket.end('last words');
      await once(socket, 'end');
      expect(text()).toBe('last words');
    });

    it('is left by a client that ends without close_notify, and by one that resets', async () => {
      const made = await lab();
      for (const leave of ['end', 'reset'] as const) {
        const raw = createConnection({ host: '127.0.0.1', port: made.port });
        const socket = connect({ socket: raw, ca: ca.cert, servername: 'localhost' });
        socket.on('error', () => undefined);
        await once(socket, 'secureConnect');
        if (leave === 'end') raw.end();
        else raw.resetAndDestroy();
        await eventually(() => made.listener.connections === 0, 'the connection is forgotten');
      }
    });

    it('resets a connection that the protocol resets', async () => {
      const made = await lab();
      const { socket } = await made.secured();
      const code = new Promise((resolve) =>
        socket.on('error', (error: NodeJS.ErrnoException) => {
          resolve(error.code);
        }),
      );
      // Node.js takes a reset that arrives together with bytes, here the session tickets, for an orderly end.
      const answered = once(socket, 'data');
      socket.write('the tickets come before the answer');
      await answered;
      made.echo.connections[0]?.transport.reset();
      expect(await code).toBe('ECONNRESET');
      await eventually(() => made.listener.connections === 0, 'the connection is forgotten');
    });

    it('takes a ClientHello that comes byte by byte', async () => {
      const made = await lab();
      const through = createServer((client) => {
        const server = createConnection({ host: '127.0.0.1', port: made.port }).setNoDelay(true);
        server.pipe(client);
        client.on('error', () => undefined).on('close', () => server.destroy());
        void (async () => {
          for await (const bytes of client) {
            for (const byte of bytes as Buffer) {
              server.write(Buffer.of(byte));
              await new Promise((resolve) => setImmediate(resolve));
            }
          }
        })().catch(() => undefined);
      }).listen(0, '127.0.0.1');
      onTestFinished(() => void through.close());
      await once(through, 'listening');
      const { port } = through.address() as AddressInfo;
      const { socket, text } = await made.secured({ port });
      socket.write('hello');
      await eventually(() => text() === 'hello', 'it comes back');
      socket.destroy();
    });

    it('tells a plain HTTP client that the port speaks HTTPS', async () => {
      const made = await lab();
      const socket = await ByteSocket.connect(made.listener.bound);
      socket.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`);
      await socket.untilEnded();
      expect(socket.received.toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*This port speaks HTTPS/);
      socket.close();
      await eventually(() => made.listener.connections === 0, 'the connection is forgotten');
      expect(made.records).toMatchObject([{ status: 'refused', reason: 'http_request' }]);
      expect(made.echo.connections).toEqual([]);
    });

    it('closes what is no TLS, and forgets who says nothing', async () => {
      const made = await lab({ timeoutMs: 400 });
      const garbage = await ByteSocket.connect(made.listener.bound);
      garbage.send('\0\x01garbage');
      await garbage.untilEnded();
      const silent = await ByteSocket.connect(made.listener.bound);
      await silent.untilEnded();
      const half = await ByteSocket.connect(made.listener.bound);
      half.send(Buffer.from('1603010200010001fc0303', 'hex').toString('latin1'));
      await half.untilEnded();
      await eventually(() => made.listener.connections === 0, 'all are forgotten');
      expect(made.records.map(({ status, reason }) => `${status} ${reason}`)).toEqual([
        'refused not_tls',
        'timeout timeout',
      ]);
    });
  });

  describe('the certificate of a name', () => {
    it('is found by the exact name, then by a wildcard, else it is the default', async () => {
      const made = await lab({
        certificates: [
          certificate({ names: ['default.test'] }),
          certificate({ names: ['*.example.test'] }),
          certificate({ names: ['a.example.test', 'other.test'] }),
        ],
      });
      expect(await made.namesFor('a.example.test')).toBe('a.example.test');
      expect(await made.namesFor('OTHER.test')).toBe('a.example.test');
      expect(await made.namesFor('b.example.test')).toBe('*.example.test');
      expect(await made.namesFor('c.b.example.test')).toBe('default.test');
      expect(await made.namesFor('example.test')).toBe('default.test');
      expect(await made.namesFor(undefined)).toBe('default.test');
    });

    it.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'is RSA or ECDSA by what the client verifies, over %s',
      async (version) => {
        const made = await lab({
          certificates: [
            { ...certificate({ names: ['both.test'], keyType: 'rsa' }) },
            { ...certificate({ names: ['both.test'], keyType: 'ecdsa' }) },
            { ...certificate({ names: ['rsa.test'], keyType: 'rsa' }) },
          ],
        });
        const kind = async (servername: string, sigalgs: string): Promise<string | undefined> => {
          const { socket } = await made.secured({
            servername,
            sigalgs,
            maxVersion: version,
            checkServerIdentity: () => undefined,
          });
          return (socket.getPeerCertificate() as { asn1Curve?: string }).asn1Curve ?? 'rsa';
        };
        const rsa = 'RSA-PSS+SHA256:ECDSA+SHA256';
        expect(await kind('both.test', 'ECDSA+SHA256')).toBe('prime256v1');
        expect(await kind('both.test', 'RSA-PSS+SHA256:RSA-PSS+SHA512')).toBe('rsa');
        expect(await kind('rsa.test', rsa)).toBe('rsa');
        expect(await kind('unknown.test', 'ECDSA+SHA256')).toBe('prime256v1');
      },
    );

    it('is one of two defaults, by what the client verifies', async () => {
      const made = await lab({
        certificates: [
          { ...certificate({ names: ['rsa.test'], keyType: 'rsa' }), isDefault: true },
          { ...certificate({ names: ['ecdsa.test'], keyType: 'ecdsa' }), isDefault: true },
        ],
      });
      expect(await made.namesFor('unknown.test', { sigalgs: 'ECDSA+SHA256' })).toBe('ecdsa.test');
      expect(await made.namesFor('unknown.test', { sigalgs: 'RSA-PSS+SHA256' })).toBe('rsa.test');
    });

    it('must exist where the listener is strict', async () => {
      const made = await lab({ isStrict: true });
      expect(await made.failure({ servername: 'unknown.test' })).toMatch(/UNRECOGNIZED_NAME/i);
      expect(await made.failure({ servername: '' })).toMatch(/UNRECOGNIZED_NAME/i);
      expect(await made.namesFor('localhost')).toBe('localhost');
      await eventually(() => made.records.length === 3, 'all are told');
      expect(made.records.map(({ reason }) => reason)).toEqual(['unknown_name', 'unknown_name', undefined]);
    });
  });

  describe('the rules of a handshake', () => {
    it('limit versions, cipher suites and protocols', async () => {
      const made = await lab({
        maxVersion: '1.2',
        cipherSuites: [
          'ECDHE-ECDSA-AES256-GCM-SHA384',
          'ECDHE-ECDSA-AES128-GCM-SHA256',
          'TLS_AES_128_GCM_SHA256',
        ],
        alpn: ['http/1.1'],
      });
      const { socket } = await made.secured({
        ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384',
      });
      expect(socket.getCipher().name).toBe('ECDHE-ECDSA-AES256-GCM-SHA384');
      expect(await made.failure({ minVersion: 'TLSv1.3' })).toMatch(/PROTOCOL_VERSION/);
      expect(await made.failure({ ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' })).toMatch(/HANDSHAKE_FAILURE/);
      expect(await made.failure({ ALPNProtocols: ['h2'] })).toMatch(
        /NO_APPLICATION_PROTOCOL|ALERT_NUMBER_120/i,
      );
      await eventually(() => made.records.length === 4, 'all are told');
      expect(made.records.map(({ reason, offered }) => [reason, offered])).toEqual([
        [undefined, undefined],
        ['no_shared_version', 'TLSv1.3'],
        ['no_shared_cipher', undefined],
        ['no_shared_protocol', 'h2'],
      ]);
    });

    it('limit the curves', async () => {
      const made = await lab({
        curves: ['P-384'],
        certificates: [certificate({ names: ['localhost'], keyType: 'rsa' })],
      });
      const { socket } = await made.secured({ ecdhCurve: 'X25519:P-384', maxVersion: 'TLSv1.2' });
      expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: 'secp384r1' });
      expect(await made.failure({ ecdhCurve: 'X25519' })).toMatch(/HANDSHAKE_FAILURE/);
      await eventually(() => made.records.length === 2, 'both are told');
      expect(made.records[1]?.reason).toMatch(/^no_shared_(group|cipher)$/);
    });

    it('allow no renegotiation', async () => {
      const made = await lab();
      const { socket } = await made.secured({ maxVersion: 'TLSv1.2' });
      socket.on('error', () => undefined);
      const error = await new Promise<Error | null>((resolve) => {
        socket.once('error', resolve);
        socket.renegotiate({ rejectUnauthorized: false }, resolve);
      });
      expect(error).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
      socket.destroy();
      await eventually(() => made.listener.connections === 0, 'the connection is forgotten');
      expect(made.records).toHaveLength(1);
    });
  });

  describe('client certificates', () => {
    const trusted = ca.issue('client');
    const strange = new CertificateAuthority('strange authority').issue('stranger');
    const cases = [
      ['request', 'works', 'works', 'works'],
      ['require', 'fails', 'works', 'works'],
      ['verify', 'works', 'fails', 'works'],
      ['require-and-verify', 'fails', 'fails', 'works'],
    ] as const;

    describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', (maxVersion) => {
      it.each(cases)(
        '%s: none %s, a strange one %s, a trusted one %s',
        async (mode, none, strangers, ours) => {
          const made = await lab({ certificates: [certificate({}, { mode, ca: ca.cert })] });
          const outcome = async (options: ConnectionOptions): Promise<string> => {
            const before = made.records.length;
            const socket = made.connect({ ...options, maxVersion });
            socket.on('error', () => undefined);
            socket.on('secureConnect', () => socket.write('x'));
            await eventually(() => made.records.length > before, 'it is told');
            const { status } = made.records[before]!;
            socket.destroy();
            return status === 'ok' ? 'works' : 'fails';
          };
          expect(await outcome({})).toBe(none);
          expect(await outcome({ cert: strange.cert, key: strange.key })).toBe(strangers);
          expect(await outcome({ cert: trusted.cert, key: trusted.key })).toBe(ours);
          const shown = made.echo.connections.at(-1)?.transport.tls?.certificate;
          expect(shown).toMatchObject({ subject: 'CN=client', verified: true });
        },
      );

      it('stay what they were when the session is resumed, and after the end', async () => {
        const made = await lab({ certificates: [certificate({}, { mode: 'request', ca: ca.cert })] });
        for (const [client, verified] of [
          [trusted, true],
          [strange, false],
        ] as const) {
          const options = { cert: client.cert, key: client.key, maxVersion };
          const session = await made.session(options);
          expect(await made.resumes(session, options)).toBe(true);
          await eventually(() => made.listener.connections === 0, 'all are forgotten');
          const [first, second] = made.echo.connections.splice(0).map(({ transport }) => transport.tls);
          expect([first?.resumed, second?.resumed]).toEqual([false, true]);
          expect(first?.certificate?.verified).toBe(verified);
          expect(second?.certificate?.verified).toBe(verified);
          expect(second?.certificate?.fingerprint256).toBe(first?.certificate?.fingerprint256);
        }
      });

      it('never get in by the session of another policy', async () => {
        const made = await lab({
          certificates: [
            certificate({ names: ['open.test'] }),
            certificate({ names: ['closed.test'] }, { mode: 'require-and-verify', ca: ca.cert }),
          ],
        });
        const open = { servername: 'open.test', maxVersion };
        const session = await made.session(open);
        expect(await made.resumes(session, open)).toBe(true);
        expect(await made.failure({ ...open, servername: 'closed.test', session })).not.toBe('works');
        await eventually(() => made.records.at(-1)?.status === 'failed', 'it is refused');
        const withCertificate = { ...open, servername: 'closed.test', cert: trusted.cert, key: trusted.key };
        expect(await made.resumes(session, withCertificate)).toBe(false);
        const tls = made.echo.connections[0]?.transport.tls;
        expect([
          tls?.allowsHost('open.test'),
          tls?.allowsHost('closed.test'),
          tls?.allowsHost('unknown.test'),
        ]).toEqual([true, false, true]);
      });

      it('that nobody trusts stay refused when they resume a session', async () => {
        const made = await lab({ certificates: [certificate({}, { mode: 'verify', ca: ca.cert })] });
        let session: Buffer | undefined;
        for (const round of [1, 2]) {
          const socket = made.connect({
            cert: strange.cert,
            key: strange.key,
            maxVersion,
            ...(session && { session }),
          });
          socket.on('session', (newest: Buffer) => (session = newest));
          socket.on('error', () => undefined);
          socket.on('secureConnect', () => socket.write('x'));
          await eventually(() => made.records.length === round && socket.closed, 'it is over');
        }
        expect(made.records.map(({ status }) => status)).toEqual(['failed', 'failed']);
        expect(made.echo.connections).toEqual([]);
      });

      it('that expired since their session began are trusted no more', async () => {
        const notAfter = new Date((Math.floor(Date.now() / 1000) + 3) * 1000);
        const brief = ca.issue({ subject: 'brief', usage: 'client', notAfter });
        const asked = { servername: 'asked.test', cert: brief.cert, key: brief.key, maxVersion };
        const needed = { ...asked, servername: 'needed.test' };
        const made = await lab({
          certificates: [
            certificate({ names: ['asked.test'] }, { mode: 'request', ca: ca.cert }),
            certificate({ names: ['needed.test'] }, { mode: 'require-and-verify', ca: ca.cert }),
          ],
        });
        const sessions = [await made.session(asked), await made.session(needed)] as const;
        await eventually(() => Date.now() > notAfter.getTime(), 'the certificate has expired');
        expect(await made.resumes(sessions[0], asked)).toBe(true);
        await eventually(() => made.echo.connections.length === 3, 'the protocol has it');
        expect(made.echo.connections.map(({ transport }) => transport.tls?.certificate?.verified)).toEqual([
          true,
          true,
          false,
        ]);
        await made.failure({ ...needed, session: sessions[1] });
        await eventually(() => made.records.length === 4, 'it is told');
        expect(made.records[3]).toMatchObject({ status: 'failed', reason: 'certificate_expired' });
      });

      it('are refused when they are taken back', async () => {
        const crl = ca.revocationList([trusted]);
        const made = await lab({
          certificates: [certificate({}, { mode: 'require-and-verify', ca: ca.cert, crl })],
        });
        await made.failure({ cert: trusted.cert, key: trusted.key, maxVersion });
        await eventually(() => made.records.length === 1, 'it is told');
        expect(made.records[0]).toMatchObject({ status: 'failed', reason: 'certificate_revoked' });
      });
    });
  });

  describe('sessions', () => {
    it.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'go on over edits and new certificates, with %s',
      async (maxVersion) => {
        const made = await lab();
        let session = await made.session({ maxVersion });
        for (let edit = 0; edit < 5; edit += 1) {
          await made.use({ certificates: [certificate()] });
          expect(await made.resumes(session, { maxVersion })).toBe(true);
          // A client of TLS 1.3 uses each ticket once.
          if (maxVersion === 'TLSv1.3') session = await made.session({ maxVersion, session });
        }
      },
    );

    it('are not resumed where tickets are off', async () => {
      const made = await lab({ hasTickets: false });
      const { socket } = await made.secured({ maxVersion: 'TLSv1.2' });
      expect(socket.getTLSTicket()).toBeUndefined();
      const session = await made.session();
      expect(await made.resumes(session)).toBe(false);
    });
  });
});
