import type { ErrorCode } from '../../src/errors.ts';
import { VIA } from './field-names.ts';
import type { Head } from './head.ts';
import type { HttpInstance } from './http-instance.ts';

/** Why a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  /** Default: `bad_request`. */
  readonly code?: ErrorCode;
}

const SPACE = 0x20;

const refusal = (status: number, reason: string): Refusal => ({ status, reason });

const BAD_VERSION = refusal(400, 'the HTTP version must be 1.0 or 1.1');
const UNKNOWN_VERSION = refusal(505, 'the HTTP version must be 1.0 or 1.1');
const CODING_IN_1_0 = refusal(400, 'HTTP/1.0 has no Transfer-Encoding');
const UNKNOWN_CODING = refusal(501, 'the only supported Transfer-Encoding is chunked');
const BAD_LENGTH = refusal(400, 'Content-Length must be one number');
const TWO_LENGTHS = refusal(400, 'Content-Length and Transfer-Encoding exclude each other');
export const BAD_HOST = refusal(400, 'there must be exactly one valid Host');
export const BAD_TARGET = refusal(400, 'the request target is malformed');
export const AMBIGUOUS_PATH = refusal(400, 'the path holds an encoded slash, backslash or NUL');
const NO_CONNECT = refusal(405, 'CONNECT is not allowed here');
const LONG_TARGET = refusal(414, 'the request target is too long');
export const LARGE_BODY: Refusal = {
  status: 413,
  reason: 'the request body is too large',
  code: 'body_too_large',
};
const LOOP: Refusal = { status: 508, reason: 'the request came through this proxy before', code: 'loop' };

/** The parser takes several spaces before the version. */
function versionAt({ bytes, urlEnd }: Head): number {
  let at = urlEnd;
  while (bytes[at] === SPACE) at += 1;
  return at;
}

/** What the parser lets through and a proxy must not (RFC 9112 3.2, 6.1, 6.3; RFC 9110 7.6.3); undefined for a sound request. */
export function checkRequest(head: Head, instance: HttpInstance): Refusal | undefined {
  const { limits } = instance.options;
  if (head.major !== 1) return head.major === 0 ? BAD_VERSION : UNKNOWN_VERSION;
  if (head.minor > 1 || !head.saysHttp(versionAt(head))) return BAD_VERSION;
  if (head.urlEnd - head.urlStart > limits.target_length) return LONG_TARGET;
  if (head.method === 'CONNECT') return NO_CONNECT;
  if (head.transferEncodings > 0) {
    if (head.minor === 0) return CODING_IN_1_0;
    if (head.contentLength !== -1) return TWO_LENGTHS;
    if (head.transferEncodings > 1 || !head.chunked) return UNKNOWN_CODING;
  }
  if (Number.isNaN(head.contentLength)) return BAD_LENGTH;
  if (head.hosts > 1 || (head.hosts === 0 && head.minor === 1)) return BAD_HOST;
  if (limits.body_size > 0 && head.contentLength > limits.body_size) return LARGE_BODY;
  if (instance.via.comesBack(head.joined(VIA))) return LOOP;
  return undefined;
}
