import { UPGRADE } from '../../message/field-names.ts';
import type { FieldRules } from '../../message/field-rules.ts';
import type { ResponseHead } from '../../message/message-head.ts';
import { passedFields } from './passed-fields.ts';

/** The client must switch to another protocol to be served (RFC 9110 15.5.22). */
export const UPGRADE_REQUIRED = 426;

/** The status line and the backend's field lines that are passed on to the client, each with its CRLF. */
export function responseHeadText(head: ResponseHead, rules: FieldRules): string {
  // 1xx and 204 have no Content-Length (RFC 9110 8.6).
  const hasLength = head.status >= 200 && head.status !== 204 && !head.hidesLength;
  const passesLength = hasLength && head.hasPlainLength;
  const length = hasLength && !head.hasPlainLength ? `Content-Length: ${String(head.contentLength)}\r\n` : '';
  const { lineStart } = head;
  // The backend's line is copied as it is.
  if (lineStart >= 0) return passedFields(head, rules, passesLength, lineStart, head.lineEnd) + length;
  const passed = passedFields(head, rules, passesLength, -1, 0);
  return `HTTP/1.1 ${String(head.status)} ${head.reason}\r\n${passed}${length}`;
}

/** The protocols that a 426 demands, which the client must see; '' for other responses. */
export function demandedUpgrade(head: ResponseHead): string {
  return head.status === UPGRADE_REQUIRED ? head.joined(UPGRADE) : '';
}

/** The field lines of a response about its connection, each with its CRLF. `upgrade`: the result of {@link demandedUpgrade}. */
export function connectionLines(staysOpen: boolean, isHttp11: boolean, upgrade: string): string {
  const option = !staysOpen ? 'close' : isHttp11 ? '' : 'keep-alive';
  // HTTP/1.0 has no Upgrade (RFC 9110 7.8).
  if (upgrade === '' || !isHttp11) return option === '' ? '' : `Connection: ${option}\r\n`;
  return `Connection: ${option === '' ? '' : `${option}, `}Upgrade\r\nUpgrade: ${upgrade}\r\n`;
}
