import { createHash } from 'node:crypto';
import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';

import type { SeededRandom } from '../../support/seeded-random.ts';

const ANSWER_LIMIT_MS = 30_000;
const LONG_BYTES = 512 * 1024;

/** What became of one request, as its client saw it. `cut`: an answer that had begun was broken off, which the client can see. */
export type Fate = 'ok' | 'refused' | 'no answer' | 'cut' | 'late' | 'wrong answer' | `status ${number}`;

export interface ClientKind {
  readonly name: string;
  readonly clients: number;
  /** False: each request has a connection of its own. */
  readonly keepsConnection: boolean;
  /** False: part of the answer is with the client long before its end, so that no proxy can save it when its backend dies. */
  readonly isWholeAtOnce: boolean;
  order(random: SeededRandom): Order;
}

/** A request, and the body that answers it. */
export interface Order {
  readonly path: string;
  readonly upload?: Buffer;
  isAnswer(body: Buffer): boolean;
}

export const CLIENT_KINDS: readonly ClientKind[] = [
  { name: 'GET', clients: 12, keepsConnection: true, isWholeAtOnce: true, order: () => quick('/quick') },
  {
    name: 'GET, a connection each',
    clients: 4,
    keepsConnection: false,
    isWholeAtOnce: true,
    order: () => quick('/quick'),
  },
  {
    name: 'GET that takes 50 to 500 ms',
    clients: 24,
    keepsConnection: true,
    isWholeAtOnce: true,
    order: (random) => quick(`/slow/${String(random.between(50, 500))}`),
  },
  { name: 'PUT of up to 30 KB', clients: 8, keepsConnection: true, isWholeAtOnce: true, order: upload },
  {
    name: 'GET of 512 KB, slowly',
    clients: 4,
    keepsConnection: true,
    isWholeAtOnce: false,
    order: () => ({
      path: `/long/${String(LONG_BYTES)}`,
      isAnswer: (body) => body.length === LONG_BYTES,
    }),
  },
];

function quick(path: string): Order {
  return { path, isAnswer: (body) => body.toString() === `GET ${path}` };
}

function upload(random: SeededRandom): Order {
  const bytes = random.bytes(random.between(0, 30_000));
  const digest = createHash('sha1').update(bytes).digest('hex');
  return { path: '/put', upload: bytes, isAnswer: (body) => body.toString() === digest };
}

/** Sends one request, and says what became of it. */
export function ask(port: number, agent: Agent | false, order: Order): Promise<Fate> {
  return new Promise((resolve) => {
    const outgoing = httpRequest({
      agent,
      host: '127.0.0.1',
      port,
      path: order.path,
      method: order.upload === undefined ? 'GET' : 'PUT',
      ...(order.upload && { headers: { 'Content-Length': order.upload.length } }),
    });
    let fate: Fate | undefined;
    const limit = setTimeout(() => {
      fate = 'late';
      outgoing.destroy();
      resolve(fate);
    }, ANSWER_LIMIT_MS);
    const over = (became: Fate): void => {
      clearTimeout(limit);
      resolve(fate ?? became);
    };
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      over(error.code === 'ECONNREFUSED' ? 'refused' : 'no answer');
    });
    outgoing.on('response', (response) => read(response, order, over));
    outgoing.end(order.upload);
  });
}

function read(response: IncomingMessage, order: Order, over: (fate: Fate) => void): void {
  const pieces: Buffer[] = [];
  response.on('data', (bytes: Buffer) => pieces.push(bytes));
  response.on('error', () => undefined);
  response.on('close', () => {
    const { statusCode = 0, complete } = response;
    if (!complete) over('cut');
    else if (statusCode !== 200) over(`status ${statusCode}`);
    else over(order.isAnswer(Buffer.concat(pieces)) ? 'ok' : 'wrong answer');
  });
}
