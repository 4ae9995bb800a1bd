import type { ErrorCode } from '../../../src/errors.ts';
import { plainBytes } from '../../../src/plugin-api/values/routed-path.ts';
import { excerpt } from '../message/excerpt.ts';
import { CDN_LOOP, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, VIA } from '../message/field-names.ts';
import type { Head } from '../h1/parse/head.ts';
import { applyUnderscorePolicy } from './header-underscores.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import type { MessageReader } from '../h1/parse/message-reader.ts';
import { normalTarget } from '../routing/normal-path.ts';
import type { RequestBody } from '../exchange/request-body.ts';
import type { RefusalRule } from '../message/refusal-rules.ts';
import {
  refuseField,
  refuseRequest,
  refuseTarget,
  type Refusal,
  type RequestRule,
} from '../message/refusal.ts';
import { beforeQuery, parseTarget, withTarget, type RequestTarget } from '../routing/request-target.ts';

const SPACE = 0x20;
/** `HTTP/1.1` */
const VERSION_LENGTH = 8;
/** Of any protocol that the parser knows beside HTTP. */
const LONGEST_VERSION = 12;

const rule = (name: RefusalRule, status: number, reason: string, code?: ErrorCode): RequestRule =>
  code === undefined ? { rule: name, status, reason } : { rule: name, status, reason, code };

const BAD_VERSION = rule('version', 400, 'the HTTP version must be one of 1.0 to 1.9');
const UNKNOWN_VERSION = rule('version', 505, 'the HTTP version must be one of 1.0 to 1.9');
const CODING_IN_1_0 = rule('transfer_encoding', 400, 'HTTP/1.0 has no Transfer-Encoding');
const UNKNOWN_CODING = rule('transfer_encoding', 501, 'the only supported Transfer-Encoding is chunked');
const BAD_LENGTH = rule('content_length', 400, 'Content-Length must be one number');
const TWO_LENGTHS = rule('two_lengths', 400, 'Content-Length and Transfer-Encoding exclude each other');
export const BAD_HOST = rule('host', 400, 'there must be exactly one valid Host');
const BAD_TARGET = rule('target', 400, 'the request target is malformed');
export const TWO_READINGS = rule(
  'path_readings',
  400,
  'the path can be read in several ways, which meet different routes',
);
const AMBIGUOUS_PATH = rule('encoded_path', 400, 'the path holds an encoded slash, backslash or NUL');
const UNDERSCORE = rule('underscore', 400, 'the name of a header holds an underscore');
const BAD_CHUNKS = rule('chunk', 400, 'the chunked body is malformed');
const NO_CONNECT = rule('connect', 405, 'CONNECT is not allowed here');
const LONG_TARGET = rule('target_size', 414, 'the request target is too long');
/** The request line does not end within the size of a head. */
export const LONG_LINE = rule('target_size', 414, 'the request target is too long', 'head_too_large');
export const LARGE_HEAD = rule('head_size', 431, 'the request head is too large', 'head_too_large');
const LARGE_BODY = rule('body_size', 413, 'the request body is too large', 'body_too_large');
export const SLOW_HEAD = rule('head_timeout', 408, 'the request head took too long', 'head_timeout');
export const DRIPPED_BODY = rule('body_rate', 408, 'the request body came too slowly', 'body_too_slow');
export const SLOW_BODY = rule('body_timeout', 408, 'the request body took too long', 'body_timeout');
const LOOP = rule('loop', 508, 'the request came through this proxy before', 'loop');

/** The parser takes several spaces before the version. */
function versionAt({ bytes, urlEnd }: Head): number {
  let at = urlEnd;
  while (bytes[at] === SPACE) at += 1;
  return at;
}

