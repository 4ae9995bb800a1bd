/** The kind of a field's values, which decides what they can be compared with. `any` is for lines whose fields are not known in advance. */
export type FieldKind = 'text' | 'number' | 'duration' | 'size' | 'any';

/** A name that a filter may use. */
export interface FilterField {
  readonly field: string;
  readonly kind: FieldKind;
}

const KINDS = {
  level: 'text',
  message: 'text',
  listener: 'text',
  client_ip: 'text',
  method: 'text',
  path: 'text',
  query: 'text',
  host: 'text',
  protocol: 'text',
  tls_version: 'text',
  tls_cipher: 'text',
  tls_sni: 'text',
  tls_alpn: 'text',
  tls_resumed: 'text',
  tls_client_subject: 'text',
  tls_client_fingerprint: 'text',
  status: 'number',
  bytes: 'size',
  bytes_received: 'size',
  duration: 'duration',
  user_agent: 'text',
  referer: 'text',
  route: 'text',
  upstream: 'text',
  algorithm: 'text',
  backend: 'text',
  backend_address: 'text',
  request_id: 'text',
  trace_id: 'text',
  span_id: 'text',
  ended_by: 'text',
  error: 'text',
  retries: 'number',
  tried: 'text',
  hedge: 'text',
  sticky: 'text',
  refusal: 'text',
  refusal_field: 'text',
  refusal_excerpt: 'text',
  worker: 'number',
} as const satisfies Readonly<Record<string, FieldKind>>;

/** The name of a field of access lines. */
export type AccessField = keyof typeof KINDS | 'timestamp';

/** All names that a filter of access lines may use. Some fields have a second name, which other formats of the line use. */
export const FILTER_FIELDS: ReadonlyMap<string, FilterField> = new Map<string, FilterField>([
  ...Object.entries(KINDS).map(([field, kind]) => [field, { field, kind }] as const),
  ['duration_ms', { field: 'duration', kind: 'number' }],
  ['bytes_sent', { field: 'bytes', kind: 'size' }],
]);
