import { once } from 'node:events';
import { connect as connectPlain, createServer, type AddressInfo } from 'node:net';
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';

import { CertificateAuthority } from '../../support/certificates.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { RecordingBackend } from '../../support/peers/recording-backend.ts';
import type { Message } from '../../support/peers/http-message.ts';
import { expectNoStrayErrors } from '../../support/stray-errors.ts';
import { eventually } from '../../support/time/eventually.ts';

const ca = new CertificateAuthority();
const site = ca.issue();
const alice = ca.issue({ subject: 'alice', usage: 'client' });
const revoked = ca.issue({ subject: 'revoked', usage: 'client' });
const stranger = new CertificateAuthority('strange authority').issue('stranger');
/** Its own authority is below the trusted one, and has no list of revoked certificates. */
const between = ca.intermediate().issue({ subject: 'unlisted', usage: 'client' });
const FILES = {
  'site.crt': site.cert,
  'site.key': site.key,
  'ca.crt': ca.cert,
  'crl.pem': ca.revocationList([revoked]),
};
const CLIENTS = {
  none: {},
  stranger,
  revoked,
  expired: ca.issueExpired({ subject: 'late', usage: 'client' }),
  early: ca.issueNotYetValid({ subject: 'early', usage: 'client' }),
  unlisted: { cert: between.chain, key: between.key },
  server: ca.issue({ subject: 'a server', usage: 'server' }),
};
type Client = keyof typeof CLIENTS;

const MISSING = 'This server needs a client certificate, and none was sent.\n';
const UNKNOWN =
  'The client certificate is not signed by an authority that this server trusts, or its chain is not complete.\n';

/** How a refused client is told: mode, client, sentence, reason. */
const REFUSALS: readonly [string, Client, string, string][] = [
  ['require', 'none', MISSING, 'certificate_missing'],
  ['require-and-verify', 'none', MISSING, 'certificate_missing'],
  ['verify', 'stranger', UNKNOWN, 'certificate_unknown_ca'],
  ['require-and-verify', 'stranger', UNKNOWN, 'certificate_unknown_ca'],
  ['verify', 'revoked', 'The client certificate is revoked.\n', 'certificate_revoked'],
  [
    'require-and-verify',
    'expired',
    'The client certificate, or one of its chain, has expired.\n',
    'certificate_expired',
  ],
  [
    'require-and-verify',
    'early',
    'The client certificate, or one of its chain, is not valid yet.\n',
    'certificate_not_yet_valid',
  ],
  [
    'verify',
    'unlisted',
    'The client certificate can not be checked: the list of revoked certificates is not valid.\n',
    'crl_unusable',
  ],
  [
    'require-and-verify',
    'server',
    'The client certificate is not accepted: it is not one for clients, or its chain is not in order.\n',
    'certificate_invalid',
  ],
];

interface Lab {
  readonly proxy: LabProxy;
  readonly seen: Message[];
  readonly port: number;
}

async function lab(clientAuth: string, mode = 'http', more = ''): Promise<Lab> {
  const seen: Message[] = [];
  const backend = owned(await RecordingBackend.start(answering(() => ok('let in'), seen)));
  const trust = ['verify', 'require-and-verify'].includes(clientAuth)
    ? ', client_ca_file: ca.crt, client_crl_file: crl.pem'
    : '';
  const proxy = await labProxy(
    `
mode: ${mode}
listen: '127.0.0.1:0'
tls: { cert_file: site.crt, key_file: site.key, client_auth: ${clientAuth}${trust}${more} }
backends: [{ address: '${backend.address}' }]
admin: { listen: '127.0.0.1:0' }
metrics: { enabled: true, listen: '127.0.0.1:0' }
logging: { level: debug, access_log: { format: json } }
reload: { watch: false }
`,
    FILES,
  );
  return { proxy, seen, port: Number(proxy.address().split(':').at(-1)) };
}

