import { excerpt } from './excerpt.ts';
import type { MessageReader } from './message-reader.ts';
import { refuseRequest, type Refusal } from './refusal.ts';
import { LARGE_HEAD, LONG_LINE } from './request-check.ts';

/** The head of a request is larger than it may be. */
export function refuseLargeHead(reader: MessageReader): Refusal {
  if (reader.hasOnlyTarget) return refuseRequest(LONG_LINE, '', excerpt(reader.rejected.toString('latin1')));
  const { rule, field } = reader.fault;
  return refuseRequest({ ...LARGE_HEAD, rule }, field);
}

/** The bytes of a client are no request. */
export function refuseMalformed(reader: MessageReader): Refusal {
  const { rule, reason, field, excerpt: shown } = reader.fault;
  return refuseRequest({ rule, reason, status: 400 }, field, shown);
}
