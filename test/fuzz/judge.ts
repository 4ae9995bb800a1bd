import type { CaseRequest, FuzzCase, Outcome } from './case.ts';
import type { GotResponse, Sight } from './case-run.ts';
import { FORBIDDEN, marksIn } from './nonce.ts';
import { valuesOf } from './strict-reader.ts';

/** The fault in what a client and the backends saw of a case; undefined when there is none. */
export function judge(fuzzCase: FuzzCase, sight: Sight): string | undefined {
  if (fuzzCase.complaints.length > 0) return fuzzCase.complaints.join('; ');
  return (
    foreignBytes(fuzzCase, sight) ??
    badForm(sight) ??
    (fuzzCase.blind ? undefined : wrongAnswers(fuzzCase, sight))
  );
}

function foreignBytes({ index, blind }: FuzzCase, { received }: Sight): string | undefined {
  for (const mark of marksIn(received)) {
    if (mark.caseIndex !== index) return `the client got bytes that belong to case ${mark.caseIndex}`;
    if (mark.request === FORBIDDEN && !blind) return 'the client got bytes that belong to nobody';
  }
  return undefined;
}

function badForm(sight: Sight): string | undefined {
  if (sight.malformed !== undefined) return `the client got what is no sound response: ${sight.malformed}`;
  if (sight.hung) return 'nothing ended the case: an answer or a close is missing';
  return undefined;
}

/** Goes through requests and responses side by side. */
function wrongAnswers({ requests, echo }: FuzzCase, sight: Sight): string | undefined {
  let optional = false;
  let at = 0;
  for (const request of requests) {
    const got = sight.responses[at];
    if (got === undefined) {
      if (optional || sight.left) break;
      // A reset takes along what the client had not read yet of a response that was broken off.
      if (request.outcome.kind !== 'exact' && sight.ending !== undefined) break;
      return `request ${request.number} got no answer (the proxy's side: ${sight.ending ?? 'open'})`;
    }
    at += 1;
    const cutByClient = sight.left && !got.complete;
    const why = wrongAnswer(request, got, sight, cutByClient, echo);
    if (why !== undefined) return `request ${request.number} (${request.plan.name}): ${why}`;
    if (!got.complete || got.untilClose || request.closes) break;
    optional ||= request.restOptional || got.status === 502 || request.outcome.kind === 'any';
  }
  return sight.responses.length > at
    ? `a response too many: ${sight.responses[at]!.head.startLine}`
    : undefined;
}

function wrongAnswer(
  request: CaseRequest,
  got: GotResponse,
  sight: Sight,
  cutByClient: boolean,
  echo: string,
): string | undefined {
  const { outcome } = request;
  // An answer that the backend garbled may be garbled here too, but it must not carry the sound mark of another request.
  if (outcome.kind === 'any') {
    const other = marksIn(got.nonce ?? '').find((mark) => mark.request !== request.number);
    return other === undefined ? undefined : `the answer belongs to request ${other.request}`;
  }
  if (got.nonce !== undefined && got.nonce !== request.nonce) return `the answer carries ${got.nonce}`;
  const dates = valuesOf(got.head, 'date').length;
  if (dates !== 1 && got.status !== 101) return `${dates} Date fields`;
  if (valuesOf(got.head, 'x-hop').length > 0) return 'a hop-by-hop field was passed on';
  if (request.mayFail && isRefusal(got, [502], cutByClient)) return undefined;
  switch (outcome.kind) {
    case 'exact':
      return notExact(request, outcome, got, cutByClient, echo);
    case 'refused':
      return isRefusal(got, outcome.statuses, cutByClient)
        ? undefined
        : `${shown(got)} instead of a refusal with ${String(outcome.statuses)}`;
    case 'broken': {
      if (isRefusal(got, [502, 504], cutByClient)) return undefined;
      if (got.complete) return `${shown(got)} looks whole, though the backend's response was not`;
      if (got.status !== outcome.status || !outcome.body.startsWith(got.body))
        return `wrong beginning ${shown(got)}`;
      return sight.ending === undefined && !sight.left ? 'neither whole nor broken off' : undefined;
    }
  }
}

function notExact(
  request: CaseRequest,
  outcome: Outcome & { kind: 'exact' },
  got: GotResponse,
  cutByClient: boolean,
  echo: string,
): string | undefined {
  if (got.status !== outcome.status) return `${shown(got)} instead of ${outcome.status}`;
  if (got.nonce === undefined) return 'the answer lost its mark';
  if (got.interims !== outcome.interims)
    return `${got.interims} interim responses instead of ${outcome.interims}`;
  if (cutByClient) {
    return outcome.body.startsWith(got.body) ? undefined : `wrong beginning of the body ${shown(got)}`;
  }
  if (got.body !== outcome.body) return `wrong body ${shown(got)} instead of ${outcome.body.length} bytes`;
  if (echo !== '') return undefined;
  if (!got.complete) return `broken off: ${shown(got)}`;
  if (request.method !== 'HEAD' && !got.untilClose && got.trailers.join() !== outcome.trailers.join()) {
    return `trailers ${JSON.stringify(got.trailers)} instead of ${JSON.stringify(outcome.trailers)}`;
  }
  return undefined;
}

/** Whether it is an answer that the proxy gave itself. */
function isRefusal(
  got: GotResponse,
  statuses: readonly number[] | 'any error',
  cutByClient: boolean,
): boolean {
  if (got.nonce !== undefined || (!got.complete && !cutByClient)) return false;
  return statuses === 'any error' ? got.status >= 400 : statuses.includes(got.status);
}

function shown(got: GotResponse): string {
  const body = got.body.length > 120 ? `${got.body.slice(0, 120)}…` : got.body;
  const state = got.complete ? 'whole' : 'not whole';
  return `${got.status} with ${got.body.length} bytes, ${state}: ${JSON.stringify(body)}`;
}
