import type { ErrorCode } from '../../../../src/errors.ts';
import { targetExcerpt } from '../../message/refusal/excerpt.ts';
import type { RefusalRule } from '../../message/refusal/refusal-rules.ts';
import { refuseRequest, type Refusal, type RequestRule } from '../../message/refusal/refusal.ts';
import type { MessageReader } from './message-reader.ts';
import { INVALID, type Progress } from './progress.ts';

const rule = (name: RefusalRule, status: number, reason: string, code: ErrorCode): RequestRule => ({
  rule: name,
  status,
  reason,
  code,
});

/** The refusal when the request line alone is larger than a head may be. */
const LONG_LINE = rule('target_size', 414, 'the request target is too long', 'head_too_large');
const LARGE_HEAD = rule('head_size', 431, 'the request head is too large', 'head_too_large');
export const SLOW_HEAD = rule('head_timeout', 408, 'the request head took too long', 'head_timeout');

/** The refusal of bytes that are not a request (`progress` INVALID), or of a head that is too large (TOO_LARGE). */
export function refuseHead(reader: MessageReader, progress: Progress): Refusal {
  const { rule, reason, field, excerpt: shown } = reader.fault;
  if (progress === INVALID) return refuseRequest({ rule, reason, status: 400 }, field, shown);
  if (reader.hasLongTarget)
    return refuseRequest(LONG_LINE, '', targetExcerpt(reader.arrived.toString('latin1')));
  return refuseRequest({ ...LARGE_HEAD, rule }, field);
}
