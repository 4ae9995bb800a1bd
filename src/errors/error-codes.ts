/**
 * On whose side an error arose: the client's, a backend's, the config's (whoever wrote it can mend it), or the proxy's own, which
 * includes its machine and its time limits.
 */
export type ErrorOrigin = 'downstream' | 'upstream' | 'config' | 'internal';

/** What is true of every error with the same code. */
export interface ErrorKind {
  readonly origin: ErrorOrigin;
  /** The HTTP status that tells a client about it; 0 where no answer follows, because the connection ends or there was no request. */
  readonly status: number;
  /** Whether the same work may be tried on another backend, because nothing of it was executed. */
  readonly retryable: boolean;
  /** One sentence for operators. */
  readonly meaning: string;
}

/**
 * Everything that can go wrong, by its stable code. Codes appear in logs and as the `error_type` label of
 * `balance_request_errors_total`, so none is renamed without a note in the changelog. README.md in this folder shows the same
 * table to operators; a test holds that both say the same.
 */
export const ERRORS = {
  bad_request: {
    origin: 'downstream',
    status: 400,
    retryable: false,
    meaning:
      'The client sent bytes that are no valid request. Some rules have a status of their own: 405, 501, 505.',
  },
  head_too_large: {
    origin: 'downstream',
    status: 431,
    retryable: false,
    meaning:
      'The head of the request is larger than its limit. The status is 414 when the request line alone is.',
  },
  handshake_timeout: {
    origin: 'downstream',
    status: 0,
    retryable: false,
    meaning:
      'The client took too long over what comes before its protocol, such as a TLS handshake. The connection was closed.',
  },
  proxy_header: {
    origin: 'downstream',
    status: 0,
    retryable: false,
    meaning:
      'The connection began without an acceptable PROXY header, or came from an address that may not send one. It was closed.',
  },
  tls_handshake: {
    origin: 'downstream',
    status: 0,
    retryable: false,
    meaning: 'The TLS handshake with a client failed, or was refused. The connection was closed.',
  },
  head_timeout: {
    origin: 'downstream',
    status: 408,
    retryable: false,
    meaning: 'The client took too long to send the head of a request.',
  },
  body_timeout: {
    origin: 'downstream',
    status: 408,
    retryable: false,
    meaning: 'The client stopped in the middle of a request body.',
  },
  body_too_slow: {
    origin: 'downstream',
    status: 408,
    retryable: false,
    meaning: 'The client sent a request body at less than the minimum rate.',
  },
  body_too_large: {
    origin: 'downstream',
    status: 413,
    retryable: false,
    meaning: 'The request body is larger than its limit.',
  },
  reader_too_slow: {
    origin: 'downstream',
    status: 0,
    retryable: false,
    meaning: 'The client read a response at less than the minimum rate, so its connection was reset.',
  },
  request_timeout: {
    origin: 'internal',
    status: 504,
    retryable: false,
    meaning: 'The request as a whole took longer than its limit.',
  },
  loop: {
    origin: 'config',
    status: 508,
    retryable: false,
    meaning:
      'The request came through this proxy before: a backend, or a proxy behind it, sends requests back.',
  },
  client_abort: {
    origin: 'downstream',
    status: 0,
    retryable: false,
    meaning: 'The client closed its connection before it had its answer.',
  },
  misdirected: {
    origin: 'downstream',
    status: 421,
    retryable: false,
    meaning:
      'The host of the request needs another TLS connection: its certificate policy is not that of the host that the handshake named.',
  },
  no_route: {
    origin: 'config',
    status: 404,
    retryable: false,
    meaning: 'No route matches the request.',
  },
  no_backend: {
    origin: 'upstream',
    status: 503,
    retryable: true,
    meaning: 'The upstream has no healthy backend.',
  },
  circuit_open: {
    origin: 'upstream',
    status: 503,
    retryable: true,
    meaning:
      'The circuit breakers of all backends that could serve the request are open: they failed too often, and get a pause.',
  },
  queue_full: {
    origin: 'upstream',
    status: 503,
    retryable: true,
    meaning: 'All backends are busy, and no more requests may wait for one.',
  },
  queue_timeout: {
    origin: 'upstream',
    status: 503,
    retryable: true,
    meaning: 'All backends stayed at their connection limit for as long as a request may wait.',
  },
  pool_timeout: {
    origin: 'upstream',
    status: 503,
    retryable: true,
    meaning: 'The pools of all backends stayed full for as long as a request may wait.',
  },
  connect_failed: {
    origin: 'upstream',
    status: 502,
    retryable: true,
    meaning:
      'The backend could not be connected to, or its name could not be resolved. The status is 504 when the system gave up waiting.',
  },
  connect_timeout: {
    origin: 'upstream',
    status: 504,
    retryable: true,
    meaning: 'The backend did not accept the connection in time.',
  },
  backend_tls: {
    origin: 'upstream',
    status: 502,
    retryable: true,
    meaning:
      'The TLS handshake with the backend failed, as when its certificate is not trusted or is for another name. No request was sent.',
  },
  backend_reset: {
    origin: 'upstream',
    status: 502,
    retryable: false,
    meaning: 'The backend closed or reset its connection before its answer was complete.',
  },
  backend_protocol: {
    origin: 'upstream',
    status: 502,
    retryable: false,
    meaning: 'The backend sent a response that has no safe reading.',
  },
  backend_timeout: {
    origin: 'upstream',
    status: 504,
    retryable: false,
    meaning: 'The backend sent nothing for too long while its answer, or the rest of it, was due.',
  },
  idle_timeout: {
    origin: 'internal',
    status: 0,
    retryable: false,
    meaning: 'No byte moved through a tunnel, in either direction, for longer than its limit.',
  },
  drain_timeout: {
    origin: 'internal',
    status: 0,
    retryable: false,
    meaning:
      'An edit replaced the config that the connection began with, and the connection outlasted the drain timeout.',
  },
  config_invalid: {
    origin: 'config',
    status: 0,
    retryable: false,
    meaning: 'The config is wrong. The proxy does not start, or keeps the config that runs.',
  },
  address_in_use: {
    origin: 'config',
    status: 0,
    retryable: false,
    meaning: 'Something else listens on an address that the config names.',
  },
  plugin_failed: {
    origin: 'internal',
    status: 0,
    retryable: false,
    meaning: 'A plugin threw an error, or did something that plugins must not do.',
  },
  resources_exhausted: {
    origin: 'internal',
    status: 503,
    retryable: false,
    meaning: 'The proxy has too few file descriptors, ports or too little memory to reach a backend.',
  },
  overloaded: {
    origin: 'internal',
    status: 503,
    retryable: false,
    meaning: 'The event loop of the proxy runs late, or its heap is nearly full, so it takes no new request.',
  },
  worker_gone: {
    origin: 'internal',
    status: 503,
    retryable: false,
    meaning:
      'A worker thread ended before it had answered. Its connections ended with it; another one takes its place.',
  },
  worker_hung: {
    origin: 'internal',
    status: 503,
    retryable: false,
    meaning: 'A worker thread did not answer in time: its event loop is blocked or overloaded.',
  },
  shutdown: {
    origin: 'internal',
    status: 0,
    retryable: false,
    meaning: 'The proxy, or the part of it that was asked, has ended.',
  },
  internal: {
    origin: 'internal',
    status: 500,
    retryable: false,
    meaning: 'The proxy failed in a way that nobody foresaw. The log has the details.',
  },
} as const satisfies Readonly<Record<string, ErrorKind>>;

/** A key of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** All codes, in the order of {@link ERRORS}. */
export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];

/** A set of texts, since a plugin may report a code that is not in the table. */
const CLIENT_FAULTS: ReadonlySet<string> = new Set(
  ERROR_CODES.filter((code) => ERRORS[code].origin === 'downstream'),
);

/** Whether an error is the client's own doing: no config and no backend could have served it. */
export function isClientFault(code: ErrorCode): boolean {
  return CLIENT_FAULTS.has(code);
}
