import { ERRORS, type ErrorCode, type ErrorKind, type ErrorOrigin } from './error-codes.ts';

/** What an error knows beyond its code and message. */
export interface BalanceErrorOptions {
  /** What was thrown before. Default: nothing. */
  readonly cause?: unknown;
  /** Only where this error differs from the table. Default: the origin of its code. */
  readonly origin?: ErrorOrigin;
  /** Only where this error differs from the table. Default: the status of its code. */
  readonly status?: number;
  /** After how many ms the work may be tried again, where that is known. The client of an HTTP request reads it as `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
}

/** Every error that crosses a module border: what happened, where it arose, and what may be done about it. */
export class BalanceError extends Error {
  readonly code: ErrorCode;
  readonly origin: ErrorOrigin;
  /** Whether the same work may be tried on another backend, because nothing of it was executed. */
  readonly retryable: boolean;
  /** The HTTP status that tells a client about it; 0 where there is none. */
  readonly status: number;
  /** After how many ms the work may be tried again; undefined where nobody knows. */
  readonly retryAfterMs: number | undefined;

  /** @param message One sentence without a full stop. An operator reads it in a log line. */
  constructor(code: ErrorCode, message: string, options: BalanceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const kind = kindOf(code);
    this.name = 'BalanceError';
    this.code = code;
    this.origin = options.origin ?? kind.origin;
    this.retryable = kind.retryable;
    this.status = options.status ?? kind.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Plugins in plain JavaScript may come with a code that the table does not have. */
function kindOf(code: string): ErrorKind {
  const kinds: Readonly<Record<string, ErrorKind>> = ERRORS;
  return kinds[code] ?? ERRORS.internal;
}
