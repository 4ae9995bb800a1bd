import type { AccessField } from '../../../config/log-filter/filter-fields.ts';
import type { ExchangeRecord, TunnelRecord } from '../../../plugin-api/telemetry.ts';
import type { FailedTry } from '../../../plugin-api/tracing.ts';

/** One field of an access line: its name, how it is read from a record and how it is written. */
export interface Column<R> {
  readonly field: AccessField;
  /** The field's name in lines of text. */
  readonly textKey: string;
  /** The field's name in lines of JSON. */
  readonly jsonKey: string;
  /**
   * How the value is written: `text`; `word`, a text that is often the same in consecutive lines, so that its escaped form is
   * kept; `optional`, a text that is left out when it is empty; `number`; or `ms`, a duration in milliseconds.
   */
  readonly kind: 'text' | 'word' | 'optional' | 'number' | 'ms';
  /** Reads the value; `undefined` where a protocol plugin left out a field that it should have filled in. */
  readonly read: (record: R) => string | number | undefined;
}

/** The time at which the line is written: the only field that is not read from the record. */
export const TIMESTAMP: AccessField = 'timestamp';
/** A line of text begins with the time and these two fields, without their names. In JSON they are fields like all others. */
const LABELS: ReadonlySet<AccessField> = new Set(['level', 'message']);

/** Whether a line of text shows the field at a fixed place at its start, so that it must not be written again as `name=value`. */
export function isLabel(field: AccessField): boolean {
  return LABELS.has(field);
}

/** The columns of one kind of lines. */
export type Columns<R> = ReadonlyMap<AccessField, Column<R>>;
type Row<R> = readonly [AccessField, Column<R>['kind'], Column<R>['read']];

/** The fields that records of exchanges and of tunnels have in common. */
type EitherRecord = Omit<Pick<ExchangeRecord, keyof ExchangeRecord & keyof TunnelRecord>, 'trace'>;

const EITHER: readonly Row<EitherRecord>[] = [
  // The log level does not apply to access lines: `access_log` alone says whether they are written.
  ['level', 'word', () => 'info'],
  ['listener', 'word', (record) => record.listener],
  ['client_ip', 'word', (record) => record.clientAddress],
  ['protocol', 'word', (record) => record.protocol],
  // Empty where the client's connection was not encrypted.
  ['tls_version', 'word', ({ tls }) => tls?.version],
  ['tls_cipher', 'word', ({ tls }) => tls?.cipher],
  ['tls_sni', 'word', ({ tls }) => tls?.sni],
  ['tls_alpn', 'word', ({ tls }) => tls?.alpn],
  ['tls_resumed', 'word', ({ tls }) => tls && String(tls.resumed)],
  ['tls_client_subject', 'word', ({ tls }) => tls?.certificate?.subject],
  ['tls_client_fingerprint', 'word', ({ tls }) => tls?.certificate?.fingerprint256],
  ['bytes', 'number', (record) => record.bytesSent],
  ['bytes_received', 'number', (record) => record.bytesReceived],
  ['duration', 'ms', (record) => record.durationMs],
  ['upstream', 'word', (record) => record.upstream],
  ['backend', 'word', (record) => record.backend?.name ?? ''],
  ['backend_address', 'word', (record) => record.backend?.address ?? ''],
  ['request_id', 'optional', (record) => record.requestId],
  ['trace_id', 'optional', (record) => record.traceId],
  ['span_id', 'optional', (record) => record.spanId],
  ['error', 'optional', (record) => record.error ?? ''],
  ['worker', 'number', () => 1],
];

