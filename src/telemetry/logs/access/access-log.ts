import { compileFilter } from '../../../config/log-filter/compile-filter.ts';
import type { AccessField } from '../../../config/log-filter/filter-fields.ts';
import { filterFields, type FilterExpression } from '../../../config/log-filter/filter-expression.ts';
import { parseFilter } from '../../../config/log-filter/parse-filter.ts';
import type { ExchangeRecord, TunnelRecord } from '../../../plugin-api/telemetry.ts';
import {
  columnsOf,
  DEFAULT_FIELDS,
  DESCRIPTIVE_FIELDS,
  EXCHANGE_COLUMNS,
  TUNNEL_COLUMNS,
  type Column,
  type Columns,
} from './access-columns.ts';
import { jsonLine, textLine, type LineOf } from './access-line.ts';
import type { TelemetrySubscriber } from '../../telemetry.ts';
import { combinedLine, commonLine } from './common-log-line.ts';
import { LogClock } from '../format/log-clock.ts';
import type { LogSink } from '../output/log-sink.ts';

/** The keys of `logging.access_log` that say which lines are written and how. */
export interface AccessLogSettings {
  readonly format: 'text' | 'json' | 'common' | 'combined';
  /** The fields of a line, in their order. Default: {@link DEFAULT_FIELDS}. */
  readonly fields?: readonly AccessField[] | undefined;
  /** A filter expression; only records that match it are written. Default: all records are written. */
  readonly filter?: string | undefined;
  /** Share of the lines that are written, from 0 to 1. Lines of errors are always written. */
  readonly sample: number;
}

/** Whose lines are written, and time and chance, which tests replace. */
export interface AccessLogOptions {
  /** Number of the worker. Default: 1. */
  readonly worker?: number;
  readonly clock?: LogClock;
  /** Returns a number from 0 to below 1; used to sample records that have no request id. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Statuses from here on are errors of the proxy or of a backend. */
const FIRST_ERROR_STATUS = 500;

/**
 * The access log: writes one line when an exchange ends, and one when a tunnel ends. It formats its lines itself and does not use
 * winston, because it runs once a request. `access_log.enabled` turns it on; the log level does not apply to it.
 */
export class AccessLog implements TelemetrySubscriber {
  readonly detailed: boolean;
  readonly #sink: LogSink;
  readonly #clock: LogClock;
  readonly #random: () => number;
  readonly #format: AccessLogSettings['format'];
  readonly #sample: number;
  readonly #exchangeLine: LineOf<ExchangeRecord>;
  /** undefined where the format (`common`, `combined`) has no lines for tunnels. */
  readonly #tunnelLine: LineOf<TunnelRecord> | undefined;
  readonly #wantsExchange: ((record: ExchangeRecord) => boolean) | undefined;
  readonly #wantsTunnel: ((record: TunnelRecord) => boolean) | undefined;

  /** Throws a FilterError when the filter expression can't be parsed. */
  constructor(
    sink: LogSink,
    settings: AccessLogSettings,
    { worker = 1, clock, random }: AccessLogOptions = {},
  ) {
    this.#sink = sink;
    this.#clock = clock ?? new LogClock();
    this.#random = random ?? Math.random;
    this.#format = settings.format;
    this.#sample = settings.sample;
    const filter = settings.filter === undefined ? undefined : parseFilter(settings.filter);
    this.detailed = needsDetails(settings, filter);
    const exchangeColumns = columnsOf(EXCHANGE_COLUMNS, worker);
    const tunnelColumns = columnsOf(TUNNEL_COLUMNS, worker);
    this.#exchangeLine = exchangeLine(settings, exchangeColumns);
    this.#tunnelLine = tunnelLine(settings, tunnelColumns);
    if (filter === undefined) return;
    this.#wantsExchange = compileFilter(filter, readerOf(exchangeColumns));
    this.#wantsTunnel = compileFilter(filter, readerOf(tunnelColumns));
  }

  exchange(record: ExchangeRecord): void {
    if (record.isLogged === false) return;
    if (this.#wantsExchange?.(record) === false) return;
    const isError = record.status >= FIRST_ERROR_STATUS || record.error !== undefined;
    if (!isError && !this.#isSampled(record.requestId)) return;
    this.#sink.write(this.#exchangeLine(record, this.#clock.timestamp(this.#format)));
  }

  tunnel(record: TunnelRecord): void {
    if (this.#tunnelLine === undefined || this.#wantsTunnel?.(record) === false) return;
    if (record.error === undefined && !this.#isSampled(record.requestId)) return;
    this.#sink.write(this.#tunnelLine(record, this.#clock.timestamp(this.#format)));
  }

  #isSampled(requestId: string): boolean {
    if (this.#sample >= 1) return true;
    return !requestId ? this.#random() < this.#sample : isSampled(requestId, this.#sample);
  }
}

function exchangeLine(
  { format, fields }: AccessLogSettings,
  columns: Columns<ExchangeRecord>,
): LineOf<ExchangeRecord> {
  switch (format) {
    case 'text':
      return textLine('access', columns, fields ?? DEFAULT_FIELDS.text.exchange);
    case 'json':
      return jsonLine(columns, fields ?? DEFAULT_FIELDS.json.exchange);
    case 'common':
      return commonLine();
    case 'combined':
      return combinedLine();
  }
}

function tunnelLine(
  { format, fields }: AccessLogSettings,
  columns: Columns<TunnelRecord>,
): LineOf<TunnelRecord> | undefined {
  if (format === 'text') return textLine('tunnel', columns, fields ?? DEFAULT_FIELDS.text.tunnel);
  if (format === 'json') return jsonLine(columns, fields ?? DEFAULT_FIELDS.json.tunnel);
  return undefined;
}

/** Whether the lines, the filter or the sampling read fields that protocols fill in only on request. */
function needsDetails(settings: AccessLogSettings, filter: FilterExpression | undefined): boolean {
  const { format, fields, sample } = settings;
  if (fields === undefined || format === 'common' || format === 'combined' || sample < 1) return true;
  const read = [...fields, ...(filter === undefined ? [] : filterFields(filter))];
  return read.some((field) => DESCRIPTIVE_FIELDS.has(field));
}

function readerOf<R>(
  columns: ReadonlyMap<string, Column<R>>,
): (field: string) => Column<R>['read'] | (() => undefined) {
  return (field) => columns.get(field)?.read ?? (() => undefined);
}

/**
 * Whether an id belongs to the sampled share of all ids, from 0 (none) to 1 (all). Every process gives the same answer for the same
 * id, and an id that is sampled at one share is also sampled at every larger share.
 */
function isSampled(id: string, share: number): boolean {
  return hash(id) / 0x1_0000_0000 < share;
}

/** FNV-1a, then the final mixing steps of MurmurHash3, because consecutive ids differ in few bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
