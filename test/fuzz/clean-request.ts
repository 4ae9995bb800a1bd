import type { SeededRandom } from '../support/seeded-random.ts';
import type { Area, CaseRequest } from './case.ts';
import { FORBIDDEN, nonceOf, repeated } from './nonce.ts';
import { bodySize, inChunks, planResponse, type PlannedResponse } from './response-plan.ts';

export interface RequestWishes {
  readonly caseIndex: number;
  readonly number: number;
  readonly area: Area;
  /** It may be the one after which the connection ends. */
  readonly last: boolean;
  /** The meaning of the case's bytes will be unknown: no HEAD. */
  readonly blind: boolean;
}

const METHODS = [
  ...['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD'],
  ...['LIST', 'VERSION-CONTROL', 'DESCRIBE', 'get'],
];
/** Methods that nearly always have a body here. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'LIST']);
const SUFFIXES = [
  '',
  '',
  '',
  '?',
  '?q=1',
  '/a//b/../c/./',
  '/%2e%2e/%00',
  '?a=b&c=%20d',
  `?${'x'.repeat(300)}`,
  ';v=1',
  '/|"<>',
];
const VALUES = [
  'a',
  '',
  'a b  c',
  'x'.repeat(200),
  '\u00fc\u00ff',
  'a,b;c="d"',
  'GET / HTTP/1.1',
  ': :',
  '0',
];
const PROBE_NAMES = ['X-Fuzz', 'x-fuzz', 'X-FUZZ-2', 'x-Fuzz_3', 'X-Fuzz.4'];

/** A request that is in order in every respect, and what must become of it. */
export function cleanRequest(random: SeededRandom, wishes: RequestWishes): CaseRequest {
  const { caseIndex, number, area } = wishes;
  const nonce = nonceOf(caseIndex, number);
  const picked = random.pick(METHODS);
  const method = wishes.blind && picked === 'HEAD' ? 'GET' : picked;
  const modern = random.next() < 0.93;
  const carries = WITH_BODY.has(method) ? 0.85 : 0.08;
  const size = random.next() < carries ? bodySize(random) : -1;
  const body = size < 0 ? '' : requestBody(random, caseIndex, nonce, size);
  const chunked = size >= 0 && modern && random.next() < 0.45;
  const suffix = random.pick(SUFFIXES);
  const path = `/${area}/${nonce}${suffix}`;
  const absolute = random.next() < 0.04;
  const probes: string[] = [];
  const lines: string[] = [`X-Nonce: ${nonce}`];
  for (let i = random.between(0, random.next() < 0.05 ? 40 : 4); i > 0; i--) {
    const probe = `${random.pick(PROBE_NAMES)}: ${random.pick(VALUES)}`;
    probes.push(probe.trimEnd());
    lines.push(disguised(random, probe));
  }
  lines.splice(random.between(0, lines.length), 0, disguised(random, 'Host: fuzz.test'));
  if (random.next() < 0.08)
    lines.push(
      'TE: trailers',
      'Keep-Alive: timeout=9',
      'Proxy-Connection: keep-alive',
      'X-Forwarded-For: 6.6.6.6',
    );
  const closes = wishes.last && random.next() < 0.25;
  const stays = modern ? !closes : !wishes.last;
  const connection = connectionLine(random, modern, stays);
  if (connection !== undefined) lines.splice(random.between(0, lines.length), 0, ...connection);
  if (modern && size > 0 && random.next() < 0.08) lines.push('Expect: 100-continue');
  const trailers: string[] = [];
  if (chunked) {
    lines.splice(
      random.between(0, lines.length),
      0,
      random.pick(['Transfer-Encoding: chunked', 'transfer-encoding: Chunked']),
    );
    if (random.next() < 0.15) trailers.push(`X-Trail: ${nonce}`, 'X-Trail-2: a b');
  } else if (size >= 0) lines.splice(random.between(0, lines.length), 0, lengthLine(random, body.length));
  const target = absolute ? `http://absolute.test:81${path}` : path;
  const minor = modern ? (random.next() < 0.05 ? random.pick(['2', '9']) : '1') : '0';
  const head = `${method} ${target} HTTP/1.${minor}\r\n${lines.join('\r\n')}\r\n\r\n`;
  const planned = planFor(random, wishes, { nonce, method, modern, hasBody: body !== '' });
  return {
    number,
    nonce,
    method,
    modern,
    target: path,
    host: absolute ? 'absolute.test:81' : 'fuzz.test',
    body,
    trailers,
    probes,
    wire: head + (chunked ? inChunks(random, body, trailers) : body),
    headLength: head.length,
    plan: planned.plan,
    outcome: planned.outcome,
    mayFail: planned.mayFail,
    closes: !stays,
    restOptional: planned.restOptional,
    mustNotArrive: false,
    seen: 0,
    completed: 0,
    seenAtMs: 0,
    acceptedAtMs: 0,
    exchanges: 0,
    answeredAtMs: 0,
  };
}

function planFor(
  random: SeededRandom,
  { caseIndex, area }: RequestWishes,
  asked: { nonce: string; method: string; modern: boolean; hasBody: boolean },
): PlannedResponse {
  const planned = planResponse(random, { ...asked, caseIndex, area });
  if (area === 'dead')
    return { ...planned, outcome: { kind: 'refused', statuses: [502] }, mayFail: true, restOptional: true };
  if (area === 'flaky') return { ...planned, mayFail: true };
  return planned;
}

/** Often with something inside that would be a request, if anybody lost count. */
function requestBody(random: SeededRandom, caseIndex: number, nonce: string, size: number): string {
  if (random.next() < 0.5) return repeated(nonce, size);
  const bait = `GET /tame/${nonceOf(caseIndex, FORBIDDEN)} HTTP/1.1\r\nHost: evil\r\n\r\n`;
  const start = random.pick(['', '\r\n', '0\r\n\r\n', `${nonce}\r\n\r\n`]);
  return (start + bait.repeat(Math.ceil(size / bait.length))).slice(
    0,
    Math.max(size, start.length + bait.length),
  );
}

/** The same field line in another of the forms that mean the same. */
function disguised(random: SeededRandom, line: string): string {
  if (random.next() < 0.7) return line;
  const colon = line.indexOf(':');
  const value = line.slice(colon + 1).trim();
  return (
    line.slice(0, colon) +
    random.pick([`:${value}`, `:  ${value}`, `:\t${value}`, `: ${value} `, `: ${value}\t`])
  );
}

/** Leading zeros are valid, and may not go on. */
function lengthLine(random: SeededRandom, length: number): string {
  return `Content-Length: ${random.next() < 0.1 ? '00' : ''}${length}`;
}

function connectionLine(random: SeededRandom, modern: boolean, stays: boolean): string[] | undefined {
  if (!modern) return stays ? ['Connection: keep-alive'] : undefined;
  if (!stays) return [random.pick(['Connection: close', 'connection: Close', 'Connection: x-hop, close'])];
  if (random.next() < 0.9) return undefined;
  return random.pick([
    ['Connection: keep-alive'],
    ['Connection: X-Hop', 'X-Hop: secret-of-the-hop'],
    ['Connection: , ,'],
  ]);
}
