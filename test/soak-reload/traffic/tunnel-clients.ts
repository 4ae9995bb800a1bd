import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

import { firstOf } from '../../soak/first-of.ts';
import { matchesPattern, patternPiece } from '../../soak/pattern.ts';
import { rest } from '../../soak/traffic.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { isServing, upstreamOf } from '../model/config-model.ts';
import { expectationOf } from '../model/expectation.ts';
import { connectionFault, TrafficFault, type TrafficKind, type Visit } from './visit.ts';

const ANSWER_LIMIT_MS = 20_000;
/** These clients of each kind stay for the whole run: they hold generations from its very begin. */
const STAYING_CLIENTS = 2;

/** Connections that outlive many edits, each with a checksum that runs over all that was sent. */
export const tunnelClients: readonly TrafficKind[] = [
  { name: 'WebSockets', clients: 8, restMs: 100, act: webSocket },
  { name: 'TCP tunnels', clients: 8, restMs: 100, act: tunnel },
];

/** When a connection that is opened now is to be closed. */
function endOf({ random, client }: Visit): number {
  return client < STAYING_CLIENTS ? Infinity : performance.now() + random.between(200, 8_000);
}

async function webSocket(visit: Visit): Promise<number> {
  const { random, places, journal } = visit;
  const begunAtMs = performance.now();
  const path = `/plain/${random.between(1, 100)}`;
  const socket = new WebSocket(`ws://127.0.0.1:${places.web}${path}`, {
    perMessageDeflate: false,
    headers: { Host: 'soak.test' },
  });
  let failure: Error | undefined;
  let marker: string | undefined;
  socket.on('error', (error) => (failure = error));
  socket.on('upgrade', (response) => (marker = response.headers['x-generation'] as string | undefined));
  const inbox = new Inbox(socket);
  await firstOf(socket, 'open', 'close');
  if (failure !== undefined) throw connectionFault(failure, 'failed request', 'WebSocket');
  try {
    const server = await inbox.next();
    const models =
      marker === undefined
        ? journal.possibleSince(begunAtMs)
        : [journal.judge(Number(marker), begunAtMs).model];
    const request = { path, host: 'soak.test', pick: undefined };
    if (!models.some((model) => expectationOf(model, request).backends.some((one) => one.server === server)))
      throw new TrafficFault(
        'wrong answer',
        `WebSocket: ${server} greets under generation ${String(marker)}`,
      );
    const digest = createHash('sha1');
    let count = 0;
    const endAtMs = endOf(visit);
    do {
      const message = patternPiece(random.between(0, 500_000), sizeOf(random));
      socket.send(message, { binary: true });
      digest.update(message);
      count += 1;
      const echoed = await inbox.next();
      if (echoed !== `${count}:${digest.copy().digest('hex')}`)
        throw new TrafficFault('broken tunnel', `WebSocket: the checksum of message ${count} is wrong`);
      await rest(random.between(10, 100));
    } while (performance.now() < endAtMs && !visit.stopping.aborted);
    const closed = firstOf(socket, 'close');
    socket.close(4_001);
    const [code] = await closed;
    if (code !== 4_001) throw new TrafficFault('broken tunnel', `WebSocket: closed with ${String(code)}`);
    return count;
  } finally {
    socket.terminate();
  }
}

/** Messages that a WebSocket got and the test has not read yet. */
class Inbox {
  readonly #messages: string[] = [];
  #wake: () => void = () => undefined;
  #gone = '';

  constructor(socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.#messages.push(data.toString());
      this.#wake();
    });
    socket.on('close', (code) => {
      this.#gone = `closed with ${code}`;
      this.#wake();
    });
  }

  async next(): Promise<string> {
    const untilMs = performance.now() + ANSWER_LIMIT_MS;
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.#gone !== '') throw new TrafficFault('broken tunnel', `WebSocket: ${this.#gone}`);
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw new TrafficFault('broken tunnel', 'WebSocket: no answer in time');
      await this.#woken(leftMs);
    }
  }

  #woken(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

async function tunnel(visit: Visit): Promise<number> {
  const { random, places, journal } = visit;
  const begunAtMs = performance.now();
  const socket = connect({ port: places.raw, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  let failure: Error | undefined;
  socket.on('error', (error) => (failure = error));
  const stream = new TunnelReader(socket);
  await firstOf(socket, 'connect', 'close');
  if (failure !== undefined) throw connectionFault(failure, 'failed request', 'tunnel');
  try {
    const server = await stream.greeting();
    const serves = journal
      .possibleSince(begunAtMs)
      .some((model) =>
        upstreamOf(model, model.raw.upstream).backends.some((one) => one.server === server && isServing(one)),
      );
    if (!serves)
      throw new TrafficFault('wrong answer', `tunnel: ${server} greets, which no possible config has`);
    let count = 0;
    const endAtMs = endOf(visit);
    do {
      const piece = patternPiece(stream.expected, sizeOf(random));
      stream.expected += piece.length;
      socket.write(piece);
      await stream.untilAll();
      count += 1;
      await rest(random.between(10, 100));
    } while (performance.now() < endAtMs && !visit.stopping.aborted);
    const ended = firstOf(socket, 'end', 'close');
    socket.end();
    await ended;
    if (socket.errored !== null) throw connectionFault(socket.errored, 'broken tunnel', 'tunnel at its end');
    return count;
  } finally {
    socket.destroy();
  }
}

/** The greeting, and then the pattern, byte by byte. */
class TunnelReader {
  /** How many bytes of the pattern were sent. */
  expected = 0;
  #received = 0;
  #greeting: string | undefined;
  #early = '';
  #wrong = '';
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    for (const event of ['end', 'close'])
      socket.on(event, () => {
        this.#wrong ||= `ended after ${this.#received} of ${this.expected} bytes`;
        this.#wake();
      });
  }

  async greeting(): Promise<string> {
    await this.#until(() => this.#greeting !== undefined);
    return this.#greeting ?? '';
  }

  /** Resolves when all that was sent came back. */
  async untilAll(): Promise<void> {
    await this.#until(() => this.#received >= this.expected);
    if (this.#received > this.expected)
      throw new TrafficFault('broken tunnel', 'tunnel: more came back than was sent');
  }

  #take(bytes: Buffer): void {
    if (this.#greeting === undefined) {
      this.#early += bytes.toString('latin1');
      const end = this.#early.indexOf('\n');
      if (end >= 0) this.#greeting = this.#early.slice(0, end);
      // The server says nothing else before it is asked.
    } else {
      if (!matchesPattern(this.#received, bytes)) this.#wrong ||= `wrong bytes behind ${this.#received}`;
      this.#received += bytes.length;
    }
    this.#wake();
  }

  async #until(condition: () => boolean): Promise<void> {
    const untilMs = performance.now() + ANSWER_LIMIT_MS;
    while (!condition()) {
      if (this.#wrong !== '') throw new TrafficFault('broken tunnel', `tunnel: ${this.#wrong}`);
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw new TrafficFault('broken tunnel', 'tunnel: no answer in time');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

function sizeOf(random: SeededRandom): number {
  return random.next() < 0.05 ? random.between(10_000, 60_000) : random.between(1, 2_000);
}
