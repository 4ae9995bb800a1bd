import { ERRORS, type ErrorCode, type ErrorKind } from '../../errors.ts';

/** What the end of a lease says about its backend; `none`: nothing, as when the client left. */
export type LeaseVerdict = 'success' | 'failure' | 'none';

/** Statuses of 500 and more that do not say that the backend is in trouble: it does not know the method, or the version. Source: HAProxy, `observe layer7`. */
const HARMLESS: ReadonlySet<number> = new Set([501, 505]);

/**
 * What an outcome says about the backend: its own errors and statuses of 500 and more are failures. Errors of the client and of the proxy
 * itself say nothing.
 *
 * @param status the status of the response; 0 where there was none, or where the protocol has none
 */
export function verdictOf(error: ErrorCode | undefined, status: number): LeaseVerdict {
  if (status >= 500 && !HARMLESS.has(status)) return 'failure';
  if (error === undefined) return 'success';
  return originOf(error) === 'upstream' ? 'failure' : 'none';
}

/** What made an outcome a failure, in words: a client may have left while it got a status that is one. Parameters as of {@link verdictOf}. */
export function failureOf(error: ErrorCode | undefined, status: number): string {
  return error !== undefined && originOf(error) === 'upstream' ? error : `status ${status}`;
}

/**
 * What a lease that has ended is blamed on. A backend that closed an idle channel before it saw the request is not to blame: the request is
 * sent again.
 *
 * @param isUnanswered whether the channel served an exchange before, and no head of a response came in this one
 */
export function blamedOn(
  error: ErrorCode | undefined,
  status: number,
  isUnanswered: boolean,
): ErrorCode | undefined {
  return error === 'backend_reset' && status === 0 && isUnanswered ? 'client_abort' : error;
}

/** Plugins in plain JavaScript may end a lease with a code that the table does not have. */
function originOf(code: string): ErrorKind['origin'] | undefined {
  const kinds: Readonly<Record<string, ErrorKind>> = ERRORS;
  return kinds[code]?.origin;
}
