import { createHash } from 'node:crypto';
import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';

import { matchesPattern, patternPiece } from '../../soak/pattern.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { ROUTE_VALUES, type BackendModel, type ConfigModel } from '../model/config-model.ts';
import { exactOf, expectationOf, hostOf, prefixOf, type RequestShape } from '../model/expectation.ts';
import type { Journal } from '../edits/journal.ts';
import type { Told } from './identity-backends.ts';
import { connectionFault, TrafficFault } from './visit.ts';

/** So long may a single request take, whatever it waits for. */
const REQUEST_LIMIT_MS = 30_000;

export interface WebRequest extends RequestShape {
  readonly bytes: number;
  /** How long the backend takes for its answer. */
  readonly waitMs: number;
  /** Bytes of the request's body; undefined for a GET. */
  readonly upload: number | undefined;
}

export interface WebAnswer {
  readonly told: Told;
  readonly headers: IncomingMessage['headers'];
}

/** A request of any shape that routes look at. */
export function randomRequest(random: SeededRandom, slow: boolean): WebRequest {
  const kind = random.pick(['plain', 'prefix', 'prefix', 'exact', 'host', 'header']);
  const value = random.between(1, ROUTE_VALUES);
  const plain = `/plain/${random.between(1, 100)}`;
  return {
    path:
      kind === 'prefix'
        ? `${prefixOf(value)}${random.pick(['', '/x', '/x/y'])}`
        : kind === 'exact'
          ? exactOf(value)
          : plain,
    host: kind === 'host' ? hostOf(value) : 'soak.test',
    pick: kind === 'header' ? String(value) : undefined,
    bytes: slow ? random.between(30_000, 120_000) : random.between(0, 3_000),
    waitMs: slow ? random.between(100, 1_500) : 0,
    upload: random.next() < 0.2 ? random.between(0, 20_000) : undefined,
  };
}

/** Sends it and holds the body against what it must be. Rejects with a TrafficFault. */
export async function ask(
  port: number,
  what: WebRequest,
  agent: Agent | false,
  nonce: string,
): Promise<WebAnswer> {
  const answer = await exchange(port, what, agent, nonce);
  if (answer.status !== 200)
    throw new TrafficFault(
      'failed request',
      `${what.path}: status ${answer.status}, ${answer.body.toString('latin1').slice(0, 120)}`,
    );
  const end = answer.body.indexOf(0x0a);
  let told: Told;
  try {
    told = JSON.parse(answer.body.toString('latin1', 0, Math.max(0, end))) as Told;
  } catch {
    throw new TrafficFault('wrong answer', `${what.path}: no identity in the answer`);
  }
  const body = answer.body.subarray(end + 1);
  if (told.nonce !== nonce)
    throw new TrafficFault('wrong answer', `${what.path}: the answer is to ${told.nonce}`);
  if (body.length !== what.bytes || !matchesPattern(0, body))
    throw new TrafficFault(
      'wrong answer',
      `${what.path}: ${body.length} bytes of body instead of ${what.bytes}`,
    );
  const sent = createHash('sha1').update(uploadOf(what)).digest('hex');
  if (told.received !== sent)
    throw new TrafficFault('wrong answer', `${what.path}: the backend got another body`);
  return { told, headers: answer.headers };
}

/** Holds an answer of the web listener against the config that it names, and that one against the time. */
export function checkWebAnswer(
  what: WebRequest,
  { told, headers }: WebAnswer,
  journal: Journal<ConfigModel>,
  begunAtMs: number,
): void {
  try {
    const marker = String(headers['x-generation']);
    const { model } = journal.judge(Number(marker), begunAtMs);
    const { route, backends, seenPath } = expectationOf(model, what);
    expectSame('marker in the request', told.edit, marker);
    expectSame('route', headers['x-route'], `${route}.`);
    expectSame('path at the backend', told.path, seenPath);
    const marks = model.web.routes.find(({ name }) => name === route)?.marks === true;
    expectSame('marker of the route', headers['x-route-edit'], marks ? marker : undefined);
    expectSame('decoration', headers['x-decoration'], model.web.decoration);
    expectBackend(backends, told.server, headers['x-backend']);
  } catch (error) {
    throw new TrafficFault(
      'wrong answer',
      `${what.path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function expectBackend(backends: readonly BackendModel[], server: string, name: unknown): void {
  const backend = backends.find((one) => one.server === server);
  if (backend === undefined)
    throw new Error(`${server} answered instead of ${backends.map((one) => one.server).join(', ')}`);
  expectSame(`name of ${server}`, name, backend.name);
}

function expectSame(what: string, measured: unknown, wanted: unknown): void {
  if (measured !== wanted) throw new Error(`${what} is ${String(measured)} instead of ${String(wanted)}`);
}

function uploadOf({ upload }: WebRequest): Buffer {
  return upload === undefined || upload === 0 ? Buffer.alloc(0) : Buffer.from(patternPiece(7, upload));
}

function exchange(
  port: number,
  what: WebRequest,
  agent: Agent | false,
  nonce: string,
): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      agent,
      method: what.upload === undefined ? 'GET' : 'POST',
      path: `${what.path}?nonce=${nonce}&bytes=${what.bytes}&wait=${what.waitMs}`,
      headers: { Host: what.host, ...(what.pick === undefined ? {} : { 'X-Pick': what.pick }) },
    });
    const limit = setTimeout(() => request.destroy(new Error('no answer in time')), REQUEST_LIMIT_MS);
    const failed = (error: Error): void => {
      clearTimeout(limit);
      const socket = request.reusedSocket ? 'kept' : 'new';
      reject(connectionFault(error, 'failed request', `${what.path} on a ${socket} connection`));
    };
    request.on('error', failed);
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (bytes: Buffer) => pieces.push(bytes));
      response.on('error', failed);
      response.on('end', () => {
        clearTimeout(limit);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) });
      });
    });
    request.end(uploadOf(what));
  });
}
