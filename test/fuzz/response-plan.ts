import type { SeededRandom } from '../support/seeded-random.ts';
import type { Area, Outcome, ResponsePlan } from './case.ts';
import { FORBIDDEN, nonceOf, repeated } from './nonce.ts';
import { mutate } from './mutate.ts';
import { GARBAGE_RESPONSES } from './garbage-responses.ts';

export interface Asked {
  readonly caseIndex: number;
  readonly nonce: string;
  readonly method: string;
  readonly modern: boolean;
  readonly hasBody: boolean;
  readonly area: Area;
}

export interface PlannedResponse {
  readonly plan: ResponsePlan;
  readonly outcome: Outcome;
  /** A 502 is right as well. */
  readonly mayFail: boolean;
  readonly restOptional: boolean;
}

const STATUSES = [
  '200 OK',
  '200 OK',
  '200 OK',
  '201 Created',
  '404 Not Found',
  '500 ',
  '206 Partial Content',
  '299 Own Words; with=signs',
];
const INTERIMS = ['100 Continue', '102 Processing', '103 Early Hints'];

/** A sound response in parts, before anything is done to it. */
interface Sound {
  readonly head: string;
  readonly framedBody: string;
  readonly body: string;
  readonly status: number;
  readonly trailers: readonly string[];
  readonly interims: number;
  readonly after: 'keep' | 'end';
  /** Only the end of the connection ends the body. */
  readonly untilClose: boolean;
}

/** Chooses what the backend answers, and says what the client must get. */
export function planResponse(random: SeededRandom, asked: Asked): PlannedResponse {
  const sound = soundResponse(random, asked);
  const dice = random.next();
  if (asked.area === 'wild' && dice < 0.45) return wildResponse(random, asked, sound);
  if (dice > 0.86 || (asked.area === 'wild' && dice > 0.75)) return faultyResponse(random, asked, sound);
  const early = asked.hasBody && random.next() < 0.08;
  return {
    plan: planOf(random, early ? 'early' : 'sound', sound.head + sound.framedBody, sound.after, { early }),
    outcome: exact(sound),
    mayFail: asked.area !== 'tame',
    // Whether the rest of the body is in when the response is complete is a matter of luck.
    restOptional: early,
  };
}

export function planOf(
  random: SeededRandom,
  name: string,
  wire: string,
  after: ResponsePlan['after'],
  more: { early?: boolean; whole?: boolean } = {},
): ResponsePlan {
  const cuts: number[] = [];
  const dice = random.next();
  if (more.whole !== true && wire !== '' && dice < 0.3) {
    const count = dice < 0.02 ? Math.min(wire.length, 60) : random.between(1, 5);
    for (let i = 0; i < count; i++)
      cuts.push(random.between(1, Math.max(1, Math.min(wire.length - 1, dice < 0.15 ? 200 : wire.length))));
    cuts.sort((a, b) => a - b);
  }
  return {
    name,
    wire,
    cuts,
    gapMs: random.next() < 0.2 ? random.between(1, 4) : 0,
    early: more.early === true,
    after,
    deafMs: random.next() < 0.01 ? random.between(5, 60) : 0,
  };
}

function exact(sound: Sound): Outcome {
  return {
    kind: 'exact',
    status: sound.status,
    body: sound.body,
    trailers: sound.trailers,
    interims: sound.interims,
  };
}

function soundResponse(random: SeededRandom, { nonce, method, modern }: Asked): Sound {
  const dice = random.next();
  const status = dice < 0.06 ? '204 No Content' : dice < 0.1 ? '304 Not Modified' : random.pick(STATUSES);
  const bodiless = method === 'HEAD' || dice < 0.1;
  const size = bodySize(random);
  const body = bodiless ? '' : repeated(nonce, size);
  let head = '';
  let interims = 0;
  if (random.next() < 0.06) {
    interims = random.between(1, 3);
    for (let i = 0; i < interims; i++)
      head += `HTTP/1.1 ${random.pick(INTERIMS)}\r\nX-Nonce: ${nonce}\r\n\r\n`;
  }
  const framing = random.next();
  const old = framing < 0.05;
  head += `HTTP/1.${old ? '0' : '1'} ${status}\r\n`;
  if (random.next() < 0.3) head += `Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n`;
  if (random.next() < 0.2) head += `Set-Cookie: a=${nonce}\r\nset-cookie: b=2\r\nX-Empty:\r\n`;
  if (random.next() < 0.1)
    head += `Connection: X-Hop\r\nX-Hop: secret-of-the-hop\r\nKeep-Alive: timeout=50\r\n`;
  head += `X-Nonce: ${nonce}\r\n`;
  const says = Number(status.slice(0, 3));
  const trailers: string[] = [];
  let framedBody = body;
  let after: Sound['after'] = 'keep';
  let untilClose = false;
  if (framing < 0.55 || (bodiless && framing < 0.8)) {
    if (says !== 204) head += `Content-Length: ${method === 'HEAD' || says === 304 ? size : body.length}\r\n`;
  } else if (framing < 0.88 && !bodiless) {
    head += 'Transfer-Encoding: chunked\r\n';
    if (random.next() < 0.2) trailers.push(`X-Trail: ${nonce}`, 'x-trail-2:');
    framedBody = inChunks(random, body, trailers);
  } else if (!bodiless) {
    after = 'end';
    untilClose = true;
  }
  if (after === 'keep' && random.next() < 0.07) {
    head += random.pick(['Connection: close\r\n', 'connection: foo, CLOSE\r\n']);
    after = 'end';
  } else if (old) after = 'end';
  // Trailers can't be passed to who knows no chunks.
  return {
    head: `${head}\r\n`,
    framedBody,
    body,
    status: says,
    trailers: modern ? trailers : [],
    interims: modern ? interims : 0,
    after,
    untilClose,
  };
}

