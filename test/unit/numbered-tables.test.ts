import { describe, expect, it } from 'vitest';

import * as llhttp from '../../plugins/http/h1/llhttp/llhttp.ts';
import * as messageReader from '../../plugins/http/h1/parse/message-reader.ts';
import { exitCode } from '../../src/cli/process/exit-code.ts';
import { FILTER_FIELDS } from '../../src/config/log-filter/filter-fields.ts';
import { EXCHANGE_COLUMNS, TUNNEL_COLUMNS } from '../../src/telemetry/logs/access/access-columns.ts';
import { METRIC_TABLE } from '../../src/telemetry/metrics/metric-table.ts';
import * as jaeger from '../../src/telemetry/traces/export/jaeger/jaeger-fields.ts';
import * as otlp from '../../src/telemetry/traces/export/otlp/otlp-fields.ts';
import { WIRE_TYPE } from '../../src/telemetry/traces/export/otlp/protobuf-writer.ts';
import { THRIFT } from '../../src/telemetry/traces/export/jaeger/thrift-writer.ts';

/** Tables that were written by hand and whose members are told apart by a value. */
const TABLES: readonly (readonly [string, Readonly<Record<string, number>>])[] = [
  [
    'what a message reader comes to',
    numbersOf(messageReader, ['MORE', 'HEAD', 'END', 'INVALID', 'TOO_LARGE']),
  ],
  ['what a parser comes to', numbersOf(llhttp, ['NEEDS_MORE', 'STOPPED', 'FAILED'])],
  ['the kinds of messages', numbersOf(llhttp, ['REQUEST', 'RESPONSE'])],
  ['exit codes', exitCode],
  ["protobuf's wire types", WIRE_TYPE],
  ["Thrift's types", THRIFT],
  ...Object.entries(jaeger).map(([name, table]) => [`Jaeger's ${name}`, table] as const),
  ...Object.entries(otlp).map(([name, table]) => [`OTLP's ${name}`, table] as const),
];

function numbersOf(module: object, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(Object.entries(module).filter(([name]) => names.includes(name)));
}

describe('a table of numbers', () => {
  it.each(TABLES)('has no number twice: %s', (_what, table) => {
    const numbers = Object.values(table);
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers.every((number) => typeof number === 'number')).toBe(true);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

describe('a table of names', () => {
  it('has each metric once', () => {
    const names = METRIC_TABLE.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has a column for each field of an access line, under a name of its own', () => {
    const fields = new Set([...FILTER_FIELDS.values()].map(({ field }) => field));
    expect(new Set([...EXCHANGE_COLUMNS.keys(), ...TUNNEL_COLUMNS.keys()])).toEqual(fields);
    for (const columns of [EXCHANGE_COLUMNS, TUNNEL_COLUMNS]) {
      for (const key of ['textKey', 'jsonKey'] as const) {
        expect(new Set([...columns.values()].map((column) => column[key])).size).toBe(columns.size);
      }
    }
  });
});
