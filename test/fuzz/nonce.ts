/*
 * Every request of the fuzz run carries a mark of its own, and so does its response. A mark holds a check value, so that a
 * mutation can spoil a mark but never make one that belongs to another client.
 */

/** Stands for no request: whatever carries it was smuggled in, or belongs to nobody, and must not arrive anywhere. */
export const FORBIDDEN = 0xff;

const PATTERN = /~([0-9a-f]{8})([0-9a-f]{2})([0-9a-f]{6})~/g;

export interface Mark {
  readonly caseIndex: number;
  readonly request: number;
}

export function nonceOf(caseIndex: number, request: number): string {
  return `~${hex(caseIndex, 8)}${hex(request, 2)}${hex(check(caseIndex, request), 6)}~`;
}

/** All sound marks in a text, in order. */
export function marksIn(text: string): Mark[] {
  const marks: Mark[] = [];
  for (const match of text.matchAll(PATTERN)) {
    const caseIndex = Number.parseInt(match[1]!, 16);
    const request = Number.parseInt(match[2]!, 16);
    if (check(caseIndex, request) === Number.parseInt(match[3]!, 16)) marks.push({ caseIndex, request });
  }
  return marks;
}

/** A text of that length made of one mark. */
export function repeated(nonce: string, length: number): string {
  return nonce.repeat(Math.ceil(length / nonce.length)).slice(0, length);
}

function check(caseIndex: number, request: number): number {
  let mixed = Math.imul(caseIndex ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(request + 1, 0x85ebca6b);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 13)) & 0xffffff;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
