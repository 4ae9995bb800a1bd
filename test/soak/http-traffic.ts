import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';

import { firstOf } from './first-of.ts';
import { PatternCheck, patternPiece } from './pattern.ts';
import { rest, type Act, type TrafficKind, type Visit } from './traffic.ts';

const SMALL_BYTES = 4_000;

interface Exchange {
  readonly request: ClientRequest;
  readonly response: Promise<IncomingMessage>;
}

function begin(visit: Visit, options: RequestOptions): Exchange {
  const request = httpRequest({ host: '127.0.0.1', port: visit.webPort, ...options });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
  });
  // A client that aborts does not wait for the response.
  response.catch(() => undefined);
  return { request, response };
}

/** Reads a body and holds it against the pattern; resting now and then when `slow`. */
async function checkBody(
  response: IncomingMessage,
  offset: number,
  size: number,
  slow: boolean,
): Promise<void> {
  const check = new PatternCheck(offset);
  for await (const bytes of response as AsyncIterable<Buffer>) {
    check.take(bytes);
    if (slow) await rest(4);
  }
  const verdict = check.verdict(size);
  if (verdict !== '') throw new Error(`download: ${verdict}`);
}

function expectStatus(response: IncomingMessage, what: string): void {
  if (response.statusCode !== 200) throw new Error(`${what}: status ${response.statusCode ?? 0}`);
}

async function download(visit: Visit, size: number, options: RequestOptions, slow = false): Promise<void> {
  const { random } = visit;
  const offset = random.between(0, 1_000_000);
  const nonce = `${offset}-${size}`;
  const path = `/bytes/${offset}/${size}/${random.pick(['length', 'chunked'])}`;
  const { request, response } = begin(visit, {
    path,
    ...options,
    headers: { 'X-Nonce': nonce, ...(options.headers as object) },
  });
  request.end();
  const got = await response;
  expectStatus(got, 'download');
  if (got.headers['x-nonce'] !== nonce)
    throw new Error(`download: the answer carries ${String(got.headers['x-nonce'])} instead of ${nonce}`);
  await checkBody(got, offset, size, slow);
}

/** Writes a body of the pattern, minding backpressure; stops when the connection is gone. */
async function sendBody(request: ClientRequest, offset: number, size: number, slow: boolean): Promise<void> {
  for (let at = 0; at < size && !request.destroyed;) {
    const piece = patternPiece(offset + at, Math.min(size - at, 50_000));
    at += piece.length;
    if (!request.write(piece)) await firstOf(request, 'drain', 'close');
    if (slow) await rest(5);
  }
  request.end();
}

async function upload(visit: Visit, size: number, slowWriter: boolean, manner = ''): Promise<void> {
  const offset = visit.random.between(0, 1_000_000);
  const headers = visit.random.next() < 0.5 ? { 'Content-Length': size } : { 'Transfer-Encoding': 'chunked' };
  const { request, response } = begin(visit, {
    path: `/upload/${offset}/${size}/${manner}`,
    method: 'POST',
    agent: false,
    headers,
  });
  await sendBody(request, offset, size, slowWriter);
  const got = await response;
  let text = '';
  for await (const bytes of got as AsyncIterable<Buffer>) text += bytes.toString();
  if (got.statusCode !== 200 || text !== 'ok')
    throw new Error(`upload: status ${got.statusCode ?? 0}, ${text.slice(0, 100)}`);
}

const echo: Act = async (visit) => {
  const size = visit.random.between(100_000, 3_000_000);
  const offset = visit.random.between(0, 1_000_000);
  const { request, response } = begin(visit, {
    path: '/echo',
    method: 'POST',
    agent: false,
    headers: { 'Transfer-Encoding': 'chunked' },
  });
  const sent = sendBody(request, offset, size, false);
  const got = await response;
  expectStatus(got, 'echo');
  await Promise.all([sent, checkBody(got, offset, size, false)]);
  return 'done';
};

/** Goes away in the middle, in every way. */
const abort: Act = async (visit) => {
  const { random } = visit;
  const uploads = random.next() < 0.4;
  const size = random.between(10_000, 3_000_000);
  const options = uploads
    ? { path: `/upload/0/${size}/slow`, method: 'POST', headers: { 'Content-Length': size } }
    : { path: `/bytes/0/${size}/${random.pick(['length', 'chunked'])}` };
  const { request, response } = begin(visit, { ...options, agent: false });
  request.on('error', () => undefined);
  if (uploads) void sendBody(request, 0, size, true).catch(() => undefined);
  else request.end();
  if (random.next() < 0.5) {
    const got = await response.catch(() => undefined);
    got?.on('error', () => undefined);
    got?.resume();
  }
  await rest(random.between(0, 40));
  if (random.next() < 0.5) request.socket?.resetAndDestroy();
  request.destroy();
  return 'done';
};

/** Through backends that die: an error is no failure, wrong bytes are. */
const mortal: Act = async (visit) => {
  try {
    const size = visit.random.between(0, 2_000_000);
    await download(visit, size, { headers: { 'X-Soak': 'mortal' }, agent: false });
    return 'done';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (/^download: status 50[234]$|aborted|ECONNRESET|socket hang up/.test(why)) return 'tolerated';
    throw error;
  }
};

export function httpTraffic(): { kinds: TrafficKind[]; close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 16, keepAliveMsecs: 60_000 });
  const act =
    (work: (visit: Visit) => Promise<void>): Act =>
    async (visit) => {
      await work(visit);
      return 'done';
    };
  const kinds: TrafficKind[] = [
    { name: 'keep-alive', clients: 16, restMs: 10, act: act((visit) => keptAlive(visit, agent)) },
    {
      name: 'connection per request',
      clients: 6,
      restMs: 10,
      act: act((visit) => download(visit, visit.random.between(0, SMALL_BYTES), { agent: false })),
    },
    {
      name: 'large downloads',
      clients: 3,
      restMs: 50,
      act: act((visit) => download(visit, visit.random.between(500_000, 8_000_000), { agent: false })),
    },
    {
      name: 'slow readers',
      clients: 6,
      restMs: 50,
      act: act((visit) => download(visit, visit.random.between(500_000, 4_000_000), { agent: false }, true)),
    },
    {
      name: 'large uploads',
      clients: 3,
      restMs: 50,
      act: act((visit) => upload(visit, visit.random.between(500_000, 8_000_000), false)),
    },
    {
      name: 'slow writers',
      clients: 5,
      restMs: 50,
      act: act((visit) => upload(visit, visit.random.between(100_000, 1_500_000), true)),
    },
    {
      name: 'slow backends',
      clients: 3,
      restMs: 50,
      act: act((visit) => upload(visit, visit.random.between(500_000, 3_000_000), false, 'slow')),
    },
    { name: 'both ways at once', clients: 3, restMs: 50, act: echo },
    { name: 'client aborts', clients: 8, restMs: 20, act: abort },
    { name: 'dying backends', clients: 8, restMs: 20, act: mortal },
  ];
  return { kinds, close: () => agent.destroy() };
}

/** A request on a socket that the proxy closed just then fails at the client, which the client must try again. */
async function keptAlive(visit: Visit, agent: Agent): Promise<void> {
  try {
    await download(visit, visit.random.between(0, SMALL_BYTES), { agent });
  } catch (error) {
    if (!(error instanceof Error) || !/ECONNRESET|socket hang up/.test(error.message)) throw error;
    await download(visit, visit.random.between(0, SMALL_BYTES), { agent: false });
  }
}
