import { compileFilter } from '../../../config/log-filter/compile-filter.ts';
import type { AccessField } from '../../../config/log-filter/filter-fields.ts';
import { filterFields, type FilterExpression } from '../../../config/log-filter/filter-expression.ts';
import { parseFilter } from '../../../config/log-filter/parse-filter.ts';
import type { ExchangeRecord, TunnelRecord } from '../../../plugin-api/telemetry.ts';
import {
  DEFAULT_FIELDS,
  DESCRIPTIVE_FIELDS,
  EXCHANGE_COLUMNS,
  TUNNEL_COLUMNS,
  type Column,
} from './access-columns.ts';
import { jsonLine, textLine, type LineOf } from './access-line.ts';
import type { TelemetrySubscriber } from '../../channels.ts';
import { combinedLine, commonLine } from './common-log-line.ts';
import { isSampled } from './is-sampled.ts';
import { LogClock } from '../log-clock.ts';
import type { LogSink } from '../output/log-sink.ts';

export interface AccessLogSettings {
  readonly format: 'text' | 'json' | 'common' | 'combined';
  /** Default: those that tell most. */
  readonly fields?: readonly AccessField[] | undefined;
  /** Default: every line. */
  readonly filter?: string | undefined;
  /** Share of the lines that are written, 0 to 1. Those of errors always are. */
  readonly sample: number;
}

/** What tests replace. */
export interface AccessLogChance {
  readonly clock?: LogClock;
  /** From 0 to 1, where there is no request id to go by. */
  readonly random?: () => number;
}

/** Where an exchange's status shows an error of ours or of a backend. */
const FIRST_ERROR_STATUS = 500;

/**
 * One line an exchange and one a tunnel, written when they end. It formats directly, past winston, because it
 * works once a request. Whether it is on is a matter of its own (`access_log`); the log level does not count.
 */
export class AccessLog implements TelemetrySubscriber {
  readonly detailed: boolean;
  readonly #sink: LogSink;
  readonly #clock: LogClock;
  readonly #random: () => number;
  readonly #format: AccessLogSettings['format'];
  readonly #sample: number;
  readonly #exchangeLine: LineOf<ExchangeRecord>;
  /** undefined: the format knows no tunnels. */
  readonly #tunnelLine: LineOf<TunnelRecord> | undefined;
  readonly #wantsExchange: ((record: ExchangeRecord) => boolean) | undefined;
  readonly #wantsTunnel: ((record: TunnelRecord) => boolean) | undefined;

  /** Throws a FilterError when the filter can't be read. */
  constructor(sink: LogSink, settings: AccessLogSettings, { clock, random }: AccessLogChance = {}) {
    this.#sink = sink;
    this.#clock = clock ?? new LogClock();
    this.#random = random ?? Math.random;
    this.#format = settings.format;
    this.#sample = settings.sample;
    const filter = settings.filter === undefined ? undefined : parseFilter(settings.filter);
    this.detailed = needsDetails(settings, filter);
    this.#exchangeLine = exchangeLine(settings);
    this.#tunnelLine = tunnelLine(settings);
    if (filter === undefined) return;
    this.#wantsExchange = compileFilter(filter, readerOf(EXCHANGE_COLUMNS));
    this.#wantsTunnel = compileFilter(filter, readerOf(TUNNEL_COLUMNS));
  }

  exchange(record: ExchangeRecord): void {
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

function exchangeLine({ format, fields }: AccessLogSettings): LineOf<ExchangeRecord> {
  switch (format) {
    case 'text':
      return textLine('access', EXCHANGE_COLUMNS, fields ?? DEFAULT_FIELDS.text.exchange);
    case 'json':
      return jsonLine(EXCHANGE_COLUMNS, fields ?? DEFAULT_FIELDS.json.exchange);
    case 'common':
      return commonLine();
    case 'combined':
      return combinedLine();
  }
}

function tunnelLine({ format, fields }: AccessLogSettings): LineOf<TunnelRecord> | undefined {
  if (format === 'text') return textLine('tunnel', TUNNEL_COLUMNS, fields ?? DEFAULT_FIELDS.text.tunnel);
  if (format === 'json') return jsonLine(TUNNEL_COLUMNS, fields ?? DEFAULT_FIELDS.json.tunnel);
  return undefined;
}

/** Whether a line, or the choice of lines, needs what protocols leave out otherwise. */
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
