import type { RequestDraft, RequestEdits } from '../../message/client-stream.ts';
import type { RequestHead } from '../../message/message-head.ts';
import { passedFields } from './passed-fields.ts';

/**
 * The head of a request for a backend, without the lines of one attempt, the CRLF of the last line, and the blank line.
 *
 * @param own the lines that the proxy adds, each but the last with its CRLF; '' for none
 */
export function requestDraft(head: RequestHead, edits: RequestEdits, own: string): RequestDraft {
  const passed = edits.isBodySent ? withoutExpect(passedText(head, edits)) : passedText(head, edits);
  // When transforms removed all lines of the proxy, the head ends with the client's lines.
  let text = own === '' ? passed.slice(0, -2) : passed + own;
  if (!head.hasPlainLength) text += `\r\nContent-Length: ${String(head.contentLength)}`;
  if (head.chunked) text += '\r\nTransfer-Encoding: chunked';
  if (edits.upgrade !== '') text += `\r\nConnection: Upgrade\r\nUpgrade: ${edits.upgrade}`;
  return text as RequestDraft;
}

/** The request line and the client's field lines that are passed on, each with its CRLF. */
function passedText(head: RequestHead, { target, host, rules }: RequestEdits): string {
  const { hasPlainLength } = head;
  const lineStart = target === undefined && host === undefined ? head.lineStart : -1;
  // The client's line is copied as it is.
  if (lineStart >= 0) return passedFields(head, rules, hasPlainLength, lineStart, head.lineEnd);
  const hostLine = host === undefined ? '' : `Host: ${host}\r\n`;
  const passed = passedFields(head, rules, hasPlainLength, -1, 0);
  return `${head.method} ${target ?? head.target} HTTP/1.1\r\n${hostLine}${passed}`;
}

/** The lines without `Expect`, which the proxy has answered itself. */
function withoutExpect(lines: string): string {
  return lines
    .split('\r\n')
    .filter((line) => !/^expect:/i.test(line))
    .join('\r\n');
}
