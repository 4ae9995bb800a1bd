import { SeededRandom } from '../support/seeded-random.ts';
import { AMBIGUOUS_REQUESTS } from './ambiguous-requests.ts';
import type { Area, CaseKind, CaseRequest, FuzzCase, Leaving, Step } from './case.ts';
import { cleanRequest } from './clean-request.ts';
import { mutate } from './mutate.ts';
import { FORBIDDEN, nonceOf, repeated } from './nonce.ts';
import { planOf } from './response-plan.ts';

const SHARES: readonly (readonly [CaseKind, number])[] = [
  ['clean', 0.5],
  ['ambiguous', 0.17],
  ['noise', 0.18],
  ['client abort', 0.1],
  ['upgrade', 0.045],
  ['client stall', 0.005],
];

const DONE: Leaving = { when: 'done', how: 'end', afterReceivedBytes: 0, delayMs: 0 };

type Parts = Pick<FuzzCase, 'title' | 'requests' | 'steps' | 'leaving'> &
  Partial<Pick<FuzzCase, 'blind' | 'deafMs' | 'echo'>>;

/** The case of that number: the same for the same seed, whatever ran before. */
export function generateCase(seed: number, index: number): FuzzCase {
  const random = new SeededRandom(
    Math.imul(seed ^ 0x2545f491, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b),
  );
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 4; i++) random.next();
  const kind = chooseKind(random);
  const parts = build(kind, random, index);
  return { index, kind, blind: false, deafMs: 0, echo: '', ...parts, pending: 0, complaints: [], lateMs: 0 };
}

function chooseKind(random: SeededRandom): CaseKind {
  let dice = random.next();
  for (const [kind, share] of SHARES) {
    if (dice < share) return kind;
    dice -= share;
  }
  return 'clean';
}

function build(kind: CaseKind, random: SeededRandom, index: number): Parts {
  switch (kind) {
    case 'clean':
      return clean(random, index);
    case 'ambiguous':
      return ambiguous(random, index);
    case 'noise':
      return noise(random, index);
    case 'client abort':
      return aborted(random, index);
    case 'client stall':
      return stalled(random, index);
    case 'upgrade':
      return upgrade(random, index);
  }
}

function clean(random: SeededRandom, index: number): Parts {
  const requests = cleanRequests(random, index, random.next() < 0.3 ? 1 : random.between(1, 8), true);
  const dice = random.next();
  const leaving: Leaving =
    dice < 0.003
      ? { ...DONE, when: 'stay' }
      : { ...DONE, how: dice < 0.6 ? 'end' : dice < 0.8 ? 'destroy' : 'reset' };
  const deafMs = random.next() < 0.01 ? random.between(5, 100) : 0;
  const title = requests.map(({ plan }) => plan.name).join(', ');
  return { title, requests, steps: stepsOf(random, requests, ''), leaving, deafMs };
}

function cleanRequests(
  random: SeededRandom,
  caseIndex: number,
  count: number,
  mayClose: boolean,
  blind = false,
): CaseRequest[] {
  const requests: CaseRequest[] = [];
  const area = chooseArea(random);
  for (let number = 0; number < count; number++) {
    const last = mayClose && number === count - 1;
    requests.push(cleanRequest(random, { caseIndex, number, area, last, blind }));
  }
  return requests;
}

function chooseArea(random: SeededRandom): Area {
  const dice = random.next();
  return dice < 0.7 ? 'tame' : dice < 0.95 ? 'wild' : dice < 0.98 ? 'flaky' : 'dead';
}