export const EXCHANGE_COLUMNS: Columns<ExchangeRecord> = columns<ExchangeRecord>([
  ...EITHER,
  ['message', 'word', () => 'access'],
  ['method', 'word', (record) => record.method],
  ['path', 'text', (record) => record.path],
  ['query', 'text', (record) => record.query],
  ['host', 'word', (record) => record.host],
  ['status', 'number', (record) => record.status],
  ['user_agent', 'word', (record) => record.userAgent],
  ['referer', 'text', (record) => record.referer],
  ['route', 'word', (record) => record.route],
  ['algorithm', 'word', (record) => record.algorithm],
  [
    'retries',
    'number',
    ({ failedTries }) => failedTries?.reduce((count, { retried }) => count + Number(retried), 0) ?? 0,
  ],
  ['tried', 'optional', ({ failedTries }) => failedTries && triedText(failedTries)],
  ['hedge', 'optional', (record) => record.hedgeResult],
  ['sticky', 'optional', (record) => record.stickiness],
  ['refusal', 'optional', (record) => record.refusal?.rule],
  ['refusal_field', 'optional', (record) => record.refusal?.field],
  ['refusal_excerpt', 'optional', (record) => record.refusal?.excerpt],
]);

export const TUNNEL_COLUMNS: Columns<TunnelRecord> = columns<TunnelRecord>(
  [
    ...EITHER,
    ['message', 'word', () => 'tunnel'],
    ['ended_by', 'word', (record) => record.endedBy],
    ['sticky', 'optional', (record) => record.stickiness],
    // Also where the connection was passed through by that name.
    ['tls_sni', 'optional', ({ tls, sni }) => tls?.sni ?? sni],
  ],
  { bytes: 'bytes_sent' },
);

/** The backends that failed, in their order, each with what went wrong: `one=connect_failed,two=503`. */
function triedText(tries: readonly FailedTry[]): string {
  const failed = tries.filter(({ isOutrun }) => isOutrun !== true);
  return failed.map(({ backend, error, status }) => `${backend.name}=${error ?? String(status)}`).join(',');
}

/** These columns for the lines of that worker. */
export function columnsOf<R>(all: Columns<R>, worker: number): Columns<R> {
  return new Map(
    Array.from(all, ([field, column]) => [
      field,
      field === 'worker' ? { ...column, read: () => worker } : column,
    ]),
  );
}

/** The fields of a line, in their order, when `access_log.fields` names none. */
export const DEFAULT_FIELDS: Readonly<
  Record<
    'text' | 'json',
    { readonly exchange: readonly AccessField[]; readonly tunnel: readonly AccessField[] }
  >
> = {
  text: {
    exchange: [
      'client_ip',
      'method',
      'path',
      'protocol',
      'status',
      'bytes',
      'duration',
      'user_agent',
      'backend',
      'request_id',
      'trace_id',
      'span_id',
      'error',
      'tried',
      'hedge',
      'sticky',
      'refusal',
      'refusal_field',
      'refusal_excerpt',
    ],
    tunnel: [
      'client_ip',
      'listener',
      'protocol',
      'bytes_received',
      'bytes',
      'duration',
      'backend',
      'tls_sni',
      'ended_by',
      'request_id',
      'trace_id',
      'span_id',
      'error',
    ],
  },
  json: {
    exchange: [
      'timestamp',
      'level',
      'message',
      'method',
      'path',
      'status',
      'duration',
      'client_ip',
      'protocol',
      'bytes',
      'user_agent',
      'backend',
      'request_id',
      'host',
      'route',
      'trace_id',
      'span_id',
      'error',
      'tried',
      'hedge',
      'sticky',
      'refusal',
      'refusal_field',
      'refusal_excerpt',
    ],
    tunnel: [
      'timestamp',
      'level',
      'message',
      'listener',
      'protocol',
      'duration',
      'client_ip',
      'bytes_received',
      'bytes',
      'upstream',
      'backend',
      'tls_sni',
      'ended_by',
      'request_id',
      'trace_id',
      'span_id',
      'error',
    ],
  },
};

/** Fields that protocols fill in only while a subscriber reads them (`TelemetrySink.detailed`). */
export const DESCRIPTIVE_FIELDS: ReadonlySet<string> = new Set<AccessField>([
  'path',
  'query',
  'host',
  'user_agent',
  'referer',
  'request_id',
]);

function columns<R>(rows: readonly Row<R>[], names: Partial<Record<AccessField, string>> = {}): Columns<R> {
  return new Map(
    rows.map(([field, kind, read]) => {
      const textKey = names[field] ?? field;
      const jsonKey = kind === 'ms' ? `${textKey}_ms` : textKey;
      return [field, { field, textKey, jsonKey, kind, read }];
    }),
  );
}
