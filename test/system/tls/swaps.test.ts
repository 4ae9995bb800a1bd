import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { get } from 'node:https';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

import { CertificateAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/time/eventually.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';
import { repeated } from '../../support/time/repeated.ts';

const SWAPS = 100;
const LEAST_RESUMED = 0.95;
const CHUNK = randomBytes(16 * 1024);

/** Echoes the messages of WebSockets, and sends a body for as long as `goesOn` says. */
async function startBackend(goesOn: () => boolean): Promise<string> {
  const server = createServer((_request, response) => {
    const more = (): void => {
      if (!goesOn()) response.end('the end');
      else response.write(CHUNK, () => setTimeout(more, 2));
    };
    if (_request.url === '/download') more();
    else response.end('hello');
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', (message) => {
      socket.send(message as Buffer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

/** One connection with one request, which offers the session of the one before it. */
async function visit(port: number, ca: string, session: Buffer | undefined) {
  const offered = session === undefined ? {} : { session };
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername: 'a.test', ca, ...offered });
  let next = session;
  socket.on('session', (newest: Buffer) => {
    next = newest;
  });
  socket.end('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(socket, 'secureConnect');
  const isResumed = socket.isSessionReused();
  if (!socket.closed) await once(socket, 'close');
  return { isResumed, isAnswered: text.endsWith('hello'), session: next };
}

// Takes some seconds: a hundred edits one after the other, with load beside them.
it(`keeps a WebSocket and a download, and goes on with sessions, over ${SWAPS} swaps of the certificate`, async () => {
  let isOver = false;
  const backend = await startBackend(() => !isOver);
  const authority = new CertificateAuthority();
  const issue = () => authority.issue({ names: ['a.test', '127.0.0.1'], usage: 'server' });
  const first = issue();
  const yaml = (edit: number): string => `mode: http
listen: 127.0.0.1:0
tls: { cert_file: a.crt, key_file: a.key }
backends: [{ address: '${backend}' }]
logging: { level: error }
reload: { watch: false }
# edit ${edit}
`;
  const proxy = await labProxy(yaml(0), { 'a.crt': first.chain, 'a.key': first.key });
  const port = Number(proxy.address().split(':')[1]);
  const ca = authority.cert;

  const webSocket = new WebSocket(`wss://127.0.0.1:${port}/`, { ca });
  await once(webSocket, 'open');
  let echoed = 0;
  webSocket.on('message', () => {
    echoed += 1;
    webSocket.send(String(echoed));
  });
  webSocket.send('0');

  const options = { port, host: '127.0.0.1', servername: 'a.test', ca, path: '/download', agent: false };
  let downloadedBytes = 0;
  let tail = '';
  const downloaded = new Promise<void>((resolve, reject) => {
    get(options, (response) => {
      response.on('data', (bytes: Buffer) => {
        downloadedBytes += bytes.length;
        tail = bytes.subarray(-7).toString('latin1');
      });
      response.on('end', resolve).on('error', reject);
    }).on('error', reject);
  });
  downloaded.catch(() => undefined);

  const counts = { visits: 0, resumed: 0, unanswered: 0 };
  let session: Buffer | undefined;
  ({ session } = await visit(port, ca, session));
  repeated(async () => {
    const result = await visit(port, ca, session);
    counts.visits += 1;
    if (result.isResumed) counts.resumed += 1;
    if (!result.isAnswered) counts.unanswered += 1;
    ({ session } = result);
  });

  for (let swap = 1; swap <= SWAPS; swap += 1) {
    const { chain, key } = issue();
    writeFileSync(join(proxy.directory, 'a.key'), key);
    writeFileSync(join(proxy.directory, 'a.crt'), chain);
    const before = { echoed, downloadedBytes, visits: counts.visits };
    await proxy.change(yaml(swap));
    const goesOn = (): boolean =>
      echoed > before.echoed && downloadedBytes > before.downloadedBytes && counts.visits > before.visits;
    await eventually(goesOn, `all went on after swap ${swap}`);
  }
  const { visits, resumed, unanswered } = counts;
  isOver = true;
  await downloaded;
  webSocket.terminate();
  expect(tail).toBe('the end');
  expect(unanswered).toBe(0);
  expect(visits).toBeGreaterThanOrEqual(SWAPS);
  expect(resumed / visits).toBeGreaterThanOrEqual(LEAST_RESUMED);
}, 180_000);
