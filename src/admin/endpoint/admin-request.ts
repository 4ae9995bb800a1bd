import type { IncomingHttpHeaders } from 'node:http';
import { AdminError } from './admin-error.ts';

/** The methods of endpoints. The server itself answers HEAD and OPTIONS. */
export type AdminMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The fields that an {@link AdminRequest} is made of. */
export type AdminRequestFields = Omit<AdminRequest, 'text' | 'json'>;

/** A request with its complete body. */
export class AdminRequest {
  readonly method: AdminMethod;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Empty when there is none. */
  readonly body: Buffer;
  /** Aborted when the client is gone, when the answer takes too long or when the server ends. */
  readonly signal: AbortSignal;

  constructor(fields: AdminRequestFields) {
    this.method = fields.method;
    this.path = fields.path;
    this.query = fields.query;
    this.headers = fields.headers;
    this.body = fields.body;
    this.signal = fields.signal;
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
