// npm run soak:bodies -- --gib 5: bodies that no memory holds, in both directions, with readers that stop now and then.
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { ProxyProcess } from '../fuzz/proxy-process.ts';
import { table } from '../fuzz/report.ts';
import { PatternCheck, patternPiece } from './pattern.ts';

const MIB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
/** The most that a body of any size may add to the proxy's memory. */
const MOST_GROWTH_BYTES = 100 * MIB;
const SAMPLE_MS = 50;
/** Readers stop for a moment after each so many bytes. */
const PAUSE_EVERY_BYTES = 256 * MIB;
const PAUSE_MS = 300;

interface Way {
  readonly name: string;
  readonly method: 'GET' | 'PUT';
  readonly chunked: boolean;
}

const WAYS: readonly Way[] = [
  { name: 'to the client, Content-Length', method: 'GET', chunked: false },
  { name: 'to the client, chunked', method: 'GET', chunked: true },
  { name: 'to the backend, Content-Length', method: 'PUT', chunked: false },
  { name: 'to the backend, chunked', method: 'PUT', chunked: true },
];

const { values } = parseArgs({ options: { gib: { type: 'string', default: '5' } } });
const sizeBytes = Math.round(Number(values.gib) * 1024 * MIB);
if (!(sizeBytes > 0)) throw new Error('--gib must be a number above 0');

const server = await bodyServer();
const { port } = server.address() as AddressInfo;
const proxy = await ProxyProcess.start(
  `listeners: [{ name: web, listen: '127.0.0.1:0', mode: http, upstream: backend }]
upstreams: [{ name: backend, backends: [{ name: backend-1, address: '127.0.0.1:${port}' }] }]
admin: { listen: '127.0.0.1:0' }
metrics: { enabled: true, listen: '127.0.0.1:0' }
logging: { level: info, format: json, access_log: false }
`,
  1,
);
try {
  await carry(WAYS[0] as Way, 16 * MIB);
  await carry(WAYS[3] as Way, 16 * MIB);
  const before = proxy.residentBytes();
  const rows: string[][] = [];
  for (const way of WAYS) {
    let peak = 0;
    const sampling = setInterval(() => (peak = Math.max(peak, proxy.residentBytes())), SAMPLE_MS);
    const startedAtMs = performance.now();
    const fault = await carry(way, sizeBytes);
    clearInterval(sampling);
    const seconds = (performance.now() - startedAtMs) / 1000;
    const passed = fault === '' && peak - before <= MOST_GROWTH_BYTES;
    if (!passed) process.exitCode = 1;
    rows.push([
      way.name,
      `${(sizeBytes / MIB).toFixed(0)} MiB in ${seconds.toFixed(0)} s`,
      `${(before / MIB).toFixed(0)} to ${(peak / MIB).toFixed(0)} MiB`,
      passed ? 'PASS' : `FAIL ${fault}`,
    ]);
  }
  process.stdout.write(`${table([['bodies', 'size', 'RSS of the proxy, at most', ''], ...rows])}\n`);
  for (const fault of proxy.faults) process.stdout.write(`proxy: ${fault}\n`);
} finally {
  await proxy.stop();
  server.closeAllConnections();
  server.close();
}

/** Sends one body that way; returns what is wrong with what arrived, or ''. */
async function carry({ method, chunked }: Way, size: number): Promise<string> {
  const sent = request({
    port: proxy.port('web'),
    method,
    headers: {
      'X-Size': String(size),
      'X-Chunked': String(chunked),
      ...(method === 'PUT' && !chunked ? { 'Content-Length': size } : {}),
    },
  });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  if (method === 'PUT') await send(sent, size);
  sent.end();
  const [response] = await answered;
  if (method === 'GET') return receive(response, size);
  return (await response.toArray()).join('');
}

async function bodyServer(): Promise<Server> {
  const server = createServer((incoming, response) => {
    const size = Number(incoming.headers['x-size']);
    const finish = async (): Promise<void> => {
      if (incoming.method === 'PUT') {
        response.end(await receive(incoming, size));
        return;
      }
      if (incoming.headers['x-chunked'] !== 'true') response.setHeader('Content-Length', size);
      await send(response, size);
      response.end();
    };
    finish().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function send(to: Writable, size: number): Promise<void> {
  for (let at = 0; at < size;) {
    const piece = patternPiece(at, Math.min(PIECE_BYTES, size - at));
    at += piece.length;
    if (!to.write(piece)) await once(to, 'drain');
  }
}

async function receive(from: Readable, size: number): Promise<string> {
  const check = new PatternCheck(0);
  let pauseAt = PAUSE_EVERY_BYTES;
  for await (const bytes of from as AsyncIterable<Buffer>) {
    check.take(bytes);
    if (check.received < pauseAt) continue;
    pauseAt += PAUSE_EVERY_BYTES;
    await delay(PAUSE_MS);
  }
  return check.verdict(size);
}
