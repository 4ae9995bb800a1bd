import type { Answer, LogFields, Logger, TlsSession } from '../../../src/plugin-api/index.ts';

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
  readonly logger: Logger;
  logFields(): LogFields;
  /** A filter returned a promise: the client waits until {@link filtersPassed}, {@link filterAnswered} or {@link filterFailed}. */
  filterWaits(): void;
  /** All filters let the request pass. */
  filtersPassed(): void;
  /** A filter answers the request. */
  filterAnswered(answer: Answer): void;
  /** A filter failed: the client gets 500, or the response is broken off when it has begun. */
  filterFailed(name: string): void;
  /** The proxy itself threw while it went on after a filter's promise, so no caller is there to catch the error. */
  broke(error: unknown): void;
}
