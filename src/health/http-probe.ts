import type { Socket } from 'node:net';
import type { StatusRange } from '../config/values/status-ranges.ts';
import { ProbeSocket, type Probe, type ProbeEnded, type ProbeTarget } from './probe-socket.ts';
import { finalStatus } from './status-line.ts';

/** An answer without a status line in its first bytes is taken for no HTTP at all. */
const MAX_ANSWER_BYTES = 4096;

export interface HttpProbeRequest {
  /** With a query, if one is needed; what is not ASCII is sent percent-encoded. */
  readonly path: string;
  /** The `Host` header. */
  readonly host: string;
  readonly expectedStatus: readonly StatusRange[];
}

/** Passes when the backend answers a GET with one of the expected statuses; the rest of the answer is not read. */
export function startHttpProbe(target: ProbeTarget, request: HttpProbeRequest, ended: ProbeEnded): Probe {
  let answer = '';
  const read = (bytes: Buffer): void => {
    answer += bytes.toString('latin1', 0, MAX_ANSWER_BYTES - answer.length);
    const status = finalStatus(answer);
    if (typeof status === 'number') {
      probe.finish(
        isExpectedStatus(status, request.expectedStatus) ? undefined : unexpected(status, request),
      );
    } else if (status === 'malformed') {
      probe.finish('the answer is not HTTP/1');
    } else if (answer.length >= MAX_ANSWER_BYTES) {
      probe.finish(`no status in the first ${MAX_ANSWER_BYTES} bytes of the answer`);
    }
  };
  const connected = (socket: Socket): void => {
    socket.on('data', read);
    socket.write(requestText(request));
  };
  const probe = new ProbeSocket(target, connected, ended);
  return probe;
}

function isExpectedStatus(status: number, ranges: readonly StatusRange[]): boolean {
  return ranges.some(({ from, to }) => status >= from && status <= to);
}

/** Names the request, the expected statuses and the keys that set them, as the check may come from a default. */
function unexpected(status: number, { path, expectedStatus }: HttpProbeRequest): string {
  const [shownPath = '/'] = path.split('?');
  const expected = expectedStatus.map(({ from, to }) => (from === to ? from : `${from}-${to}`)).join(', ');
  return `answered GET ${shownPath} with status ${status}, and not with ${expected} (set health_check.path or health_check.expected_status)`;
}

function requestText({ path, host }: HttpProbeRequest): string {
  return `GET ${asciiPath(path)} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: balance-health\r\nAccept: */*\r\nConnection: close\r\n\r\n`;
}

/** The path with all but visible ASCII percent-encoded as UTF-8; what is encoded already stays as it is. */
function asciiPath(path: string): string {
  const bytes = Buffer.from(path).toString('latin1');
  return bytes.replace(
    /[^\x21-\x7e]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
