import type { Comparison, FilterExpression } from './filter-expression.ts';

/** Reads a field of a record; `undefined` where the record has no such field. */
export type FieldReader<R> = (record: R) => string | number | undefined;

/**
 * Turns a filter into a function, so that the filter is not interpreted again for each record. When a record does not have a field, every
 * comparison with the field is false, except `!=`.
 *
 * @param reader gives the function that reads the field of that name
 */
export function compileFilter<R>(
  expression: FilterExpression,
  reader: (field: string) => FieldReader<R>,
): (record: R) => boolean {
  switch (expression.kind) {
    case 'and': {
      const left = compileFilter(expression.left, reader);
      const right = compileFilter(expression.right, reader);
      return (record) => left(record) && right(record);
    }
    case 'or': {
      const left = compileFilter(expression.left, reader);
      const right = compileFilter(expression.right, reader);
      return (record) => left(record) || right(record);
    }
    case 'not': {
      const of = compileFilter(expression.of, reader);
      return (record) => !of(record);
    }
    case 'compare':
      return compare(reader(expression.field), expression.comparison, expression.value);
    case 'in': {
      const read = reader(expression.field);
      const equals = expression.values.map((value) => compare(read, '==', value));
      return (record) => equals.some((equal) => equal(record));
    }
    case 'present': {
      const read = reader(expression.field);
      return (record) => {
        const value = read(record);
        return value !== undefined && value !== '';
      };
    }
  }
}

function compare<R>(
  read: FieldReader<R>,
  comparison: Comparison,
  value: string | number,
): (record: R) => boolean {
  return typeof value === 'number'
    ? compareNumber(read, comparison, value)
    : compareText(read, comparison, value);
}

function compareNumber<R>(
  read: FieldReader<R>,
  comparison: Comparison,
  value: number,
): (record: R) => boolean {
  const number = (record: R): number => {
    const found = read(record);
    return typeof found === 'number' ? found : Number(found || Number.NaN);
  };
  switch (comparison) {
    case '==':
      return (record) => number(record) === value;
    case '!=':
      return (record) => number(record) !== value;
    case '<':
      return (record) => number(record) < value;
    case '<=':
      return (record) => number(record) <= value;
    case '>':
      return (record) => number(record) > value;
    case '>=':
      return (record) => number(record) >= value;
    case 'contains':
    case 'starts_with':
    case 'ends_with':
      return compareText(read, comparison, String(value));
  }
}

function compareText<R>(read: FieldReader<R>, comparison: Comparison, value: string): (record: R) => boolean {
  const text = (record: R): string | undefined => {
    const found = read(record);
    return found === undefined ? undefined : String(found);
  };
  switch (comparison) {
    case '==':
      return (record) => text(record) === value;
    case '!=':
      return (record) => text(record) !== value;
    case 'contains':
      return (record) => text(record)?.includes(value) === true;
    case 'starts_with':
      return (record) => text(record)?.startsWith(value) === true;
    case 'ends_with':
      return (record) => text(record)?.endsWith(value) === true;
    // Only fields of unknown kind get here. They may hold numbers.
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compareNumber(read, comparison, Number(value));
  }
}