/** Things that a backend must not do, and what becomes of them. */
function faultyResponse(random: SeededRandom, asked: Asked, sound: Sound): PlannedResponse {
  const wire = sound.head + sound.framedBody;
  const broken: Outcome = { kind: 'broken', status: sound.status, body: sound.body };
  const fault = (
    name: string,
    text: string,
    after: ResponsePlan['after'],
    outcome: Outcome,
    whole = false,
  ) => ({
    plan: planOf(random, name, text, after, { whole }),
    outcome,
    mayFail: asked.area !== 'tame',
    restOptional: false,
  });
  const badGateway: Outcome = { kind: 'refused', statuses: [502] };
  const dice = random.next();
  const leave = random.pick(['end', 'reset'] as const);
  if (dice < 0.12) return fault('no answer', '', leave, badGateway);
  if (dice < 0.13) return fault('silence', '', 'silence', { kind: 'refused', statuses: [504] });
  if (dice < 0.15 && sound.framedBody !== '' && sound.interims === 0) {
    const cut =
      sound.head.length +
      random.between(0, Math.max(0, Math.min(sound.framedBody.length, sound.body.length) - 1));
    if (sound.after === 'keep') return fault('silence in the body', wire.slice(0, cut), 'silence', broken);
  }
  if (dice < 0.3)
    return fault('cut head', wire.slice(0, random.between(1, sound.head.length - 1)), leave, {
      // Interim responses before it may have passed.
      ...badGateway,
    });
  if (dice < 0.6 && sound.framedBody !== '' && sound.after === 'keep') {
    const end = sound.head.length + sound.framedBody.length - 1;
    return fault('cut body', wire.slice(0, random.between(sound.head.length, end)), leave, broken);
  }
  if (dice < 0.65 && sound.untilClose) return fault('reset instead of an end', wire, 'reset', broken);
  if (dice < 0.72 && sound.framedBody !== sound.body && sound.body !== '') {
    const bad = random.pick([
      'x\r\n',
      '-1\r\n',
      '5\rZ',
      '\r\n\r\n',
      '1;\0\r\nA',
      'ffffffffffffffffff\r\n',
      '0\r\nX\r\n\r\n',
    ]);
    return fault('bad chunk', `${sound.head}1\r\n${sound.body.charAt(0)}\r\n${bad}`, 'keep', broken);
  }
  if (dice < 0.8 && sound.after === 'keep' && wire.length < 8_000) {
    const evil = nonceOf(asked.caseIndex, FORBIDDEN);
    const surplus = random.pick([
      '\r\n',
      'x',
      `HTTP/1.1 200 OK\r\nX-Nonce: ${evil}\r\nContent-Length: ${evil.length}\r\n\r\n${evil}`,
      `HTTP/1.1 100 Continue\r\nX-Nonce: ${evil}\r\n\r\n`,
      repeated(evil, 500),
    ]);
    return fault('surplus', wire + surplus, 'keep', exact(sound), true);
  }
  const { name, text, repairable } = random.pick(GARBAGE_RESPONSES);
  // To HEAD a sound head is the whole response: what follows it must come with it, or it hits the next request.
  const whole = asked.method === 'HEAD';
  const garbage = fault(`garbage: ${name}`, text.replaceAll('NONCE', asked.nonce), 'keep', badGateway, whole);
  return repairable ? { ...garbage, outcome: { kind: 'any' } } : garbage;
}

/** A response that soils or kills idle sockets, or whose meaning is undefined. */
function wildResponse(random: SeededRandom, asked: Asked, sound: Sound): PlannedResponse {
  const wire = sound.head + sound.framedBody;
  const dice = random.next();
  if (dice < 0.5 && wire.length < 8_000) {
    // In one write: what a client does not get of it must not be left for the next one.
    const plan = planOf(random, 'noise', mutate(random, wire), 'end soon', { whole: true });
    return { plan, outcome: { kind: 'any' }, mayFail: true, restOptional: true };
  }
  const after = sound.after === 'end' ? 'end' : random.pick(['end soon', 'soil'] as const);
  return {
    plan: planOf(random, after, wire, after),
    outcome: exact(sound),
    mayFail: true,
    restOptional: false,
  };
}

export function bodySize(random: SeededRandom): number {
  const dice = random.next();
  if (dice < 0.15) return 0;
  if (dice < 0.9) return random.between(1, 300);
  if (dice < 0.985) return random.between(300, 20_000);
  return random.between(20_000, 200_000);
}

/** `body` in chunks as any sender may write them, with these trailers. */
export function inChunks(random: SeededRandom, body: string, trailers: readonly string[]): string {
  let text = '';
  for (let at = 0; at < body.length;) {
    const size = Math.min(
      body.length - at,
      random.next() < 0.3 ? random.between(1, 20) : random.between(1, body.length),
    );
    let line = random.next() < 0.1 ? size.toString(16).toUpperCase() : size.toString(16);
    if (random.next() < 0.05) line = `000${line}`;
    if (random.next() < 0.05) line += random.pick([';a', ';a=b', ';a="b;c"', ' ; a', '\t;a = b ;\tc="d"']);
    text += `${line}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
    // Tiny chunks of a long body would take for ever.
    if (text.length > 60_000 && at < body.length) {
      text += `${(body.length - at).toString(16)}\r\n${body.slice(at)}\r\n`;
      break;
    }
  }
  return `${text}0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`;
}
