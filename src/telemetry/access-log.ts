import type { ExchangeRecord, TunnelRecord } from '../plugin-api/telemetry.ts';
import { LogClock } from './log-clock.ts';
import type { LogFormat } from './log-line.ts';
import type { LogSink } from './log-sink.ts';
import { durationText, jsonText, textValue } from './log-text.ts';
import type { TelemetrySubscriber } from './channels.ts';

/**
 * One line an exchange and one a tunnel, written when they end. It formats directly, past winston, because it
 * works once a request. Whether it is on is a matter of its own (`access_log`); the log level does not count.
 */
export class AccessLog implements TelemetrySubscriber {
  readonly detailed = true;
  readonly #sink: LogSink;
  readonly #clock: LogClock;
  #json: boolean;

  constructor(sink: LogSink, format: LogFormat, clock: LogClock = new LogClock()) {
    this.#sink = sink;
    this.#clock = clock;
    this.#json = format === 'json';
  }

  /** Counts from the next line on. */
  setFormat(format: LogFormat): void {
    this.#json = format === 'json';
  }

  exchange(record: ExchangeRecord): void {
    this.#sink.write(
      this.#json
        ? exchangeJson(record, this.#clock.timestamp())
        : exchangeText(record, this.#clock.timestamp()),
    );
  }

  tunnel(record: TunnelRecord): void {
    this.#sink.write(
      this.#json ? tunnelJson(record, this.#clock.timestamp()) : tunnelText(record, this.#clock.timestamp()),
    );
  }
}

function exchangeText(record: ExchangeRecord, timestamp: string): string {
  let line =
    `${timestamp} INFO access client_ip=${textValue(record.clientAddress)}` +
    ` method=${textValue(record.method)} path=${textValue(record.path)}` +
    ` protocol=${textValue(record.protocol)} status=${record.status} bytes=${record.bytesSent}` +
    ` duration=${durationText(record.durationMs)} user_agent=${textValue(record.userAgent)}` +
    ` backend=${textValue(record.backend?.name ?? '')}`;
  if (record.requestId !== '') line += ` request_id=${textValue(record.requestId)}`;
  if (record.traceId !== '') line += ` trace_id=${record.traceId} span_id=${record.spanId}`;
  if (record.error !== undefined) line += ` error=${record.error}`;
  return `${line}\n`;
}

function exchangeJson(record: ExchangeRecord, timestamp: string): string {
  let line =
    `{"timestamp":"${timestamp}","method":${jsonText(record.method)},"path":${jsonText(record.path)}` +
    `,"status":${record.status},"duration_ms":${jsonMs(record.durationMs)}` +
    `,"client_ip":${jsonText(record.clientAddress)},"protocol":${jsonText(record.protocol)}` +
    `,"bytes":${record.bytesSent},"user_agent":${jsonText(record.userAgent)}` +
    `,"backend":${jsonText(record.backend?.name ?? '')}`;
  if (record.requestId !== '') line += `,"request_id":${jsonText(record.requestId)}`;
  line += `,"host":${jsonText(record.host)},"route":${jsonText(record.route)}`;
  if (record.traceId !== '') line += `,"trace_id":"${record.traceId}","span_id":"${record.spanId}"`;
  if (record.error !== undefined) line += `,"error":"${record.error}"`;
  return `${line}}\n`;
}

function tunnelText(record: TunnelRecord, timestamp: string): string {
  let line =
    `${timestamp} INFO tunnel client_ip=${textValue(record.clientAddress)}` +
    ` listener=${textValue(record.listener)} protocol=${textValue(record.protocol)}` +
    ` bytes_received=${record.bytesReceived} bytes_sent=${record.bytesSent}` +
    ` duration=${durationText(record.durationMs)} backend=${textValue(record.backend?.name ?? '')}`;
  if (record.error !== undefined) line += ` error=${record.error}`;
  return `${line}\n`;
}

function tunnelJson(record: TunnelRecord, timestamp: string): string {
  let line =
    `{"timestamp":"${timestamp}","listener":${jsonText(record.listener)}` +
    `,"protocol":${jsonText(record.protocol)},"duration_ms":${jsonMs(record.durationMs)}` +
    `,"client_ip":${jsonText(record.clientAddress)},"bytes_received":${record.bytesReceived}` +
    `,"bytes_sent":${record.bytesSent},"upstream":${jsonText(record.upstream)}` +
    `,"backend":${jsonText(record.backend?.name ?? '')}`;
  if (record.error !== undefined) line += `,"error":"${record.error}"`;
  return `${line}}\n`;
}

/** Microseconds are enough, and short numbers make short lines. NaN would be no JSON. */
function jsonMs(durationMs: number): number {
  const rounded = Math.round(durationMs * 1000) / 1000;
  return Number.isFinite(rounded) ? rounded : 0;
}
