import type { ResponseHead } from './message-head.ts';

/** Finds in a list of schemes one whose credentials count for a whole connection and not for one request (RFC 4559, MS-NTHT). */
const SCHEME = /(?:^|,)[ \t]*(?:ntlm|negotiate)(?:[ \t,]|$)/i;
const CHALLENGES: ReadonlySet<string> = new Set(['www-authenticate', 'proxy-authenticate']);

/** Whether that value of Authorization, or of a challenge, authenticates the whole connection. */
export function bindsConnection(value: string): boolean {
  return SCHEME.test(value);
}

/** Whether a response asks the client to authenticate its connection. */
export function challengesConnection(head: ResponseHead): boolean {
  if (head.status !== 401 && head.status !== 407) return false;
  for (let field = 0; field < head.fields; field++) {
    if (CHALLENGES.has(head.nameText(field).toLowerCase()) && SCHEME.test(head.valueText(field))) return true;
  }
  return false;
}
