import type { Answer, LogFields, TlsSession } from '../../../src/plugin-api/index.ts';
import type { ResponseView } from './response-view.ts';

/** What filters need of the exchange that they work for. */
export interface FilteredExchange {
  readonly requestId: string;
  readonly method: string;
  readonly host: string;
  readonly clientAddress: string;
  readonly listener: string;
  readonly routeName: string;
  /** Whether the client's connection is encrypted; behind a trusted proxy, whether that proxy says so. */
  readonly isSecure: boolean;
  /** What TLS agreed on with the peer; undefined when its connection is not encrypted. */
  readonly tls: TlsSession | undefined;
  logFields(): LogFields;
  /** Counts and logs an error of a filter. */
  reportFailure(filter: string, error: unknown, fields: LogFields): void;
  /** As `FilterRequest.readBody`. */
  readBody(limitBytes: number): Promise<Buffer | undefined>;
  /** A filter returned a promise: client or backend wait until it is settled, or {@link filterFailed}. */
  filterWaits(): void;
  /** The fields of that response are read later too. */
  keepResponse(view: ResponseView): void;
  /** All filters let the request pass. */
  filtersPassed(): void;
  /** A filter answers the request. */
  filterAnswered(answer: Answer): void;
  /** A filter failed: the client gets 500, or the response is broken off when it has begun. */
  filterFailed(name: string): void;
  /** The proxy itself threw while it went on after a filter's promise, so no caller is there to catch the error. */
  broke(error: unknown): void;
}
