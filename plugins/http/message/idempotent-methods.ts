/**
 * The methods that IANA's registry of HTTP methods calls idempotent, with QUERY, whose definition does so. All others, those
 * that are not registered included, may do something twice when they are sent twice.
 *
 * Source: https://www.iana.org/assignments/http-methods; RFC 9110 9.2.2.
 */
const IDEMPOTENT: ReadonlySet<string> = new Set(
  `ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY DELETE GET HEAD LABEL LINK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF
  MKWORKSPACE MOVE OPTIONS ORDERPATCH PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK
  UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL`.split(/\s+/),
);

/** Whether a request may be sent again although the backend may have executed it already. Methods are case-sensitive. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}