/** Sound requests, one that is not, and a bait behind it that must never be read as a request. */
function ambiguous(random: SeededRandom, caseIndex: number): Parts {
  const before = cleanRequests(
    random,
    caseIndex,
    random.next() < 0.5 ? 0 : random.between(1, 3),
    false,
  ).filter(
    // Requests after these may stay unread.
    ({ restOptional, closes, outcome }) => !restOptional && !closes && outcome.kind !== 'broken',
  );
  const { name, text } = random.pick(AMBIGUOUS_REQUESTS);
  const number = 100;
  const nonce = nonceOf(caseIndex, number);
  const target = `/tame/${nonce}`;
  const bad: CaseRequest = {
    number,
    nonce,
    method: 'POST',
    modern: true,
    target,
    host: undefined,
    body: '',
    trailers: [],
    probes: [],
    wire: text.replaceAll('NONCE', nonce).replaceAll('PATH', target),
    headLength: 0,
    plan: planOf(random, 'must not be asked', okFor(nonce), 'keep'),
    outcome: { kind: 'refused', statuses: 'any error' },
    mayFail: false,
    closes: true,
    restOptional: true,
    mustNotArrive: true,
    seen: 0,
    completed: 0,
    seenAtMs: 0,
    acceptedAtMs: 0,
    exchanges: 0,
    answeredAtMs: 0,
  };
  const bait = `GET /tame/${nonceOf(caseIndex, FORBIDDEN)} HTTP/1.1\r\nHost: evil\r\n\r\n`;
  const steps = stepsOf(random, [...before, bad], random.next() < 0.8 ? bait : '');
  return { title: name, requests: [...before, bad], steps, leaving: DONE };
}

function okFor(nonce: string): string {
  return `HTTP/1.1 200 OK\r\nX-Nonce: ${nonce}\r\nContent-Length: ${nonce.length}\r\n\r\n${nonce}`;
}

function noise(random: SeededRandom, index: number): Parts {
  const requests = cleanRequests(random, index, random.between(1, 4), true, true);
  const bytes = mutate(random, requests.map(({ wire }) => wire).join(''));
  const steps = pieces(random, bytes, 0);
  const leaving: Leaving = {
    when: random.next() < 0.004 ? 'stay' : 'quiet',
    how: random.pick(['end', 'destroy', 'reset']),
    afterReceivedBytes: 0,
    delayMs: 0,
  };
  return { title: 'mutated', requests, steps, leaving, blind: true };
}

function aborted(random: SeededRandom, index: number): Parts {
  const requests = cleanRequests(random, index, random.between(1, 4), true);
  const all = stepsOf(random, requests, '');
  const total = all.reduce((sum, { text }) => sum + text.length, 0);
  const whole = random.next() < 0.5;
  const steps = whole ? all : cutSteps(all, random.between(0, Math.max(0, total - 1)));
  const leaving: Leaving = {
    when: 'abort',
    how: random.pick(['end', 'destroy', 'reset']),
    // Beyond what ever comes, the delay decides.
    afterReceivedBytes: whole ? random.between(0, random.next() < 0.2 ? 50_000 : 600) : 0,
    delayMs: random.next() < 0.5 ? 0 : random.between(1, 15),
  };
  return {
    title: `${whole ? 'while receiving' : 'while sending'} by ${leaving.how}`,
    requests,
    steps,
    leaving,
  };
}

/** Stops sending, and waits for what the proxy does about it. */
function stalled(random: SeededRandom, caseIndex: number): Parts {
  const [sound] = cleanRequests(random, caseIndex, 1, false);
  const request: CaseRequest = {
    ...sound!,
    plan: planOf(random, 'sound', okFor(sound!.nonce), 'keep'),
    outcome: { kind: 'refused', statuses: [408] },
    closes: true,
    mustNotArrive: true,
  };
  const steps = cutSteps(stepsOf(random, [request], ''), random.between(0, request.wire.length - 1));
  const sent = steps.reduce((sum, { text }) => sum + text.length, 0);
  const leaving: Leaving = { ...DONE, when: 'stay' };
  // A client that sent nothing gets no answer.
  const requests = sent === 0 ? [] : [request];
  return { title: `after ${sent} of ${request.wire.length} bytes`, requests, steps, leaving };
}

