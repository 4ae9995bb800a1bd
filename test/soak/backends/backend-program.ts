/*
 * One backend in a process of its own, so that it can be killed: `node backend-program.js NAME PORT`. Prints `ready` when it listens.
 * GET /quick and /slow/MS give a short answer in one piece, GET /long/BYTES one in many pieces, PUT the digest of what it got.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { firstOf } from '../first-of.ts';

const PIECE_BYTES = 16 * 1024;
const PIECE_REST_MS = 5;
const [, , name = '', port = '0'] = process.argv;

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  response.setHeader('X-Backend', name);
  void answer(request, response);
});
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 1_024 }, () => {
  process.stdout.write(`ready ${name}\n`);
});
// Whoever started it has ended.
process.stdin.on('end', () => process.exit(0)).resume();

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, what, number] = (request.url ?? '').split('/');
  const said = `${request.method ?? ''} ${request.url ?? ''}`;
  if (request.method === 'PUT') response.end(await digestOf(request));
  else if (what === 'long') await sendLong(response, Number(number));
  else if (what === 'slow') setTimeout(() => response.end(said), Number(number));
  else response.end(said);
}

async function digestOf(request: IncomingMessage): Promise<string> {
  const hash = createHash('sha1');
  try {
    for await (const bytes of request as AsyncIterable<Buffer>) hash.update(bytes);
  } catch {
    // The proxy went away.
  }
  return hash.digest('hex');
}

async function sendLong(response: ServerResponse, sizeBytes: number): Promise<void> {
  response.setHeader('Content-Length', sizeBytes);
  for (let at = 0; at < sizeBytes && !response.destroyed; at += PIECE_BYTES) {
    const piece = Buffer.alloc(Math.min(PIECE_BYTES, sizeBytes - at), 'x');
    if (!response.write(piece)) await firstOf(response, 'drain', 'close');
    await new Promise((resolve) => setTimeout(resolve, PIECE_REST_MS));
  }
  response.end();
}
