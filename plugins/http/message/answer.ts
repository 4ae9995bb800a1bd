import { STATUS_CODES } from 'node:http';

/** A response that the proxy gives itself. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  /** Further field lines, each with its CRLF. */
  readonly fields: string;
}

/** What a status means, in the words of HTTP. */
export function reasonPhrase(status: number): string {
  return STATUS_CODES[status] ?? 'Unknown';
}