interface Reply {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

async function ask(port: number, options: RequestOptions = {}, upload = ''): Promise<Reply> {
  const asked = request({
    host: '127.0.0.1',
    port,
    ca: ca.cert,
    servername: 'localhost',
    agent: false,
    ...options,
  });
  onTestFinished(() => void asked.destroy());
  asked.end(upload);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  // The server may end the connection before all of a large upload is sent.
  asked.on('error', () => undefined);
  return { status: response.statusCode, body: await text(response), headers: response.headers };
}

/** A connection whose bytes are kept. */
function speak(port: number, options: ConnectionOptions = {}): { socket: TLSSocket; text: () => string } {
  const socket = connect({ host: '127.0.0.1', port, ca: ca.cert, servername: 'localhost', ...options });
  onTestFinished(() => void socket.destroy());
  let all = '';
  socket.on('data', (bytes: Buffer) => (all += bytes.toString('latin1')));
  return { socket, text: () => all };
}

/** Sends a line to a port over TLS 1.2, whose alerts can be told from data, and returns the types of the records that come back. */
async function recordTypes(port: number, options: ConnectionOptions): Promise<number[]> {
  const chunks: Buffer[] = [];
  const between = createServer((client) => {
    const server = connectPlain(port, '127.0.0.1');
    server.on('data', (bytes) => void chunks.push(bytes)).on('error', () => undefined);
    client.pipe(server).pipe(client);
    client.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void between.close());
  await once(between, 'listening');
  const { socket } = speak((between.address() as AddressInfo).port, { ...options, maxVersion: 'TLSv1.2' });
  // The proxy may have ended the connection before the client writes.
  socket.on('error', () => undefined);
  socket.once('secureConnect', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
  await once(socket, 'end');
  const bytes = Buffer.concat(chunks);
  const types: number[] = [];
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at] ?? 0);
  return types;
}

/** Types of TLS records. Source: RFC 8446, section 5.1. */
const [ALERT, DATA] = [21, 23];

expectNoStrayErrors();

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('an HTTP client that is refused over %s', (maxVersion) => {
  it.each(REFUSALS)('gets a 400 that says why: %s, %s', async (mode, who, sentence, reason) => {
    const { proxy, seen, port } = await lab(mode);
    const { status, body, headers } = await ask(port, { ...CLIENTS[who], maxVersion });
    expect([status, body]).toEqual([400, sentence]);
    expect(headers).toMatchObject({
      connection: 'close',
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(sentence.length),
    });
    const line = await proxy.untilLogged('TLS handshake failed');
    expect(line).toContain(`error=${reason} `);
    const metrics = await (await fetch(`http://${proxy.adminAddress}/metrics`)).text();
    expect(metrics).toContain(
      `balance_tls_handshake_failures_total{listener="default",reason="${reason}"} 1`,
    );
    expect(metrics).toContain('balance_tls_handshakes_total{status="failed"} 1');
    expect(seen).toEqual([]);
    expect((await ask(port, { ...alice, maxVersion })).body).toBe('let in');
    await proxy.untilLogged('"status":200');
    expect(await proxy.log()).not.toContain('"status":400');
  });

  it('is asked for its certificate again, and let in with a better one', async () => {
    const { port } = await lab('require-and-verify');
    for (const who of ['none', 'stranger'] as const) {
      let session: Buffer | undefined;
      const refusal = who === 'none' ? MISSING : UNKNOWN;
      for (const [client, answer] of [
        [CLIENTS[who], refusal],
        [CLIENTS[who], refusal],
        [alice, 'let in'],
      ] as const) {
        const { socket, text: all } = speak(port, { ...client, maxVersion, ...(session && { session }) });
        socket.on('session', (newest: Buffer) => (session = newest));
        socket.once('secureConnect', () =>
          socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
        );
        await once(socket, 'end');
        expect([socket.isSessionReused(), all()]).toEqual([false, expect.stringContaining(answer)]);
      }
    }
  });

  it('gets no body for a HEAD request', async () => {
    const { port } = await lab('require');
    const { socket, text: all } = speak(port, { maxVersion });
    socket.end('HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'end');
    expect(all()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\n\r\n$/);
    expect(all()).toContain(`Content-Length: ${MISSING.length}\r\n`);
  });

  it('gets its answer although it uploads more than is read', async () => {
    const { seen, port } = await lab('require');
    const reply = await ask(port, { method: 'POST', maxVersion }, 'x'.repeat(8 * 1024 * 1024));
    expect([reply.status, reply.body]).toEqual([400, MISSING]);
    expect(seen).toEqual([]);
  });

  it('is let go when it sends nothing, and its connection is forgotten', async () => {
    const { proxy, port } = await lab('require', 'http', ', handshake_timeout: 1s');
    const { socket } = speak(port, { maxVersion });
    // On a busy machine the time is over within the handshake, which is an error for the client.
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
    await eventually(async () => {
      const { listeners } = (await proxy.status()) as { listeners: { connections: number }[] };
      return listeners[0]?.connections === 0;
    }, 'the connection is forgotten');
  });

  it('ends in order when it leaves without a request', async () => {
    const { port } = await lab('require');
    const { socket, text: all } = speak(port, { maxVersion });
    await once(socket, 'secureConnect');
    socket.end();
    await once(socket, 'end');
    expect(all()).toBe('');
  });
});

describe('the end of a refused connection', () => {
  it('is a close_notify after the answer over HTTP', async () => {
    const { port } = await lab('verify');
    expect((await recordTypes(port, stranger)).slice(-2)).toEqual([DATA, ALERT]);
  });

  it('is a close_notify for another protocol', async () => {
    const { proxy, seen, port } = await lab('verify', 'tcp');
    const types = await recordTypes(port, stranger);
    expect([types.at(-1), types.includes(DATA)]).toEqual([ALERT, false]);
    await proxy.untilLogged('certificate_unknown_ca');
    const { socket, text: all } = speak(port, stranger);
    await once(socket, 'end');
    expect([all(), seen]).toEqual(['', []]);
  });

  it('is an alert for another protocol when the certificate is missing', async () => {
    const { port } = await lab('require', 'tcp');
    const { socket } = speak(port, { maxVersion: 'TLSv1.3' });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.message).toMatch(/alert.*(certificate required|number 116)/i);
  });
});
