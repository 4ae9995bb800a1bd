/** Whose fault an error is: the client's side, a backend's side, the config's author, or ours. */
export type ErrorOrigin = 'downstream' | 'upstream' | 'config' | 'internal';

/**
 * Stable identifiers of what can go wrong. They appear in logs and as the `error_type` label of
 * `balance_request_errors_total`, so none is renamed without a note in the changelog.
 */
export type ErrorCode =
  | 'bad_request'
  | 'head_too_large'
  | 'head_timeout'
  | 'body_timeout'
  | 'body_too_slow'
  | 'body_too_large'
  | 'reader_too_slow'
  | 'request_timeout'
  | 'loop'
  | 'client_abort'
  | 'no_route'
  | 'no_backend'
  | 'queue_full'
  | 'queue_timeout'
  | 'pool_timeout'
  | 'connect_failed'
  | 'connect_timeout'
  | 'backend_reset'
  | 'backend_protocol'
  | 'backend_timeout'
  | 'idle_timeout'
  | 'drain_timeout'
  | 'config_invalid'
  | 'address_in_use'
  | 'plugin_failed'
  | 'shutdown'
  | 'internal';

export interface BalanceErrorOptions {
  readonly origin: ErrorOrigin;
  /** Whether the same work may be tried on another backend, because nothing of it was executed. Default: false. */
  readonly retryable?: boolean;
  /** The HTTP status that tells a client about it; 0 where there is none. Default: 0. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** Every error that crosses a module border: what happened, whose fault it is, and what may be done about it. */
export class BalanceError extends Error {
  readonly code: ErrorCode;
  readonly origin: ErrorOrigin;
  readonly retryable: boolean;
  readonly status: number;

  constructor(code: ErrorCode, message: string, options: BalanceErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BalanceError';
    this.code = code;
    this.origin = options.origin;
    this.retryable = options.retryable ?? false;
    this.status = options.status ?? 0;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  // A name with several addresses fails with one error each and no message of its own.
  if (thrown instanceof AggregateError && thrown.message === '')
    return thrown.errors.map(messageOf).join(', ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system error code (`ECONNREFUSED`, `EADDRINUSE` …) of anything that was thrown, or ''. */
export function systemCodeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}
