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

/** The request line does not end within the size of a head. */
const LONG_LINE = rule('target_size', 414, 'the request target is too long', 'head_too_large');
const LARGE_HEAD = rule('head_size', 431, 'the request head is too large', 'head_too_large');
export const SLOW_HEAD = rule('head_timeout', 408, 'the request head took too long', 'head_timeout');

/** The bytes of a client are no request, or the head of the request is larger than it may be: `progress` tells which. */
export function refuseHead(reader: MessageReader, progress: Progress): Refusal {
  const { rule, reason, field, excerpt: shown } = reader.fault;
  if (progress === INVALID) return refuseRequest({ rule, reason, status: 400 }, field, shown);
  if (reader.hasLongTarget)
    return refuseRequest(LONG_LINE, '', targetExcerpt(reader.arrived.toString('latin1')));
  return refuseRequest({ ...LARGE_HEAD, rule }, field);
}
