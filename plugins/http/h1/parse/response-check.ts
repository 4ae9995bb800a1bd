import { excerpt } from '../../message/refusal/excerpt.ts';
import { CONTENT_LENGTH, TRANSFER_ENCODING } from '../../message/field-names.ts';
import type { Head } from './head.ts';
import { type MessageFault, refuseResponse, type Refusal } from '../../message/refusal/refusal.ts';
import type { RefusalRule } from '../../message/refusal/refusal-rules.ts';
import { shownField } from '../../message/refused-field.ts';

/** How many bytes the log shows of a status line without a reason. */
const SHOWN_BYTES = 32;

/** Whether the status line is sound, by checks that the parser does not make. */
export function isSound(head: Head): boolean {
  if (head.major !== 1 || head.status < 100 || head.status > 999) return false;
  // The parser skips line breaks before a status line. They are not sound: the backend and the proxy disagree where a message ends.
  return head.saysHttp(head.start);
}

/** Chunks in a response of HTTP/1.0, which has none: the bytes that follow the response can't be trusted. */
export const CHUNKS_IN_1_0: MessageFault = {
  rule: 'transfer_encoding',
  reason: 'HTTP/1.0 has no Transfer-Encoding',
  field: 'Transfer-Encoding',
  excerpt: '',
};

/** The refusal of a response that is not {@link isSound}. */
export function refuseStatusLine(head: Head): Refusal {
  const text = head.bytes.toString('latin1', head.start, Math.max(head.reasonEnd, head.start + SHOWN_BYTES));
  const end = /^[\r\n]*[^\r\n]*/.exec(text)?.[0];
  return refuseResponse('status_line', 'the status line is malformed', '', excerpt(end ?? text));
}

/**
 * The refusal of a response whose length has more than one reading (RFC 9112 6.1, 6.3); undefined when it has one. The reader has already
 * left out a length beside `chunked`, and reads chunks in HTTP/1.0 as chunks.
 */
export function checkFraming(head: Head): Refusal | undefined {
  if (Number.isNaN(head.contentLength))
    return refuseField('content_length', 'Content-Length must be one number', head, CONTENT_LENGTH);
  if (head.transferEncodings === 0) return undefined;
  if (head.contentLength !== -1)
    return refuseField(
      'two_lengths',
      'Content-Length and Transfer-Encoding exclude each other',
      head,
      CONTENT_LENGTH,
    );
  if (head.transferEncodings > 1 || !head.chunked)
    return refuseField(
      'transfer_encoding',
      'the only supported Transfer-Encoding is chunked',
      head,
      TRANSFER_ENCODING,
    );
  return undefined;
}

/** The refusal of a response in which the reader found a fault. */
export function refuseFault({ rule, reason, field, excerpt: shown }: MessageFault): Refusal {
  return refuseResponse(rule, reason, field, shown);
}

function refuseField(rule: RefusalRule, reason: string, head: Head, id: number): Refusal {
  return refuseResponse(rule, reason, ...shownField(head, id));
}
