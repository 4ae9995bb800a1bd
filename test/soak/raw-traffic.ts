import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

import { StrictReader } from '../fuzz/strict-reader.ts';
import { firstOf } from './first-of.ts';
import { matchesPattern, PatternCheck, patternPiece } from './pattern.ts';
import { rest, type Act, type TrafficKind } from './traffic.ts';

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  socket.on('error', () => undefined);
  await firstOf(socket, 'connect', 'close');
  if (socket.destroyed) throw new Error('no connection to the proxy');
  return socket;
}

/** Requests in one go; the responses must come in their order. */
const pipelined: Act = async ({ random, webPort }) => {
  const socket = await open(webPort);
  const wanted = Array.from({ length: random.between(2, 20) }, () => ({
    offset: random.between(0, 1_000_000),
    size: random.between(0, 3_000),
  }));
  let got = 0;
  let body = '';
  let wrong = '';
  const finished = new Promise<void>((resolve) => {
    const reader = new StrictReader('response', {
      head: (head) => {
        body = '';
        if (!head.startLine.includes(' 200 ')) wrong = head.startLine;
      },
      body: (text) => (body += text),
      end: () => {
        const { offset, size } = wanted[got]!;
        if (body.length !== size || !matchesPattern(offset, Buffer.from(body, 'latin1')))
          wrong = `wrong body of response ${got}`;
        got += 1;
        if (got === wanted.length) resolve();
      },
      malformed: (why) => {
        wrong = why;
        resolve();
      },
    });
    socket.on('data', (bytes: Buffer) => reader.feed(bytes.toString('latin1')));
    socket.on('close', () => resolve());
  });
  const text = wanted
    .map(
      ({ offset, size }) =>
        `GET /bytes/${offset}/${size}/${random.pick(['length', 'chunked'])} HTTP/1.1\r\nHost: soak\r\n\r\n`,
    )
    .join('');
  const cut = random.between(0, text.length);
  socket.write(text.slice(0, cut));
  await rest(random.between(0, 3));
  socket.write(text.slice(cut));
  await finished;
  socket.destroy();
  if (wrong !== '' || got < wanted.length)
    throw new Error(`pipeline: ${got} of ${wanted.length} responses, ${wrong}`);
  return 'done';
};

/** Begins a request and does not go on. */
const stalled: Act = async ({ random, webPort }) => {
  const socket = await open(webPort);
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  socket.write(
    random.pick([
      'GET / HT',
      'GET / HTTP/1.1\r\nHost: soak\r\nX-A: ',
      'POST /upload/0/9/ HTTP/1.1\r\nHost: soak\r\nContent-Length: 9\r\n\r\nabc',
    ]),
  );
  await firstOf(socket, 'end', 'close');
  socket.destroy();
  if (!text.startsWith('HTTP/1.1 408 '))
    throw new Error(`stalled: ${JSON.stringify(text.slice(0, 60))} instead of 408`);
  return 'done';
};

/** Messages of all kinds through a WebSocket, each of which must come back. */
const webSocket: Act = async ({ random, webPort }) => {
  const client = new WebSocket(`ws://127.0.0.1:${webPort}/ws`, {
    perMessageDeflate: random.next() < 0.5 ? { threshold: 512 } : false,
  });
  let wrong = '';
  client.on('error', (error) => (wrong = error.message));
  await firstOf(client, 'open', 'close');
  if (wrong !== '') throw new Error(`websocket: ${wrong}`);
  for (let i = random.between(1, 15); i > 0; i--) {
    const offset = random.between(0, 500_000);
    const size = random.next() < 0.1 ? random.between(0, 400_000) : random.between(0, 2_000);
    const message = patternPiece(offset, Math.max(1, size));
    const echoed = firstOf(client, 'message', 'close') as Promise<[Buffer | number]>;
    if (size > 10 && random.next() < 0.3) {
      client.send(message.subarray(0, 5), { binary: true, fin: false });
      client.send(message.subarray(5), { binary: true, fin: true });
    } else client.send(message, { binary: true });
    const [back] = await echoed;
    if (!(back instanceof Buffer) || !back.equals(message))
      throw new Error('websocket: a message did not come back as it was');
    if (random.next() < 0.2) await rest(random.between(0, 30));
  }
  const closed = once(client, 'close');
  const clean = random.next() < 0.6;
  if (clean) client.close(4_001, 'bye');
  else client.terminate();
  const [code] = (await closed) as [number];
  if (clean && code !== 4_001) throw new Error(`websocket: closed with ${code}`);
  return 'done';
};

/** A stream through the TCP listener and back, with a half-close at its end. */
const tunnel: Act = async ({ random, rawPort }) => {
  const socket = await open(rawPort);
  const size = random.next() < 0.2 ? random.between(1_000_000, 6_000_000) : random.between(1, 50_000);
  const offset = random.between(0, 1_000_000);
  const slow = random.next() < 0.2;
  const check = new PatternCheck(offset);
  const ended = firstOf(socket, 'end', 'close');
  socket.on('data', (bytes: Buffer) => {
    check.take(bytes);
    if (!slow) return;
    socket.pause();
    setTimeout(() => socket.resume(), 4);
  });
  for (let at = 0; at < size && !socket.destroyed;) {
    const piece = patternPiece(offset + at, Math.min(size - at, 100_000));
    at += piece.length;
    if (!socket.write(piece)) await firstOf(socket, 'drain', 'close');
  }
  socket.end();
  await ended;
  socket.destroy();
  const verdict = check.verdict(size);
  if (verdict !== '') throw new Error(`tunnel: ${verdict}`);
  return 'done';
};

const tunnelAbort: Act = async ({ random, rawPort }) => {
  const socket = await open(rawPort);
  socket.resume();
  socket.write(patternPiece(0, random.between(1, 500_000)));
  await rest(random.between(0, 20));
  if (random.next() < 0.5) socket.resetAndDestroy();
  else socket.destroy();
  return 'done';
};

export const rawTraffic: readonly TrafficKind[] = [
  { name: 'pipelining', clients: 4, restMs: 20, act: pipelined },
  { name: 'stalled clients', clients: 4, restMs: 200, act: stalled },
  { name: 'WebSockets', clients: 12, restMs: 50, act: webSocket },
  { name: 'TCP tunnels', clients: 8, restMs: 30, act: tunnel },
  { name: 'TCP aborts', clients: 4, restMs: 30, act: tunnelAbort },
];
