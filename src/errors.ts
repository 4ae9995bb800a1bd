/** Whose fault an error is: the client's side, a backend's side, the config's author, or ours. */
export type ErrorOrigin = 'downstream' | 'upstream' | 'config' | 'internal';

/**
 * Stable identifiers of what can go wrong. They appear in logs and as the `error_type` label of
 * `balance_request_errors_total`, so none is renamed without a note in the changelog.
 */
export const ERROR_CODES = [
  'bad_request',
  'head_too_large',
  'head_timeout',
  'body_timeout',
  'body_too_slow',
  'body_too_large',
  'reader_too_slow',
  'request_timeout',
  'loop',
  'client_abort',
  'no_route',
  'no_backend',
  'queue_full',
  'queue_timeout',
  'pool_timeout',
  'connect_failed',
  'connect_timeout',
  'backend_reset',
  'backend_protocol',
  'backend_timeout',
  'idle_timeout',
  'drain_timeout',
  'config_invalid',
  'address_in_use',
  'plugin_failed',
  'resources_exhausted',
  'shutdown',
  'internal',
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What clients do wrong, or break off, whatever the config and the backends do. */
const CLIENT_FAULTS: ReadonlySet<string> = new Set<ErrorCode>([
  'bad_request',
  'head_too_large',
  'head_timeout',
  'body_timeout',
  'body_too_slow',
  'reader_too_slow',
  'body_too_large',
  'client_abort',
]);

/** Whether an error is the client's own doing: no config and no backend could have served it. */
export function isClientFault(code: ErrorCode): boolean {
  return CLIENT_FAULTS.has(code);
}

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

/** The message of anything that was thrown. Never throws. */
export function messageOf(thrown: unknown): string {
  const error = errorFrom(thrown);
  // A name with several addresses fails with one error each and no message of its own.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  return error.message;
}

/**
 * Anything that was thrown, as an Error whose message and stack are texts. Strangers' code throws strings, objects that can't
 * become a text, and errors that throw again where they are looked at; whoever reports such a thing must not fail over it. What
 * was no Error has no stack, because ours would lead to the wrong place. Never throws.
 */
export function errorFrom(thrown: unknown): Error {
  try {
    if (!(thrown instanceof Error)) return withoutStack(String(thrown));
    const { message, stack }: { readonly message: unknown; readonly stack?: unknown } = thrown;
    const isReadable = typeof message === 'string' && (stack === undefined || typeof stack === 'string');
    return isReadable ? thrown : withoutStack(String(message));
  } catch {
    return withoutStack('something that no text can be made of');
  }
}

function withoutStack(message: string): Error {
  return Object.assign(new Error(message), { stack: '' });
}

/** Of the process or the machine that we run on, whoever it was that we wanted to reach: descriptors, buffers, memory. */
const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

/**
 * The system error code where something failed because we have too little of what it needs, or ''. It says nothing about a
 * peer or a file. Of several errors one is enough: with more at hand, that address might have answered.
 */
export function shortageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError)
    return thrown.errors.map(shortageOf).find((code) => code !== '') ?? '';
  const code = systemCodeOf(thrown);
  return SHORTAGES.has(code) || lacksPort(thrown, code) ? code : '';
}

/** Whether all local ports are taken. Over IPv6 the same code says that this machine has no such address, which is no shortage. */
function lacksPort(thrown: unknown, code: string): boolean {
  if (code !== 'EADDRNOTAVAIL' || typeof thrown !== 'object' || thrown === null) return false;
  const { syscall, address } = thrown as { readonly syscall?: unknown; readonly address?: unknown };
  return syscall === 'connect' && typeof address === 'string' && !address.includes(':');
}

/**
 * Whether accepting a connection failed because the client, or the network between, had ended it by then. Any client can do
 * that: it says nothing about this machine.
 *
 * Source: accept(2).
 */
export function leftBeforeAccept(thrown: unknown): boolean {
  return LEFT_EARLY.has(systemCodeOf(thrown));
}

const LEFT_EARLY: ReadonlySet<string> = new Set(['ECONNABORTED', 'ECONNRESET', 'EPROTO']);

/** The system error code (`ECONNREFUSED`, `EADDRINUSE` …) of anything that was thrown, or ''. */
export function systemCodeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}
