import { shown, type ReadMessage } from './message.ts';
import type { Forwarded } from './observing-backend.ts';
import { BROKEN_READINGS, LENIENT, LENIENT_READINGS, STRICT, type Reading } from './reading.ts';
import { hostOf, readRequests, type ReadStream } from './read-messages.ts';

/** A fault in the bytes that a proxy passed on. */
export interface Finding {
  /** dangerous: two backends could disagree about it, or it is not what the client asked for. remark: worth knowing. */
  readonly level: 'dangerous' | 'remark';
  /** A short name, the same for all cases of a kind. */
  readonly rule: string;
  readonly detail: string;
}

/** Names that must not come as trailers: a backend that merges them into the head is steered by them (RFC 9110 6.5.1). */
const NO_TRAILERS =
  /^(?:content-(?:length|encoding|type|range)|transfer-encoding|host|connection|te|trailer|upgrade|keep-alive|proxy-connection|authorization|cookie|expect|max-forwards|x-forwarded-.*|forwarded|x-real-ip)$/;

/** Reads what a backend got as a strict one and as many lenient ones would; they must all see the same. */
export function judgeForwarded(connections: readonly Forwarded[]): Finding[] {
  return connections.flatMap((connection) => judgeConnection(connection));
}

/** The requests that a strict backend would read in these bytes. */
export function strictRequests(connections: readonly Forwarded[]): ReadMessage[] {
  return connections.flatMap(({ bytes }) => [...readRequests(bytes, STRICT).messages]);
}

function judgeConnection({ bytes, closed }: Forwarded): Finding[] {
  const strict = readRequests(bytes, STRICT);
  const findings: Finding[] = [];
  if (strict.state === 'refused') {
    findings.push(finding('dangerous', `a strict backend refuses ${strict.why}`, bytes.slice(strict.at)));
  } else if (strict.state === 'incomplete' && !closed) {
    findings.push(finding('dangerous', 'left in the middle of a request', bytes.slice(strict.at)));
  }
  // Requests that no strict backend takes are compared as lenient backends read them.
  const [expected, expecting] =
    strict.state === 'refused' ? [readRequests(bytes, LENIENT), LENIENT] : [strict, STRICT];
  for (const [level, readings] of [
    ['dangerous', LENIENT_READINGS],
    ['remark', BROKEN_READINGS],
  ] as const) {
    for (const reading of readings) {
      const difference = differenceOf(expected, expecting, readRequests(bytes, reading), reading);
      if (difference !== undefined) findings.push(finding(level, `${reading.name}: ${difference}`, bytes));
    }
  }
  for (const request of strict.messages) findings.push(...steeringOf(request, bytes));
  return findings;
}

/** How a reading differs from the expected one; a backend that refuses what another takes closes, and does no harm. */
function differenceOf(
  known: ReadStream,
  knownBy: Reading,
  other: ReadStream,
  reading: Reading,
): string | undefined {
  for (const [at, request] of other.messages.entries()) {
    const expected = known.messages[at];
    if (expected === undefined) return 'sees another request';
    if (request.start !== expected.start || request.end !== expected.end) return 'ends a request elsewhere';
    if (request.method !== expected.method || request.target !== expected.target)
      return 'sees another target';
    if (hostOf(request, reading) !== hostOf(expected, knownBy)) return 'sees another Host';
    if (request.body !== expected.body) return 'sees another body';
  }
  if (other.messages.length < known.messages.length && other.state === 'incomplete')
    return 'takes a request for body';
  return undefined;
}

function steeringOf(request: ReadMessage, bytes: string): Finding[] {
  const findings: Finding[] = [];
  const steering = request.trailers.filter((trailer) => NO_TRAILERS.test(trailer.name));
  if (steering.length > 0) findings.push(finding('remark', 'a trailer that steers when it is merged', bytes));
  const upgrade = request.fields.find((field) => field.name === 'upgrade')?.value ?? '';
  if (/\bh2c?\b|HTTP\/2/i.test(upgrade)) {
    // After an agreed h2c come requests that the proxy never sees.
    findings.push(finding('dangerous', 'offers HTTP/2 to the backend', bytes));
  }
  if (request.target.includes('#')) findings.push(finding('remark', 'a fragment in the target', bytes));
  if (/[\x80-\xff]/.test(request.target))
    findings.push(finding('remark', 'bytes beyond ASCII in the target', bytes));
  return findings;
}

function finding(level: Finding['level'], rule: string, bytes: string): Finding {
  return { level, rule, detail: shown(bytes) };
}
