import type { ErrorCode } from '../../../../src/errors.ts';
import { excerpt } from '../../message/refusal/excerpt.ts';
import { CONTENT_LENGTH, TRANSFER_ENCODING } from '../../message/field-names.ts';
import {
  type MessageFault,
  refuseRequest,
  type Refusal,
  type RequestRule,
} from '../../message/refusal/refusal.ts';
import type { MessageHead } from '../../message/message-head.ts';
import type { RefusalRule } from '../../message/refusal/refusal-rules.ts';
import { refuseField } from '../../message/refused-field.ts';

const SPACE = 0x20;
/** `HTTP/1.1` */
const VERSION_LENGTH = 8;
/** The refusal of any protocol that the parser knows beside HTTP. */
const LONGEST_VERSION = 12;

const rule = (name: RefusalRule, status: number, reason: string, code?: ErrorCode): RequestRule =>
  code === undefined ? { rule: name, status, reason } : { rule: name, status, reason, code };

const BAD_VERSION = rule('version', 400, 'the HTTP version must be one of 1.0 to 1.9');
const UNKNOWN_VERSION = rule('version', 505, 'the HTTP version must be one of 1.0 to 1.9');
const CODING_IN_1_0 = rule('transfer_encoding', 400, 'HTTP/1.0 has no Transfer-Encoding');
const UNKNOWN_CODING = rule('transfer_encoding', 501, 'the only supported Transfer-Encoding is chunked');
const BAD_LENGTH = rule('content_length', 400, 'Content-Length must be one number');
const TWO_LENGTHS = rule('two_lengths', 400, 'Content-Length and Transfer-Encoding exclude each other');
const BAD_CHUNKS = rule('chunk', 400, 'the chunked body is malformed');

/** The parts of a request's head that these rules depend on. */
interface FramedHead extends MessageHead {
  readonly urlEnd: number;
  readonly transferEncodings: number;
  saysHttp(at: number): boolean;
}

/** The refusal of a version that the proxy does not serve, or that is not one of HTTP; undefined for a version that it serves. */
export function versionFault(head: FramedHead): Refusal | undefined {
  if (head.major !== 1) return refuseVersion(head.major === 0 ? BAD_VERSION : UNKNOWN_VERSION, head);
  if (head.minor > 1 || !head.saysHttp(versionAt(head))) return refuseVersion(BAD_VERSION, head);
  return undefined;
}

/** The refusal of a request whose length has more than one reading (RFC 9112 6.1, 6.3); undefined when it has one. */
export function framingFault(head: FramedHead): Refusal | undefined {
  if (head.transferEncodings > 0) {
    if (head.minor === 0) return refuseField(CODING_IN_1_0, head, TRANSFER_ENCODING);
    if (head.contentLength !== -1) return refuseField(TWO_LENGTHS, head, CONTENT_LENGTH);
    if (head.transferEncodings > 1 || !head.chunked)
      return refuseField(UNKNOWN_CODING, head, TRANSFER_ENCODING);
  }
  return Number.isNaN(head.contentLength) ? refuseField(BAD_LENGTH, head, CONTENT_LENGTH) : undefined;
}

/** The version as the client wrote it, such as `HTTP/2.0`, when the proxy does not serve that version; '' otherwise. */
export function statedVersion(head: FramedHead): string {
  const at = versionAt(head);
  if (head.major === 1 && head.minor <= 1 && head.saysHttp(at)) return '';
  // The memory may end right after a short head: `toString` stops there, `latin1Slice` would throw.
  const text = head.bytes.toString('latin1', at, at + LONGEST_VERSION);
  return /^[A-Z]+\/\d\.\d/.exec(text)?.[0] ?? '';
}

/** The refusal of malformed chunks or trailers. */
export function refuseBodyFault({ rule: broken, field, excerpt: shown }: MessageFault): Refusal {
  return refuseRequest({ ...BAD_CHUNKS, rule: broken }, field, shown);
}

/** The index of the version: the parser accepts several spaces before it. */
function versionAt({ bytes, urlEnd }: FramedHead): number {
  let at = urlEnd;
  while (bytes[at] === SPACE) at += 1;
  return at;
}

function refuseVersion(broken: RequestRule, head: FramedHead): Refusal {
  const at = versionAt(head);
  return refuseRequest(broken, '', excerpt(head.bytes.toString('latin1', at, at + VERSION_LENGTH)));
}
