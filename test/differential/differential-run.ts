import type { RequestCase } from './case.ts';
import type { ResponseCase } from './cases/response-cases.ts';
import { kindOf, signatureOf, type Kind, type Outcome } from './compare.ts';
import { judgeAgreement } from './judge-agreement.ts';
import { judgeForwarded, type Finding } from './judge-forwarded.ts';
import { judgeRelay, judgeResponse, passedResponse } from './judge-response.ts';
import { runAll, type Lane, type Observation } from './lane.ts';
import { shown, type ReadMessage } from './message.ts';
import { plainReply, type Replies } from './observing-backend.ts';
import type { ProxyUnderTest } from './proxies/proxy.ts';
import { hostOf, readRequests } from './read-messages.ts';
import { CANARY } from './case.ts';
import { LENIENT } from './reading.ts';

/** One case in all proxies. */
export interface Comparison {
  readonly index: number;
  readonly family: string;
  readonly what: string;
  readonly sent: string;
  readonly kind: Kind;
  readonly signature: string;
  readonly proxies: readonly ProxyResult[];
}

export interface ProxyResult extends Outcome {
  readonly observation: Observation;
  readonly findings: readonly Finding[];
}

/** Runs the request cases through each proxy, one proxy after the other. The first one is ours. */
export async function runRequests(
  proxies: readonly ProxyUnderTest[],
  cases: readonly RequestCase[],
): Promise<Comparison[]> {
  const observations: Observation[][] = [];
  for (const proxy of proxies) {
    observations.push(await runAll(proxy.lanes, cases, (lane, attempt) => lane.run(attempt)));
  }
  return cases.map((attempt, at) => {
    const results = proxies.map(({ name }, number) => {
      const observation = observations[number]?.[at] as Observation;
      const findings = judgeForwarded(observation.forwarded);
      if (number === 0) findings.push(...judgeAgreement(attempt.bytes, observation));
      return { ...requestOutcome(name, observation), observation, findings };
    });
    return comparison(attempt, results);
  });
}

/** Runs the response cases through each proxy. */
export async function runResponses(
  proxies: readonly ProxyUnderTest[],
  cases: readonly ResponseCase[],
): Promise<Comparison[]> {
  const observations: Observation[][] = [];
  for (const proxy of proxies) observations.push(await runAll(proxy.lanes, cases, exchangeResponse));
  return cases.map((attempt, at) => {
    const results = proxies.map(({ name }, number) => {
      const observation = observations[number]?.[at] as Observation;
      const passed = passedResponse(attempt, observation);
      const meaning = passed === undefined ? '' : `${String(passed.status)} ${shown(passed.body, 200)}`;
      const findings = judgeResponse(attempt, observation);
      if (number === 0) findings.push(...judgeRelay(attempt, observation));
      return { proxy: name, accepted: passed !== undefined, meaning, observation, findings };
    });
    return comparison(attempt, results);
  });
}

function exchangeResponse(lane: Lane, attempt: ResponseCase): Promise<Observation> {
  const request = `${attempt.method} /subject ${attempt.version}\r\nHost: subject.test\r\n\r\n`;
  const replies: Replies = (asked, number) =>
    asked.target === '/subject' ? { bytes: attempt.bytes, close: attempt.close } : plainReply(asked, number);
  return lane.exchange(request + CANARY, 'whole', replies);
}

function comparison(attempt: RequestCase | ResponseCase, proxies: ProxyResult[]): Comparison {
  const { index, family, what, bytes } = attempt;
  return {
    index,
    family,
    what,
    sent: bytes,
    kind: kindOf(proxies),
    signature: signatureOf(proxies),
    proxies,
  };
}

/** Accepted is what a lenient backend can take for at least one whole request. */
function requestOutcome(proxy: string, observation: Observation): Outcome {
  const requests = observation.forwarded.flatMap(({ bytes }) => [...readRequests(bytes, LENIENT).messages]);
  return { proxy, accepted: requests.length > 0, meaning: requests.map(summaryOf).join(' | ') };
}

function summaryOf(request: ReadMessage): string {
  const body =
    request.body === '' ? '' : ` with ${shown(request.body, 80)} (${String(request.body.length)} bytes)`;
  return shown(`${request.method} ${request.target} for ${hostOf(request, LENIENT)}`, 200) + body;
}