function upgrade(random: SeededRandom, caseIndex: number): Parts {
  const nonce = nonceOf(caseIndex, 0);
  const target = `/tame/${nonce}`;
  const echo = repeated(nonce, random.next() < 0.1 ? random.between(1, 150_000) : random.between(1, 400));
  const head =
    `GET ${target} HTTP/1.1\r\nHost: fuzz.test\r\nX-Nonce: ${nonce}\r\n` +
    `Connection: ${random.pick(['Upgrade', 'keep-alive, upgrade', 'UPGRADE'])}\r\nUpgrade: ${random.pick(['foo', 'bar, foo', 'FOO'])}\r\n\r\n`;
  const dice = random.next();
  const agreed = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\nX-Nonce: ${nonce}\r\n\r\n`;
  const base = {
    number: 0,
    nonce,
    method: 'GET',
    modern: true,
    target,
    host: 'fuzz.test',
    body: '',
    trailers: [],
    probes: [],
    wire: head,
    headLength: head.length,
    mayFail: false,
    closes: true,
    restOptional: false,
    mustNotArrive: false,
    seen: 0,
    completed: 0,
    seenAtMs: 0,
    acceptedAtMs: 0,
    exchanges: 0,
    answeredAtMs: 0,
  };
  if (dice < 0.7) {
    const request: CaseRequest = {
      ...base,
      plan: planOf(random, 'switch', agreed, 'echo'),
      outcome: { kind: 'exact', status: 101, body: echo, trailers: [], interims: 0 },
    };
    const leaving: Leaving =
      random.next() < 0.8
        ? { ...DONE, how: random.pick(['end', 'end', 'destroy', 'reset']) }
        : {
            when: 'abort',
            how: random.pick(['end', 'destroy', 'reset']),
            afterReceivedBytes: random.between(0, 400),
            delayMs: random.between(0, 5),
          };
    const ahead = random.next() < 0.4;
    const first = pieces(random, ahead ? head + echo : head, 0);
    const steps = ahead ? first : [...first, ...pieces(random, echo, 1)];
    return {
      title: ahead ? 'switch, bytes right behind the head' : 'switch',
      requests: [request],
      steps,
      leaving,
      echo,
    };
  }
  const refused = dice < 0.85;
  const request: CaseRequest = {
    ...base,
    plan: planOf(
      random,
      refused ? 'no switch' : 'switch to another',
      refused ? okFor(nonce) : agreed.replace(': foo', ': other'),
      'keep',
    ),
    outcome: refused
      ? { kind: 'exact', status: 200, body: nonce, trailers: [], interims: 0 }
      : { kind: 'refused', statuses: [502] },
    closes: false,
  };
  const [next] = cleanRequests(random, caseIndex, 2, false).slice(1);
  const requests = [request, next!];
  return { title: request.plan.name, requests, steps: stepsOf(random, requests, ''), leaving: DONE };
}

/** The writes of a client: one request after the other's response, or all at once, in few pieces or many. */
function stepsOf(random: SeededRandom, requests: readonly CaseRequest[], behind: string): Step[] {
  if (random.next() < 0.5) return pieces(random, requests.map(({ wire }) => wire).join('') + behind, 0);
  return requests.flatMap(({ wire }, index) =>
    pieces(random, index === requests.length - 1 ? wire + behind : wire, index),
  );
}

function pieces(random: SeededRandom, text: string, afterResponses: number): Step[] {
  const dice = random.next();
  if (dice < 0.6) return [{ text, afterResponses, pauseMs: -1 }];
  const steps: Step[] = [];
  // Rarely byte by byte, as far as it may take.
  const most = dice < 0.63 ? 150 : random.between(1, 6);
  const pauseMs = dice < 0.9 ? 0 : random.between(1, 5);
  let at = 0;
  for (let i = 0; i < most && at < text.length; i++) {
    const size =
      dice < 0.63
        ? random.between(1, 3)
        : random.between(1, Math.max(1, Math.min(text.length, dice < 0.8 ? 400 : text.length)));
    steps.push({ text: text.slice(at, at + size), afterResponses, pauseMs: dice < 0.63 ? 0 : pauseMs });
    at += size;
  }
  if (at < text.length) steps.push({ text: text.slice(at), afterResponses, pauseMs });
  return steps;
}

function cutSteps(steps: readonly Step[], length: number): Step[] {
  const cut: Step[] = [];
  let left = length;
  for (const step of steps) {
    if (left <= 0) break;
    cut.push({ ...step, text: step.text.slice(0, left) });
    left -= step.text.length;
  }
  return cut;
}
