import { durationText } from '../../../plugin-api/values/duration-text.ts';
import type { LogFields } from '../../../plugin-api/logger.ts';
import { jsonDocument, jsonText, millisText, textMessage, textValue } from './log-text.ts';

/** The log levels, from the most detailed to the most severe. A line is written when its level is not below the configured one. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = 'text' | 'json';

/** The parts of a log line. */
export interface LogLine {
  readonly timestamp: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
  /** `file:line` of the code that logs; '' without `logging.add_caller`. */
  readonly caller: string;
}

/** A line of text shows these fields before its message, so that the ids of consecutive lines stand in one column. */
const TRACE_FIELDS = ['trace_id', 'span_id'];
const RESERVED_JSON_KEYS = new Set(['timestamp', 'level', 'message', 'caller']);
/** Fields whose names end so hold milliseconds: `duration_ms: 150` is written as `duration=150ms` in text. */
export const MS_SUFFIX = '_ms';
const CAUSES_SHOWN = 3;

/** Formats a line, without a line feed at its end. */
export function formatLogLine(line: LogLine, format: LogFormat): string {
  return format === 'json' ? formatJson(line) : formatText(line);
}

function formatText(line: LogLine): string {
  let text = `${line.timestamp} ${line.level.toUpperCase()}`;
  for (const key of TRACE_FIELDS) {
    const value = line.fields[key];
    if (value !== undefined) text += ` ${key}=${textField(value)}`;
  }
  text += ` ${textMessage(line.message)}`;
  for (const [key, value] of Object.entries(line.fields)) {
    if (value === undefined || TRACE_FIELDS.includes(key)) continue;
    if (key.endsWith(MS_SUFFIX) && typeof value === 'number') {
      text += ` ${textKey(key.slice(0, -MS_SUFFIX.length))}=${durationText(value)}`;
    } else {
      text += ` ${textKey(key)}=${textField(value)}`;
    }
  }
  return line.caller === '' ? text : `${text} caller=${textValue(line.caller)}`;
}

function formatJson(line: LogLine): string {
  let json = `{"timestamp":"${line.timestamp}","level":"${line.level}","message":${jsonText(line.message)}`;
  for (const [key, value] of Object.entries(line.fields)) {
    if (value === undefined) continue;
    json += `,${jsonText(RESERVED_JSON_KEYS.has(key) ? `${key}_` : key)}:`;
    json += key.endsWith(MS_SUFFIX) && typeof value === 'number' ? millisText(value) : jsonField(value);
  }
  return line.caller === '' ? `${json}}` : `${json},"caller":${jsonText(line.caller)}}`;
}

function textKey(key: string): string {
  return /^[\w.-]+$/.test(key) ? key : key.replace(/[^\w.-]/g, '_') || '_';
}

function textField(value: unknown): string {
  if (typeof value === 'string') return textValue(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (value instanceof Error) return textValue(errorText(value));
  return textValue(jsonDocument(value));
}

function jsonField(value: unknown): string {
  if (typeof value === 'string') return jsonText(value);
  if (value instanceof Error) return jsonText(errorText(value));
  return jsonDocument(value);
}

/** The messages of an error and of its causes. */
function errorText(error: Error): string {
  let text = error.message === '' ? error.name : error.message;
  let cause: unknown = error.cause;
  for (let shown = 0; shown < CAUSES_SHOWN && cause instanceof Error; shown++) {
    if (!text.includes(cause.message)) text += `: ${cause.message}`;
    cause = cause.cause;
  }
  return text;
}
