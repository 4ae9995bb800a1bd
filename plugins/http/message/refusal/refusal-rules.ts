/**
 * The rules for which a message is refused, and what each wants. Their names are the `rule` label of metrics and the
 * `refusal` of access lines, so none is renamed without a note in the changelog.
 */
export const REFUSAL_RULES = {
  method: 'The request begins with a method: any token.',
  target: 'The request target is well-formed.',
  target_size:
    'The request target is no longer than `limits.target_length`, and ends within `limits.header_size`.',
  encoded_path: 'With `normalize_path`: the path holds nothing that backends read in different ways.',
  path_readings: 'Every usual reading of the path meets the same route. See `ambiguous_paths`.',
  version: 'The version is one of HTTP/1.0 to 1.9.',
  status_line: 'The status line has a status of three digits, and no CR or NUL within.',
  line_end: 'Lines end with CR and LF; those of a response may end with LF alone.',
  field_name: 'Field names are tokens before a colon; only in a response may white space lie between.',
  underscore: 'With `underscore_headers: refuse`: no field name holds an underscore.',
  field_value: 'Field values hold no control bytes; those of a response hold no CR and no NUL.',
  folded_field: 'A field of a request stands on one line.',
  head_size: 'The head, or the trailers, are no larger than `limits.header_size`.',
  field_count: 'There are no more fields than `limits.header_count`.',
  head_timeout: 'The whole head arrives within `timeouts.read`.',
  host: 'There is exactly one valid `Host`.',
  content_length: '`Content-Length` is one number; a response may say the same one several times.',
  transfer_encoding: '`Transfer-Encoding` is `chunked` alone; a request of HTTP/1.0 has none.',
  two_lengths: '`Content-Length` and `Transfer-Encoding` do not come together in a request.',
  chunk: 'A chunked body consists of chunks.',
  trailer: 'The fields behind a chunked body are as well-formed as those of a head.',
  body_size: 'The body is no larger than `limits.body_size`.',
  body_timeout: 'The body arrives without a gap of `timeouts.read`.',
  body_rate: 'The body arrives no more slowly than `limits.min_rate` says.',
  connect: 'The method is not CONNECT.',
  loop: 'The request did not come through this proxy before.',
  misdirected:
    'The host of a request over TLS has the certificate policy that the handshake of its connection was done with.',
  upgrade: 'A backend switches to no protocol that the client did not ask for.',
  tls: 'The client speaks HTTP: these bytes are a TLS handshake.',
  syntax: 'Any other rule of the parser.',
} as const satisfies Readonly<Record<string, string>>;

/** The name of one of {@link REFUSAL_RULES}. */
export type RefusalRule = keyof typeof REFUSAL_RULES;
