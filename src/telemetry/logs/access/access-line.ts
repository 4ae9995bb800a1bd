import type { AccessField } from '../../../config/log-filter/filter-fields.ts';
import { durationText } from '../../../plugin-api/values/duration-text.ts';
import { isLabel, TIMESTAMP, type Column } from './access-columns.ts';
import { jsonText, millisText, textValue } from '../log-text.ts';

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
  const known = fields.filter((field) => field === TIMESTAMP || columns.has(field));
  // A field that may be left out can't bring the brace along.
  const beginsSurely = columns.get(known[0] ?? TIMESTAMP)?.kind !== 'optional';
  const parts = known.map((field, index): Part<R> => {
    const before = index === 0 && beginsSurely ? '{' : ',';
    const column = columns.get(field);
    if (column !== undefined) return jsonPart(column, before);
    return (_record, timestamp) => `${before}"timestamp":"${timestamp}"`;
  });
  return (record, timestamp) => {
    let text = '';
    for (const part of parts) text += part(record, timestamp);
    return beginsSurely && text !== '' ? `${text}}\n` : `{${text.slice(1)}}\n`;
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
    return column === undefined || isLabel(field) ? [] : [textPart(column)];
  });
  const head = ` INFO ${label}`;
  return (record, timestamp) => {
    let text = timestamp + head;
    for (const part of parts) text += part(record, timestamp);
    return `${text}\n`;
  };
}

function jsonPart<R>({ jsonKey, kind, read }: Column<R>, before: string): Part<R> {
  const key = `${before}"${jsonKey}":`;
  switch (kind) {
    case 'number':
      return numeric(key, read);
    case 'ms':
      return (record) => key + millisText(Number(read(record)));
    default:
      return textual(kind, read, (value) => key + jsonText(value));
  }
}

function textPart<R>({ textKey, kind, read }: Column<R>): Part<R> {
  const key = ` ${textKey}=`;
  switch (kind) {
    case 'number':
      return numeric(key, read);
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
      return value === undefined || value === '' ? '' : write(String(value));
    };
  }
  if (kind === 'text') return (record) => write(String(read(record) ?? ''));
  // Looking whether a text needs escapes costs more than comparing it with the last one.
  let last: string | number | undefined;
  let written = write('');
  return (record) => {
    const value = read(record);
    if (value !== last) {
      last = value;
      written = write(String(value ?? ''));
    }
    return written;
  };
}

function numeric<R>(key: string, read: Column<R>['read']): Part<R> {
  let last: string | number | undefined;
  let written = `${key}0`;
  return (record) => {
    const value = read(record);
    if (value !== last) {
      last = value;
      // NaN would be no JSON; a plugin may have counted in a wrong way.
      written = key + (Number.isFinite(value) ? String(value) : '0');
    }
    return written;
  };
}
