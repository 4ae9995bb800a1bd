import type { ResponseCase } from './cases/response-cases.ts';
import type { Finding } from './judge-forwarded.ts';
import type { Received } from './attempt-client.ts';
import { shown, valuesOf, type ReadMessage } from './message.ts';
import { LENIENT, LENIENT_READINGS, REPAIRABLE_RESPONSE, STRICT } from './reading.ts';
import { readResponses } from './read-messages.ts';

/** Judges the bytes that a client got: every client must read the same messages in them, and only messages that the backend meant for it. */
export function judgeResponse(attempt: ResponseCase, received: Received): Finding[] {
  const { bytes } = received;
  const ended = received.ending === 'closed';
  const methods = [attempt.method, 'GET'];
  const strict = readResponses(bytes, methods, ended, STRICT);
  const findings: Finding[] = [];
  const found = (rule: string): void => {
    findings.push({ level: 'dangerous', rule, detail: shown(bytes) });
  };
  if (strict.state === 'refused') found(`a strict client refuses ${strict.why}`);
  const expected = strict.state === 'refused' ? readResponses(bytes, methods, ended, LENIENT) : strict;
  for (const reading of LENIENT_READINGS) {
    const other = readResponses(bytes, methods, ended, reading);
    const same = other.messages.every((message, at) => isSame(message, expected.messages[at]));
    if (!same) found(`${reading.name}: sees another response`);
  }
  const finals = expected.messages.filter((message) => message.status >= 200);
  const original = originalOf(attempt);
  // Behind an interim response alone, the hidden one is the answer.
  const meant = original.response !== undefined && isHidden(original.response) ? 1 : 0;
  if (finals.slice(meant).some(isHidden)) found('a hidden response is an answer');
  return findings;
}

/** Whether the proxy kept its word: the response that it passes on as whole is the backend's, was whole, and had one safe reading. */
export function judgeRelay(attempt: ResponseCase, received: Received): Finding[] {
  const passed = passedResponse(attempt, received);
  const change = passed === undefined ? undefined : changeOf(attempt, passed);
  if (change === undefined) return [];
  return [{ level: 'dangerous', rule: `passed on otherwise: ${change}`, detail: shown(received.bytes) }];
}

/** The backend's response as the client got it, or undefined when the proxy answered in its place or broke off. */
export function passedResponse(attempt: ResponseCase, received: Received): ReadMessage | undefined {
  const read = readResponses(received.bytes, [attempt.method, 'GET'], received.ending === 'closed', STRICT);
  const first = read.messages.find((message) => message.status >= 200);
  return first !== undefined && isSubject(first) ? first : undefined;
}

function isSame(message: ReadMessage, expected: ReadMessage | undefined): boolean {
  if (expected === undefined) return false;
  const { start, end, status, body } = expected;
  return message.start === start && message.end === end && message.status === status && message.body === body;
}

function isHidden(message: ReadMessage): boolean {
  return valuesOf(message, 'x-hidden').length > 0;
}

function isSubject(message: ReadMessage): boolean {
  return valuesOf(message, 'x-subject').length > 0;
}

function originalOf(attempt: ResponseCase): { response: ReadMessage | undefined; why: string } {
  const read = readResponses(attempt.bytes, [attempt.method], attempt.close, REPAIRABLE_RESPONSE);
  const response = read.messages.find((message) => message.status >= 200);
  return { response, why: read.state === 'refused' ? read.why : 'it was not whole' };
}

function changeOf(attempt: ResponseCase, passed: ReadMessage): string | undefined {
  const { response, why } = originalOf(attempt);
  if (response === undefined) return why;
  if (passed.status !== response.status) return 'status';
  return passed.body === response.body ? undefined : 'body';
}
