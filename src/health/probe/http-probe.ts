import type { Socket } from 'node:net';

import type { StatusRange } from '../../plugin-api/values/status-ranges.ts';
import type { HttpProbeSettings } from './probe-settings.ts';
import { BodySearch } from './body-search.ts';
import { finalHead, type FinalHead } from './status-line.ts';
import { ProbeSocket, type Probe, type ProbeEnded, type ProbeTarget } from './probe-socket.ts';

/** An answer without a status line in its first bytes is taken for no HTTP at all. */
const MAX_STATUS_BYTES = 4_096;
/** So long the head of an answer may be. */
const MAX_HEAD_BYTES = 32_768;
/** The end of the head: LF alone ends a line too. */
const HEAD_END = /\n\r?\n/;

/**
 * Passes when the backend sends the head of an answer with one of the expected statuses, and the expected text in its body, if there is one.
 * No more of the answer is read than that needs. Redirects are not followed.
 */
export function startHttpProbe(target: ProbeTarget, settings: HttpProbeSettings, ended: ProbeEnded): Probe {
  const connected = (socket: Socket): void => {
    const answer = new ProbeAnswer(settings, (failure) => probe.finish(failure));
    socket.on('data', (bytes: Buffer) => answer.read(bytes));
    socket.on('end', () => answer.end());
    socket.write(requestText(settings), 'latin1');
  };
  const probe = new ProbeSocket(target, connected, ended);
  return probe;
}

/** The answer of a backend, as far as it has come. */
class ProbeAnswer {
  readonly #settings: HttpProbeSettings;
  readonly #finished: (failure: string | undefined) => void;
  /** The head, as Latin-1. */
  #head = '';
  #body: BodySearch | undefined;

  /** @param finished called with the result; the caller reads no more then */
  constructor(settings: HttpProbeSettings, finished: (failure: string | undefined) => void) {
    this.#settings = settings;
    this.#finished = finished;
  }

  read(bytes: Buffer): void {
    if (this.#body !== undefined) {
      this.#search(this.#body, bytes.toString('latin1'));
      return;
    }
    this.#head += bytes.toString('latin1');
    const head = finalHead(this.#head);
    if (head === 'malformed') this.#finished('the answer is not HTTP/1');
    else if (head !== 'incomplete') this.#judge(head);
    else if (this.#head.length >= MAX_STATUS_BYTES)
      this.#finished(`no status in the first ${MAX_STATUS_BYTES} bytes of the answer`);
  }

  /** The backend sends no more. */
  end(): void {
    const found = this.#body?.end();
    if (found !== undefined) this.#finished(this.#bodyFailure(found));
  }

  #judge({ status, start }: FinalHead): void {
    const { expectedStatus } = this.#settings;
    const isExpected = expectedStatus.some(({ from, to }) => status >= from && status <= to);
    if (isExpected) this.#awaitHead(this.#head.slice(start), status);
    else this.#finished(unexpected(status, this.#settings));
  }

  /** A status alone does not pass: a backend that stops behind it serves no request. */
  #awaitHead(text: string, status: number): void {
    const end = HEAD_END.exec(text);
    if (end === null) {
      if (this.#head.length >= MAX_HEAD_BYTES)
        this.#finished(`the head of the answer is longer than ${MAX_HEAD_BYTES} bytes`);
      return;
    }
    const { expectedBody, method } = this.#settings;
    if (expectedBody === undefined) {
      this.#finished(undefined);
      return;
    }
    const length = end.index + end[0].length;
    const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
    this.#body = new BodySearch(expectedBody, text.slice(0, length), hasBody);
    this.#search(this.#body, text.slice(length));
  }

  #search(body: BodySearch, text: string): void {
    const found = body.read(text);
    if (found !== undefined) this.#finished(this.#bodyFailure(found));
  }

  #bodyFailure(found: string): string | undefined {
    if (found === 'found') return undefined;
    return `answered ${requestLine(this.#settings)} with an expected status, but ${found}`;
  }
}

/** Names the request, the expected statuses and the keys that set them, as the check may come from a default. */
function unexpected(status: number, settings: HttpProbeSettings): string {
  const expected = settings.expectedStatus.map(statusText).join(', ');
  return `answered ${requestLine(settings)} with status ${status}, and not with ${expected} (set health_check.path or health_check.expected_status)`;
}

function statusText({ from, to }: StatusRange): string {
  return from === to ? `${from}` : `${from}-${to}`;
}

/** Without the query, which may have secrets. */
function requestLine({ method, path }: HttpProbeSettings): string {
  const [shownPath = '/'] = path.split('?');
  return `${method} ${shownPath}`;
}

function requestText({ method, path, host, headers }: HttpProbeSettings): string {
  const fields = new Map<string, string>([
    ['user-agent', 'User-Agent: balance-health'],
    ['accept', 'Accept: */*'],
  ]);
  for (const [name, value] of headers) fields.set(name.toLowerCase(), `${name}: ${value}`);
  // A server may wait for a body that nobody says to be empty.
  if (method === 'POST') fields.set('content-length', 'Content-Length: 0');
  const lines = [`${method} ${asciiPath(path)} HTTP/1.1`, `Host: ${host}`, ...fields.values()];
  return `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`;
}

/** The path with all but visible ASCII percent-encoded as UTF-8; what is encoded already stays as it is. */
function asciiPath(path: string): string {
  const bytes = Buffer.from(path).toString('latin1');
  return bytes.replace(
    /[^\x21-\x7e]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
