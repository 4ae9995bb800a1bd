import type { AccessField } from '../../../config/log-filter/filter-fields.ts';
import { durationText } from '../../../plugin-api/values/duration-text.ts';
import { isLabel, TIMESTAMP, type Column } from './access-columns.ts';
import { jsonText, millisText, textValue } from '../format/log-text.ts';

/** Formats the line of a record, with the line feed at its end. `timestamp` is the finished text of the time. */
export type LineOf<R> = (record: R, timestamp: string) => string;

/** Formats one field of a line. */
type FieldWriter<R> = (record: R, timestamp: string) => string;

/**
 * Returns the formatter of JSON lines such as `{"timestamp":"…","method":"GET",…}`. The names and kinds of the fields are looked up
 * once, here: to format a line then only means to call one function a field.
 */
export function jsonLine<R>(
  columns: ReadonlyMap<AccessField, Column<R>>,
  fields: readonly AccessField[],
): LineOf<R> {
  const known = fields.filter((field) => field === TIMESTAMP || columns.has(field));
  // The first field writes the opening brace, unless the line may lack that field.
  const beginsSurely = columns.get(known[0] ?? TIMESTAMP)?.kind !== 'optional';
  const writers = known.map((field, index): FieldWriter<R> => {
    const before = index === 0 && beginsSurely ? '{' : ',';
    const column = columns.get(field);
    if (column !== undefined) return jsonField(column, before);
    return (_record, timestamp) => `${before}"timestamp":"${timestamp}"`;
  });
  return (record, timestamp) => {
    let text = '';
    for (const write of writers) text += write(record, timestamp);
    return beginsSurely && text !== '' ? `${text}}\n` : `{${text.slice(1)}}\n`;
  };
}

/** Returns the formatter of lines of text such as `2025-11-17T15:00:01Z INFO access client_ip=… method=…`. */
export function textLine<R>(
  label: string,
  columns: ReadonlyMap<AccessField, Column<R>>,
  fields: readonly AccessField[],
): LineOf<R> {
  const writers = fields.flatMap((field): FieldWriter<R>[] => {
    const column = columns.get(field);
    return column === undefined || isLabel(field) ? [] : [textField(column)];
  });
  const head = ` INFO ${label}`;
  return (record, timestamp) => {
    let text = timestamp + head;
    for (const write of writers) text += write(record, timestamp);
    return `${text}\n`;
  };
}

function jsonField<R>({ jsonKey, kind, read }: Column<R>, before: string): FieldWriter<R> {
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

function textField<R>({ textKey, kind, read }: Column<R>): FieldWriter<R> {
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
): FieldWriter<R> {
  if (kind === 'optional') {
    return (record) => {
      const value = read(record);
      return value === undefined || value === '' ? '' : write(String(value));
    };
  }
  if (kind === 'text') return (record) => write(String(read(record) ?? ''));
  // To test whether a text needs escapes costs more than to compare it with the one of the line before.
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

function numeric<R>(key: string, read: Column<R>['read']): FieldWriter<R> {
  let last: string | number | undefined;
  let written = `${key}0`;
  return (record) => {
    const value = read(record);
    if (value !== last) {
      last = value;
      // A plugin may report NaN, which JSON does not allow.
      written = key + (Number.isFinite(value) ? String(value) : '0');
    }
    return written;
  };
}
