import type { AccessField } from '../config/log-filter/filter-fields.ts';
import { TIMESTAMP, type Column } from './access-columns.ts';
import { durationText, jsonText, textValue } from './log-text.ts';

/** Writes the line of a record, with its line feed. */
export type LineOf<R> = (record: R, timestamp: string) => string;

/** One piece of a line. */
type Part<R> = (record: R, timestamp: string) => string;

/**
 * `{"timestamp":"…","method":"GET",…}`. What the fields mean is worked out here, once; a line is one walk over functions
 * that add a text each.
 */
export function jsonLine<R>(
  columns: ReadonlyMap<AccessField, Column<R>>,
  fields: readonly AccessField[],
): LineOf<R> {
  const parts = fields.flatMap((field): Part<R>[] => {
    if (field === TIMESTAMP) return [(_record, timestamp) => `,"timestamp":"${timestamp}"`];
    const column = columns.get(field);
    return column === undefined ? [] : [jsonPart(column)];
  });
  return (record, timestamp) => {
    let text = '';
    for (const part of parts) text += part(record, timestamp);
    return `{${text.slice(1)}}\n`;
  };
}

/** `2025-11-17T15:00:01Z INFO access client_ip=… method=…`. */
export function textLine<R>(
  label: string,
  columns: ReadonlyMap<AccessField, Column<R>>,
  fields: readonly AccessField[],
): LineOf<R> {
  const parts = fields.flatMap((field): Part<R>[] => {
    const column = columns.get(field);
    return column === undefined ? [] : [textPart(column)];
  });
  const head = ` INFO ${label}`;
  return (record, timestamp) => {
    let text = timestamp + head;
    for (const part of parts) text += part(record, timestamp);
    return `${text}\n`;
  };
}

function jsonPart<R>({ jsonKey, kind, read }: Column<R>): Part<R> {
  const key = `,"${jsonKey}":`;
  switch (kind) {
    case 'number':
      return (record) => key + finite(read(record));
    case 'ms':
      // Microseconds are enough, and short numbers make short lines.
      return (record) => key + finite(Math.round(Number(read(record)) * 1000) / 1000);
    default:
      return textual(kind, read, (value) => key + jsonText(value));
  }
}

function textPart<R>({ textKey, kind, read }: Column<R>): Part<R> {
  const key = ` ${textKey}=`;
  switch (kind) {
    case 'number':
      return (record) => key + finite(read(record));
    case 'ms':
      return (record) => key + durationText(Number(read(record)));
    default:
      return textual(kind, read, (value) => key + textValue(value));
  }
}

function textual<R>(
  kind: 'text' | 'word' | 'optional',
  read: Column<R>['read'],
  write: (value: string) => string,
): Part<R> {
  if (kind === 'optional') {
    return (record) => {
      const value = read(record);
      return value === '' ? '' : write(value as string);
    };
  }
  if (kind === 'text') return (record) => write(read(record) as string);
  // Looking whether a text needs escapes costs more than comparing it with the last one.
  let last: string | number | undefined;
  let written = '';
  return (record) => {
    const value = read(record);
    if (value !== last) {
      last = value;
      written = write(value as string);
    }
    return written;
  };
}

/** NaN would be no JSON; a plugin may have counted in a wrong way. */
function finite(value: string | number): string {
  return Number.isFinite(value) ? String(value) : '0';
}
