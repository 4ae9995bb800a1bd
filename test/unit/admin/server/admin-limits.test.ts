import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { AdminLimits } from '../../../../src/admin/server/admin-limits.ts';
import { jsonResponse } from '../../../../src/admin/endpoint/admin-response.ts';
import { get, post, type AdminRoute } from '../../../../src/admin/endpoint/admin-router.ts';
import { AdminServer } from '../../../../src/admin/server/admin-server.ts';
import { AdminTlsParts } from '../../../../src/admin/server/admin-tls-parts.ts';
import {
  acceptOverHandle,
  acceptOverStream,
  type TlsAcceptor,
} from '../../../../src/net/tls/terminate/tls-acceptor.ts';
import { askAdmin, type AdminAnswer, type AdminQuestion } from '../../../support/peers/admin-client.ts';
import { CertificateAuthority } from '../../../support/certificates.ts';
import type { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { client, secureClient } from '../../../support/peers/clients.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { owned } from '../../../support/owned.ts';
import { serverContext } from '../../../support/tls/server-context.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

const ROUTES: readonly AdminRoute[] = [
  get('/x', () => jsonResponse(200, 'fine')),
  post('/x', (request) => jsonResponse(200, request.body.length)),
];

interface Started {
  readonly logger: RecordingLogger;
  /** How many were begun by the acceptor. */
  handshakes(): number;
  connect(): Promise<ByteSocket>;
  ask(path: string, question?: AdminQuestion): Promise<AdminAnswer>;
}

const authority = new CertificateAuthority();
const TLS = { ca: authority.cert };

async function startServer(
  acceptor: TlsAcceptor | undefined,
  limits: Partial<AdminLimits>,
  routes: readonly AdminRoute[],
): Promise<Started> {
  const isSecure = acceptor !== undefined;
  const logger = new RecordingLogger();
  const tls = isSecure
    ? { context: await serverContext(authority.issue()), asksClients: false, fingerprint: '', trust: '' }
    : undefined;
  let handshakes = 0;
  const tlsParts = new AdminTlsParts(
    undefined,
    acceptor &&
      ((raw, options) => {
        handshakes += 1;
        return acceptor(raw, options);
      }),
  );
  const server = new AdminServer({ listen: '127.0.0.1:0', routes, logger, limits, tls, tlsParts });
  const address = await server.listen();
  owned({ close: () => server.destroy() });
  return {
    logger,
    handshakes: () => handshakes,
    connect: async () =>
      isSecure ? (await secureClient(address, { ...TLS, servername: 'localhost' })).socket : client(address),
    ask: (path, question) => askAdmin(address, path, { ...question, ...(isSecure && { tls: TLS }) }),
  };
}

/** Asks again and again: with short limits a slow machine may miss one. */
async function stillAnswers(started: Started): Promise<void> {
  const ask = (): Promise<boolean> =>
    started.ask('/x').then(
      ({ body }) => body === '"fine"\n',
      () => false,
    );
  await eventually(ask, 'it answers');
}

describe.each<[string, TlsAcceptor | undefined]>([
  ['over plain HTTP', undefined],
  ['over TLS', acceptOverHandle],
  ['over TLS by the public API of Node.js', acceptOverStream],
])('%s', (_, acceptor) => {
  const start = (limits: Partial<AdminLimits>, routes = ROUTES): Promise<Started> =>
    startServer(acceptor, limits, routes);

  describe('an admin server', () => {
    it('encrypts in that way', async () => {
      const started = await start({});
      expect((await started.ask('/x')).body).toBe('"fine"\n');
      expect(started.handshakes()).toBe(acceptor === undefined ? 0 : 1);
    });

    it('waits only so long for a head, however it trickles in', async () => {
      const started = await start({ headTimeoutMs: 100 });
      const [silent, trickling] = [await started.connect(), await started.connect()];
      trickling.send('GET /x HTTP/1.1\r\n');
      const trickle = setInterval(() => trickling.send('a: b\r\n'), 20);
      await Promise.all([silent.untilEnded(), trickling.untilEnded()]);
      clearInterval(trickle);
      await stillAnswers(started);
    });

    it('waits only so long for the next request of a connection', async () => {
      const started = await start({ headTimeoutMs: 1_000, keepAliveTimeoutMs: 50 });
      const socket = await started.connect();
      socket.send('GET /x HTTP/1.1\r\nHost: localhost\r\n\r\nGET /x HTTP/1.1\r\n');
      await socket.untilText('"fine"');
      await socket.untilEnded();
    });

    it('waits only so long for a body, and says so', async () => {
      const started = await start({ bodyTimeoutMs: 50 });
      const socket = await started.connect();
      socket.send('POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf');
      expect(await socket.untilText('body_timeout')).toMatch(/^HTTP\/1\.1 408 /);
      await socket.untilEnded();
      await stillAnswers(started);
    });

    it('refuses bodies over the limit, announced or not, and heads', async () => {
      const started = await start({ maxBodyBytes: 10, maxHeadBytes: 1024 });
      const chunked = { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' }, body: 'x'.repeat(11) };
      expect((await started.ask('/x', chunked)).json()).toMatchObject({
        error: 'body_too_large',
      });
      const long = { headers: { 'X-Long': 'x'.repeat(2_000) } };
      expect((await started.ask('/x', long)).status).toBe(431);
      const socket = await started.connect();
      socket.send('POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n');
      await socket.untilText('body_too_large');
      await stillAnswers(started);
    });

    it('takes so many connections and no more: the oldest that waits gives way', async () => {
      const started = await start({ maxConnections: 2 });
      const [first, second] = [await started.connect(), await started.connect()];
      await started.connect();
      await first.untilEnded();
      expect(second.ending).toBeUndefined();
      await stillAnswers(started);
    });

    it.each([
      'GARBAGE\r\n\r\n',
      'GET /x HTTP/9.9\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00',
      'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
    ])('survives %j', async (bytes) => {
      const started = await start({ headTimeoutMs: 100 });
      const socket = await started.connect();
      socket.send(bytes);
      await socket.untilEnded();
      await stillAnswers(started);
    });

    it('answers pipelined requests in their order', async () => {
      const started = await start({});
      const socket = await started.connect();
      const one = 'POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na';
      socket.send(
        one + one.replace('1\r\n\r\na', '2\r\n\r\nbb') + 'GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n',
      );
      const text = await socket.untilText('"fine"');
      expect([...text.matchAll(/\r\n\r\n(\S+)/g)].map((match) => match[1])).toEqual(['1', '2', '"fine"']);
    });
  });

  it('says what is wrong with a request that is none, and closes', async () => {
    const socket = await (await start({})).connect();
    socket.send('GARBAGE\r\n\r\n');
    await socket.untilEnded();
    expect(socket.text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });

  it('sends all of a long answer, and then closes if it was asked to', async () => {
    const text = 'x'.repeat(8 * 1024 * 1024);
    const started = await start({}, [...ROUTES, get('/long', () => ({ status: 200, body: text }))]);
    const socket = await started.connect();
    socket.send('GET /long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await socket.untilEnded();
    expect(socket.ending).toBe('end');
    expect(socket.text.split('\r\n\r\n')[1]?.length).toBe(text.length);
  });

  describe('a client that does not read a long answer', () => {
    const endless = (): Readable => {
      const pieces: Readable = new Readable({ read: () => pieces.push('x'.repeat(256 * 1024)) });
      return pieces;
    };

    it('is left after some silence, and costs no more memory than the answer needs', async () => {
      const body = endless();
      const closed = new Promise((resolve) => body.on('close', resolve));
      const routes = [...ROUTES, post('/long', () => ({ status: 200, body }))];
      const started = await start({ silenceTimeoutMs: 100 }, routes);
      const socket = await started.connect();
      socket.socket.pause();
      socket.send('POST /long HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
      await closed;
      expect(body.readableLength).toBeLessThan(1024 * 1024);
      await stillAnswers(started);
      expect(started.logger.lines).toEqual([]);
    });

    it('is left after some time, however it goes on', async () => {
      const body = endless();
      const closed = new Promise((resolve) => body.on('close', resolve));
      const started = await start({ answerTimeoutMs: 200 }, [
        ...ROUTES,
        post('/long', () => ({ status: 200, body })),
      ]);
      const socket = await started.connect();
      socket.send('POST /long HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
      await closed;
      await stillAnswers(started);
    });
  });

  describe('an endpoint', () => {
    it('learns that its client left', async () => {
      let left: Promise<unknown> | undefined;
      const started = await start({}, [
        ...ROUTES,
        post('/wait', ({ signal }) => {
          left = new Promise((resolve) => signal.addEventListener('abort', resolve));
          return left.then(() => jsonResponse(200, ''));
        }),
      ]);
      const socket = await started.connect();
      socket.send('POST /wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
      await eventually(() => left !== undefined, 'the request arrived');
      socket.socket.destroy();
      await left;
      await stillAnswers(started);
    });

    it('that breaks while it answers has the answer cut off, and leaves a line in the log', async () => {
      const started = await start({}, [
        ...ROUTES,
        post('/half', () => ({
          status: 200,
          body: Readable.from(
            (async function* () {
              yield 'half';
              await Promise.resolve();
              throw new Error('out of luck');
            })(),
          ),
        })),
      ]);
      await expect(started.ask('/half', { method: 'POST' })).rejects.toThrow();
      await eventually(() => started.logger.lines.length > 0, 'it was logged');
      expect(started.logger.lines[0]).toContain('out of luck');
      await stillAnswers(started);
    });
  });
});
