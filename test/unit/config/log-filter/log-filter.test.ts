import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../../../src/config/log-filter/compile-filter.ts';
import { filterFields } from '../../../../src/config/log-filter/filter-expression.ts';
import { FILTER_FIELDS } from '../../../../src/config/log-filter/filter-fields.ts';
import { FilterError } from '../../../../src/config/log-filter/filter-tokens.ts';
import { parseFilter, type FilterOptions } from '../../../../src/config/log-filter/parse-filter.ts';

type Values = Readonly<Record<string, string | number | undefined>>;

const REQUEST: Values = {
  status: 200,
  duration: 150,
  bytes: 2048,
  method: 'GET',
  path: '/api/users',
  client_ip: '10.0.0.1',
  backend: 'backend-1',
  user_agent: 'say "hi"',
  error: '',
};

function holds(filter: string, values: Values = REQUEST, options: FilterOptions = {}): boolean {
  return compileFilter<Values>(parseFilter(filter, options), (field) => (record) => record[field])(values);
}

describe('a log filter', () => {
  it.each([
    ['status == 200', true],
    ['status = 200', true],
    ['status != 200', false],
    ['status >= 500', false],
    ['status < 300', true],
    ['status <= 200', true],
    ['status > 200', false],
    ['status in (200, 204)', true],
    ['status in (500)', false],
    ['duration > 100ms', true],
    ['duration > 1s', false],
    ['duration_ms >= 150', true],
    ['bytes > 1KiB', true],
    ['bytes > 2048', false],
    ['bytes_sent == 2048', true],
    ['method == GET', true],
    ["method == 'GET'", true],
    ['method in ("POST", GET)', true],
    ['path starts_with /api', true],
    ['path ends_with users', true],
    ['path contains "i/u"', true],
    ['path contains x', false],
    ['client_ip == 10.0.0.1', true],
    ['user_agent == "say \\"hi\\""', true],
    ['user_agent == \'say "hi"\'', true],
    ['backend == backend-1', true],
    ['error', false],
    ['backend', true],
    ['not error', true],
    ['!error && status==200', true],
    ['error or status == 200', true],
    ['error || error', false],
    ['NOT error AND status == 200 OR error', true],
  ])('%s: %s', (filter, expected) => {
    expect(holds(filter)).toBe(expected);
  });

  it('binds not before and, and and before or', () => {
    const [yes, no] = ['backend', 'error'];
    expect(holds(`${yes} or ${yes} and ${no}`)).toBe(true);
    expect(holds(`(${yes} or ${yes}) and ${no}`)).toBe(false);
    expect(holds(`not ${no} or ${yes}`)).toBe(true);
    expect(holds(`not (${no} or ${yes})`)).toBe(false);
    expect(holds(`not not ${yes}`)).toBe(true);
  });

  it('holds for what is missing only when it must differ', () => {
    for (const filter of [
      'status == 200',
      'status < 500',
      'status > 0',
      'path contains a',
      'path',
      'method in (GET)',
    ])
      expect(holds(filter, {})).toBe(false);
    expect(holds('status != 200 and path != /', {})).toBe(true);
  });

  it('knows the fields that it looks at', () => {
    expect(
      filterFields(parseFilter('status > 1 or not (path and duration_ms > 2) or method in (GET)')),
    ).toEqual(['status', 'path', 'duration', 'method']);
  });

  it.each([
    ['', 'needs the name of a field at character 1'],
    ['status >= 500 and', 'needs the name of a field at character 18'],
    ['stauts >= 500', 'has an unknown field at character 1; did you mean status?'],
    ['whatever == 1', 'has an unknown field at character 1'],
    ['status', 'needs a comparison such as >= at character 7'],
    ['status >=', 'needs a value at character 10'],
    ['status >= many', 'needs a number such as 500 at character 11'],
    ['duration > 1', 'needs a duration with its unit, such as 1s or 150ms, at character 12'],
    ['bytes > 1XB', 'needs a size such as 512 or 10MB at character 9'],
    [
      'path > a',
      'compares the order of texts at character 6; texts can be compared with ==, !=, in, contains, starts_with and ends_with',
    ],
    ['status contains 5', 'searches for text in a field that is no text at character 8'],
    ['(status > 1', 'needs ) at character 12'],
    ['status in 5', 'needs ( at character 11'],
    ['status in (5', 'needs ) at character 13'],
    ['status > 1 status', 'needs "and" or "or" at character 12'],
    ['path == "x', 'has a quote that is not closed at character 9'],
    ['path == a & b', 'has an unexpected character at character 11'],
    ['and error', 'needs the name of a field at character 1'],
    ['"error"', 'needs the name of a field at character 1'],
    [`${'('.repeat(100)}error`, 'is nested too deeply at character 51'],
    [`error${' '.repeat(5000)}`, 'is too long at character 4097'],
  ])('says what is wrong with %j, and where', (filter, problem) => {
    expect(() => parseFilter(filter)).toThrow(
      expect.objectContaining({ name: 'FilterError', message: problem }) as Error,
    );
  });

  it('takes any field where that is allowed, and compares it as what it looks like', () => {
    const options = { anyField: true };
    expect(holds('count > 9', { count: 10 }, options)).toBe(true);
    expect(holds('count == 10', { count: 10 }, options)).toBe(true);
    expect(holds('count < x', { count: 10 }, options)).toBe(false);
    expect(holds('message contains reload', { message: 'config reloaded' }, options)).toBe(true);
    expect(holds('count > 1', { count: '' }, options)).toBe(false);
    expect(() => parseFilter('count > 1')).toThrow('unknown field');
  });

  it('is read or refused with a place, whatever it is', () => {
    const words = fc.constantFrom(
      ...FILTER_FIELDS.keys(),
      ...[
        'and',
        'or',
        'not',
        'in',
        '(',
        ')',
        ',',
        '==',
        '>=',
        'contains',
        '500',
        '1s',
        '10KB',
        '"a b"',
        "'",
        ' ',
        '&&',
      ],
    );
    const filters = fc.oneof(
      fc.string(),
      fc.array(words).map((list) => list.join(' ')),
    );
    fc.assert(
      fc.property(filters, (filter) => {
        try {
          expect(typeof holds(filter)).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError);
          expect((error as Error).message).toMatch(/ at character \d+/);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
