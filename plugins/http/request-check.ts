import type { Head } from './head.ts';

/** Why a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const refusal = (status: number, reason: string): Refusal => ({ status, reason });

const BAD_VERSION = refusal(400, 'the HTTP version must be 1.0 or 1.1');
const UNKNOWN_VERSION = refusal(505, 'the HTTP version must be 1.0 or 1.1');
const CODING_IN_1_0 = refusal(400, 'HTTP/1.0 has no Transfer-Encoding');
const UNKNOWN_CODING = refusal(501, 'the only supported Transfer-Encoding is chunked');
const BAD_LENGTH = refusal(400, 'Content-Length must be one number');
const TWO_LENGTHS = refusal(400, 'Content-Length and Transfer-Encoding exclude each other');
export const BAD_HOST = refusal(400, 'there must be exactly one valid Host');
const NO_CONNECT = refusal(405, 'CONNECT is not allowed here');

/** What the parser lets through and a proxy must not (RFC 9112 3.2, 6.1, 6.3); undefined for a sound request. */
export function checkRequest(head: Head): Refusal | undefined {
  if (head.major !== 1) return head.major === 0 ? BAD_VERSION : UNKNOWN_VERSION;
  if (head.minor > 1) return BAD_VERSION;
  if (head.method === 'CONNECT') return NO_CONNECT;
  if (head.transferEncodings > 0) {
    if (head.minor === 0) return CODING_IN_1_0;
    if (head.contentLength !== -1) return TWO_LENGTHS;
    if (head.transferEncodings > 1 || !head.chunked) return UNKNOWN_CODING;
  }
  if (Number.isNaN(head.contentLength)) return BAD_LENGTH;
  if (head.hosts > 1 || (head.hosts === 0 && head.minor === 1)) return BAD_HOST;
  return undefined;
}
