import type { Observation } from './lane.ts';
import { strictRequests, type Finding } from './judge-forwarded.ts';
import { shown, valuesOf, type ReadField, type ReadMessage } from './message.ts';
import { REPAIRABLE } from './reading.ts';
import { readRequests } from './read-messages.ts';

/** Fields that a proxy takes away, rewrites or adds, with all bytes but letters and digits as dashes: so CGI reads names. */
const OWN_FIELDS =
  /^(?:connection|keep-alive|proxy-connection|te|transfer-encoding|upgrade|host|content-length|x-forwarded-.*|forwarded|x-real-ip|x-request-id|via|cdn-loop|max-forwards|traceparent|tracestate)$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/is;

/**
 * Whether the proxy kept its word: what it forwarded is what the client asked for, request by request, and it
 * forwarded whole exactly those that got a backend's answer.
 */
export function judgeAgreement(sent: string, observation: Observation): Finding[] {
  const asked = readRequests(sent, REPAIRABLE);
  const passed = strictRequests(observation.forwarded);
  const findings: Finding[] = [];
  for (const [at, request] of passed.entries()) {
    const original = asked.messages[at];
    const difference =
      original === undefined ? `nobody asked for it (${asked.why})` : changeOf(original, request);
    if (difference !== undefined)
      findings.push(broken(`forwarded otherwise: ${difference}`, request.startLine));
  }
  if (observation.answers !== passed.length) {
    const counts = `${String(passed.length)} forwarded, ${String(observation.answers)} answered`;
    findings.push(broken('forwarded and answered differ', `${counts}: ${observation.bytes}`));
  }
  return findings;
}

/** Whether the case is sound by the letter, so that refusing it is the proxy's choice. */
export function isSound(sent: string): boolean {
  return readRequests(sent, REPAIRABLE).state === 'complete';
}

/** The difference in meaning between a request and its forwarded form. */
function changeOf(original: ReadMessage, passed: ReadMessage): string | undefined {
  if (passed.method !== original.method) return 'method';
  const absolute = ABSOLUTE.exec(original.target);
  if (passed.target !== originForm(original, absolute)) return 'target';
  const host = absolute?.[1] ?? valuesOf(original, 'host')[0];
  if (host !== undefined && valuesOf(passed, 'host')[0] !== host) return 'Host';
  if (passed.version !== 'HTTP/1.1') return 'version';
  if (passed.body !== original.body) return 'body';
  if (passed.framing !== original.framing) return 'framing';
  if (linesOf(passed.fields).join('\n') !== linesOf(withoutNamed(original)).join('\n')) return 'fields';
  const offered = valuesOf(original, 'upgrade');
  if (valuesOf(passed, 'upgrade').some((protocol) => !offered.includes(protocol))) return 'upgrade';
  // Trailers that nobody may send as such need not pass.
  const trailers = linesOf(original.trailers);
  if (linesOf(passed.trailers).some((trailer) => !trailers.includes(trailer))) return 'trailers';
  return undefined;
}

function originForm(original: ReadMessage, absolute: RegExpExecArray | null): string {
  if (absolute === null) return original.target;
  const rest = absolute[2] ?? '';
  if (rest === '' && original.method === 'OPTIONS') return '*';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Fields without those that `Connection` names, and without Trailer where no trailers can come. */
function withoutNamed(original: ReadMessage): ReadField[] {
  const named = valuesOf(original, 'connection').flatMap((value) =>
    value.split(',').map((option) => option.trim().toLowerCase()),
  );
  return original.fields.filter(
    ({ name }) => !named.includes(name) && !(name === 'trailer' && original.framing !== 'chunked'),
  );
}

function linesOf(fields: readonly ReadField[]): string[] {
  return fields
    .filter((field) => !OWN_FIELDS.test(field.name.replace(/[^a-z0-9]/g, '-')))
    .map((field) => `${field.name}: ${field.value}`);
}

function broken(rule: string, detail: string): Finding {
  return { level: 'dangerous', rule, detail: shown(detail) };
}
