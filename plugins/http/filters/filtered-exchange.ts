import type { Answer, LogFields, Logger } from '../../../src/plugin-api/index.ts';

/** What filters need of the exchange that they work for. */
export interface FilteredExchange {
  readonly requestId: string;
  readonly method: string;
  readonly host: string;
  readonly clientAddress: string;
  readonly listener: string;
  readonly routeName: string;
  /** Whether the client's connection is encrypted. */
  readonly isSecure: boolean;
  readonly logger: Logger;
  logFields(): LogFields;
  /** A filter gave a promise: the client is paused until {@link filtersPassed}, {@link filterAnswered} or {@link filterFailed}. */
  filterWaits(): void;
  /** All filters let the request go on. */
  filtersPassed(): void;
  /** A filter answers the request. */
  filterAnswered(answer: Answer): void;
  /** A filter failed: the request gets a 500, or what is left of its response is broken off. */
  filterFailed(name: string): void;
  /** The proxy itself failed after a filter's promise: there is nobody else to tell. */
  broke(error: unknown): void;
}
