import type { ErrorCode } from '../../../../src/errors.ts';
import { excerpt } from '../../message/refusal/excerpt.ts';
import { CONTENT_LENGTH, TRANSFER_ENCODING } from '../../message/field-names.ts';
import type { MessageFault } from '../../message/refusal/message-fault.ts';
import type { MessageHead } from '../../message/message-head.ts';
import type { RefusalRule } from '../../message/refusal/refusal-rules.ts';
import { refuseRequest, type Refusal, type RequestRule } from '../../message/refusal/refusal.ts';
import { refuseField } from '../../message/refused-field.ts';

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
const BAD_CHUNKS = rule('chunk', 400, 'the chunked body is malformed');

/** What these rules look at in the head of a request. */
interface FramedHead extends MessageHead {
  readonly urlEnd: number;
  readonly transferEncodings: number;
  saysHttp(at: number): boolean;
}

/** The version is none that is served, or it is not one of HTTP. */
export function versionFault(head: FramedHead): Refusal | undefined {
  if (head.major !== 1) return refuseVersion(head.major === 0 ? BAD_VERSION : UNKNOWN_VERSION, head);
  if (head.minor > 1 || !head.saysHttp(versionAt(head))) return refuseVersion(BAD_VERSION, head);
  return undefined;
}

/** The length of a request must be readable in one way only (RFC 9112 6.1, 6.3); undefined when it is. */
export function framingFault(head: FramedHead): Refusal | undefined {
  if (head.transferEncodings > 0) {
    if (head.minor === 0) return refuseField(CODING_IN_1_0, head, TRANSFER_ENCODING);
    if (head.contentLength !== -1) return refuseField(TWO_LENGTHS, head, CONTENT_LENGTH);
    if (head.transferEncodings > 1 || !head.chunked)
      return refuseField(UNKNOWN_CODING, head, TRANSFER_ENCODING);
  }
  return Number.isNaN(head.contentLength) ? refuseField(BAD_LENGTH, head, CONTENT_LENGTH) : undefined;
}

/** The version as the client wrote it, such as `HTTP/2.0`, where it is none that is served; '' otherwise. */
export function statedVersion(head: FramedHead): string {
  const at = versionAt(head);
  if (head.major === 1 && head.minor <= 1 && head.saysHttp(at)) return '';
  // The memory may end behind a short head; `toString` stops there, `latin1Slice` would throw.
  const text = head.bytes.toString('latin1', at, at + LONGEST_VERSION);
  return /^[A-Z]+\/\d\.\d/.exec(text)?.[0] ?? '';
}

/** The chunks of a body, or the trailers behind them, are malformed. */
export function refuseBodyFault({ rule: broken, field, excerpt: shown }: MessageFault): Refusal {
  return refuseRequest({ ...BAD_CHUNKS, rule: broken }, field, shown);
}

/** The parser takes several spaces before the version. */
function versionAt({ bytes, urlEnd }: FramedHead): number {
  let at = urlEnd;
  while (bytes[at] === SPACE) at += 1;
  return at;
}

function refuseVersion(broken: RequestRule, head: FramedHead): Refusal {
  const at = versionAt(head);
  return refuseRequest(broken, '', excerpt(head.bytes.toString('latin1', at, at + VERSION_LENGTH)));
}
