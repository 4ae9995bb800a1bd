/** For a client that sends a plain HTTP request to a port that speaks TLS. */
const SENTENCE = 'This port speaks HTTPS. Please use https:// in the address.\n';

const HEAD = Buffer.from('HEAD ');

/** An answer 400 to an HTTP request, after which the connection ends. The sentence is ASCII. */
export function httpAnswer(sentence: string, hasBody = true): string {
  return [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${sentence.length}`,
    'Connection: close',
    '',
    hasBody ? sentence : '',
  ].join('\r\n');
}

export const PLAIN_HTTP_ANSWER = httpAnswer(SENTENCE);

/** Whether these bytes begin a request whose answer has no body. */
export function isHeadRequest(bytes: Buffer, start: number, end: number): boolean {
  return HEAD.equals(bytes.subarray(start, Math.min(end, start + HEAD.length)));
}

/** Numbers of alerts. Source: RFC 8446, section 6. */
export const Alert = { decodeError: 50, protocolVersion: 70, unrecognizedName: 112 } as const;

const ALERT_RECORD = 21;
const FATAL = 2;

/** A fatal alert, as it is sent before anything is encrypted. */
export function alertRecord(alert: number): Buffer {
  return Buffer.from([ALERT_RECORD, 3, 1, 0, 2, FATAL, alert]);
}