/** What the parser lets through and a proxy must not (RFC 9112 3.2, 6.1, 6.3; RFC 9110 7.6.3); undefined for a sound request. */
export function checkRequest(head: Head, instance: HttpInstance): Refusal | undefined {
  const { limits } = instance.options;
  if (head.major !== 1) return refuseVersion(head.major === 0 ? BAD_VERSION : UNKNOWN_VERSION, head);
  if (head.minor > 1 || !head.saysHttp(versionAt(head))) return refuseVersion(BAD_VERSION, head);
  if (head.urlEnd - head.urlStart > limits.target_length) return refuseTarget(LONG_TARGET, head);
  if (head.method === 'CONNECT') return refuseTarget(NO_CONNECT, head);
  if (head.transferEncodings > 0) {
    if (head.minor === 0) return refuseField(CODING_IN_1_0, head, TRANSFER_ENCODING);
    if (head.contentLength !== -1) return refuseField(TWO_LENGTHS, head, CONTENT_LENGTH);
    if (head.transferEncodings > 1 || !head.chunked)
      return refuseField(UNKNOWN_CODING, head, TRANSFER_ENCODING);
  }
  if (Number.isNaN(head.contentLength)) return refuseField(BAD_LENGTH, head, CONTENT_LENGTH);
  if (head.hosts > 1) return refuseField(BAD_HOST, head, HOST);
  if (head.hosts === 0 && head.minor === 1) return refuseRequest(BAD_HOST, 'Host');
  if (limits.body_size > 0 && head.contentLength > limits.body_size)
    return refuseField(LARGE_BODY, head, CONTENT_LENGTH);
  if (instance.options.underscore_headers !== 'drop-colliding') {
    const refused = applyUnderscorePolicy(head, instance.options.underscore_headers);
    if (refused >= 0) return refuseRequest(UNDERSCORE, head.nameText(refused));
  }
  if (instance.loopMark.comesBack(head.joined(CDN_LOOP))) return refuseField(LOOP, head, CDN_LOOP);
  if (instance.via.comesBack(head.joined(VIA))) return refuseField(LOOP, head, VIA);
  return undefined;
}

/** Reads the target of a request that {@link checkRequest} found sound, in the form in which it goes to the backend. */
export function checkTarget(head: Head, { options, readsPaths }: HttpInstance): RequestTarget | Refusal {
  const { bytes, urlStart, urlEnd } = head;
  const text = bytes.latin1Slice(urlStart, urlEnd);
  const plain = readsPaths ? plainBytes(bytes, urlStart, urlEnd) : beforeQuery(text);
  const target = parseTarget(text, head.method, plain);
  if (target === undefined) return refuseTarget(BAD_TARGET, head);
  if (target.isPlain || !options.normalize_path) return target;
  const normal = normalTarget(target.forwarded, options.ambiguous_paths === 'literal');
  return normal === undefined ? refuseTarget(AMBIGUOUS_PATH, head) : withTarget(target, normal);
}

/** Says what is wrong with a body that has a fault. */
export function refuseBody({ fault }: RequestBody, reader: MessageReader): Refusal {
  if (fault === 'too large') return refuseRequest(LARGE_BODY);
  const { rule: broken, field, excerpt: shown } = reader.fault;
  return refuseRequest({ ...BAD_CHUNKS, rule: broken }, field, shown);
}

/** The version as the client wrote it, such as `HTTP/2.0`, where it is none that is served; '' otherwise. */
export function statedVersion(head: Head): string {
  const at = versionAt(head);
  if (head.major === 1 && head.minor <= 1 && head.saysHttp(at)) return '';
  // The memory may end behind a short head; `toString` stops there, `latin1Slice` would throw.
  const text = head.bytes.toString('latin1', at, at + LONGEST_VERSION);
  return /^[A-Z]+\/\d\.\d/.exec(text)?.[0] ?? '';
}

function refuseVersion(broken: RequestRule, head: Head): Refusal {
  const at = versionAt(head);
  return refuseRequest(broken, '', excerpt(head.bytes.toString('latin1', at, at + VERSION_LENGTH)));
}
