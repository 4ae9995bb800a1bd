import type { IncomingHttpHeaders } from 'node:http';
import { AdminError } from './admin-error.ts';

/** The methods that endpoints may have. HEAD and OPTIONS are answered by the server itself. */
export type AdminMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What is told of a request. */
export type AdminRequestParts = Omit<AdminRequest, 'text' | 'json'>;

/** A request whose body is there, complete and within its limit. */
export class AdminRequest {
  readonly method: AdminMethod;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Empty when there is none. */
  readonly body: Buffer;
  /** Aborted when the client is gone, the answer took too long or the server ends. */
  readonly signal: AbortSignal;

  constructor(parts: AdminRequestParts) {
    this.method = parts.method;
    this.path = parts.path;
    this.query = parts.query;
    this.headers = parts.headers;
    this.body = parts.body;
    this.signal = parts.signal;
  }

  /** The body as text. Throws an AdminError (400) when it is not UTF-8. */
  text(): string {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(this.body);
    } catch {
      throw new AdminError(400, 'bad_body', 'the body is not UTF-8');
    }
  }

  /** The value of a JSON body; undefined when the body is empty. Throws an AdminError (400) when it is not JSON. */
  json(): unknown {
    const text = this.text();
    if (text.trim() === '') return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : '';
      throw new AdminError(400, 'bad_body', `the body is not JSON: ${reason}`);
    }
  }
}
