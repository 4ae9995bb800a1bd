import type { Readable } from 'node:stream';
import type { AdminError } from './admin-error.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';
export const YAML_TYPE = 'application/yaml; charset=utf-8';

/** The answer of an endpoint. */
export interface AdminResponse {
  readonly status: number;
  /** Default: `application/json; charset=utf-8`. */
  readonly contentType?: string;
  /** Further header fields. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The whole body, or a stream that is sent as fast as the client reads it. */
  readonly body: string | Uint8Array | Readable;
}

/** An answer in JSON, indented for people, with a line feed at its end. */
export function jsonResponse(status: number, value: unknown): AdminResponse {
  return { status, body: `${JSON.stringify(value, null, 2)}\n` };
}

/** The answer for an error. */
export function errorResponse({ status, code, message, details, headers }: AdminError): AdminResponse {
  return { ...jsonResponse(status, { error: code, message, ...details }), headers };
}
