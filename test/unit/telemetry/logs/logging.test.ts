import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogging } from '../../../../src/telemetry/logs/create-logging.ts';
import type { LoggingSettings } from '../../../../src/telemetry/logs/field-logger.ts';
import type { Logging } from '../../../../src/telemetry/logs/logging.ts';
import { PATIENCE_MS } from '../../../support/time/patience.ts';
import { RecordedOutput } from '../recorded-output.ts';

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /;

function setUp(settings: Partial<LoggingSettings> = {}): { output: RecordedOutput; logging: Logging } {
  const output = new RecordedOutput();
  const logging = createLogging(
    { level: 'info', format: 'text', add_caller: false, ...settings },
    { stdout: output, stderr: () => new RecordedOutput(), directory: '/' },
  );
  return { output, logging };
}

async function linesOf(
  settings: Partial<LoggingSettings>,
  log: (logger: Logging['logger']) => void,
): Promise<string[]> {
  const { output, logging } = setUp(settings);
  log(logging.logger);
  await logging.close();
  return output.lines.map((line) => line.replace(TIMESTAMP, ''));
}

describe('text lines', () => {
  it('have a timestamp, the level, the message and fields', async () => {
    const { output, logging } = setUp();
    logging.logger.info('listening', { listener: 'web', address: ':8080', count: 3, ok: true });
    await logging.close();
    expect(output.text).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO listening listener=web address=:8080 count=3 ok=true\n$/,
    );
  });

  it('show trace ids before the message and milliseconds as durations', async () => {
    const lines = await linesOf({}, (logger) => {
      logger.info('Request completed', {
        status: 200,
        duration_ms: 150,
        trace_id: 'abc123',
        span_id: 'def456',
      });
      logger.info('slow', { duration_ms: 8_130_000, wait_ms: 0.42 });
    });
    expect(lines).toEqual([
      'INFO trace_id=abc123 span_id=def456 Request completed status=200 duration=150ms',
      'INFO slow duration=2h15m30s wait=0.42ms',
    ]);
  });

  it('quote and escape what is not one plain word', async () => {
    const lines = await linesOf({}, (logger) => {
      logger.warn('odd values', {
        spaced: 'a b',
        quoted: 'say "hi"',
        empty: '',
        equals: 'a=b',
        newline: 'a\nb',
        escape: '\u001b[31m',
        next: 'a\u0085b\u2028c',
        turned: '\u202eevil',
        umlaut: 'größe',
        none: null,
        absent: undefined,
        list: [1, 'two'],
        'bad key=': 1,
      });
    });
    expect(lines).toEqual([
      'WARN odd values spaced="a b" quoted="say \\"hi\\"" empty=- equals="a=b" newline="a\\nb" ' +
        'escape="\\u001b[31m" next="a\\u0085b\\u2028c" turned="\\u202eevil" umlaut="größe" none=null ' +
        'list="[1,\\"two\\"]" bad_key_=1',
    ]);
  });

  it('show errors with their causes', async () => {
    const error = new Error('connect failed', { cause: new Error('ECONNREFUSED 127.0.0.1:1') });
    const lines = await linesOf({}, (logger) => logger.error('no backend', { error }));
    expect(lines).toEqual(['ERROR no backend error="connect failed: ECONNREFUSED 127.0.0.1:1"']);
  });

  it('can not be forged by any message, key or value', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<LoggingSettings['format']>('text', 'json'),
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        async (format, message, key, value) => {
          const { output, logging } = setUp({ format });
          logging.logger.info(message, { [key]: value, nested: { [key]: [value] } });
          await logging.close();
          expect(output.lines).toHaveLength(1);
          const line = output.text.slice(0, -1);
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
          if (format === 'json') JSON.parse(line);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('cut very long values', async () => {
    const [line] = await linesOf({}, (logger) => logger.info('long', { value: 'v'.repeat(100_000) }));
    expect(line?.length).toBeLessThan(5000);
  });
});

describe('JSON lines', () => {
  it('give milliseconds to the microsecond, as access lines do', async () => {
    const { output, logging } = setUp({ format: 'json' });
    logging.logger.info('Request completed', { duration_ms: 72.85525199999392, wait_ms: 45 });
    await logging.close();
    expect(output.text).toMatch(/,"duration_ms":72\.855,"wait_ms":45\}\n$/);
  });

  it('are one object with timestamp, level, message and fields', async () => {
    const { output, logging } = setUp({ format: 'json' });
    logging.logger.child({ listener: 'web' }).error('broken', {
      duration_ms: 45,
      error: new Error('a "quoted"\nreason'),
      level: 'mine',
      count: 3,
      big: 10n,
    });
    await logging.close();
    const [line] = output.lines;
    expect(JSON.parse(line ?? '')).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      level: 'error',
      message: 'broken',
      listener: 'web',
      duration_ms: 45,
      error: 'a "quoted"\nreason',
      level_: 'mine',
      count: 3,
      big: '10',
    });
  });

  it('survive values that JSON can not hold', async () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const lines = await linesOf({ format: 'json' }, (logger) =>
      logger.info('odd', { circular, fn: () => 1 }),
    );
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ circular: '[unserializable]', fn: null });
  });
});

describe('levels', () => {
  const all = (logger: Logging['logger']): void => {
    logger.debug('m');
    logger.info('m');
    logger.warn('m');
    logger.error('m');
    logger.fatal('m');
  };
  const levels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;

  for (const [index, level] of levels.entries()) {
    it(`of ${level} let through what is not below`, async () => {
      const lines = await linesOf({ level }, all);
      expect(lines).toEqual(levels.slice(index).map((each) => `${each.toUpperCase()} m`));
    });
  }

  it('change live, with format and caller, for loggers that were handed out before', async () => {
    const { output, logging } = setUp({ level: 'warn' });
    const child = logging.logger.child({ part: 'x' });
    child.info('hidden');
    expect(child.debugEnabled).toBe(false);
    const prepared = await logging.prepare({
      level: 'debug',
      format: 'json',
      add_caller: true,
      output: 'stdout',
    });
    expect(child.debugEnabled).toBe(false);
    prepared.commit();
    expect(child.debugEnabled).toBe(true);
    child.debug('shown');
    await logging.close();
    expect(output.lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        level: 'debug',
        message: 'shown',
        part: 'x',
        caller: expect.stringMatching(/^test\/unit\/telemetry\/logs\/logging\.test\.ts:\d+$/) as string,
      }),
    ]);
  });
});

describe('add_caller', () => {
  it('names the line that logs, not the logger', async () => {
    const lines = await linesOf({ add_caller: true }, (logger) => logger.info('here'));
    expect(lines).toEqual([
      expect.stringMatching(/^INFO here caller=test\/unit\/telemetry\/logs\/logging\.test\.ts:\d+$/),
    ]);
  });
});

describe('the end', () => {
  it('loses no line that was logged before the flush', async () => {
    const { output, logging } = setUp();
    for (let n = 0; n < 1000; n++) logging.logger.info('line', { n });
    expect(await logging.flush(PATIENCE_MS)).toBe(true);
    expect(output.lines).toHaveLength(1000);
    await logging.close();
  });

  it('drops lines after close without a word', async () => {
    const { output, logging } = setUp();
    await logging.close();
    logging.logger.error('late');
    await logging.close();
    expect(output.text).toBe('');
  });

  it('says in the current format that it works again and how many lines were dropped', async () => {
    const { output, logging } = setUp({ format: 'json' });
    output.stalled = true;
    const line = `${'x'.repeat(1023)}\n`;
    const settings = { level: 'info', format: 'json', add_caller: false, output: 'stdout' } as const;
    const sink = (await logging.prepare(settings)).sink('stdout');
    for (let n = 0; n < 9000; n++) sink.write(line);
    expect(logging.droppedLines).toBe(9000 - 8192);
    output.resume();
    await logging.close();
    expect(JSON.parse(output.lines.at(-1) ?? '')).toMatchObject({
      level: 'warn',
      message: 'log output works again',
      output: 'stdout',
      dropped: 808,
    });
  });
});

describe('lines before the first settings', () => {
  function waiting() {
    const output = new RecordedOutput();
    const logging = createLogging(
      { level: 'info', format: 'text', add_caller: false },
      { stdout: output, stderr: () => new RecordedOutput(), directory: '.', awaitsSettings: true },
    );
    return { output, logging };
  }

  it('follow the settings once these are known, in their order', async () => {
    const { output, logging } = waiting();
    logging.logger.debug('early detail');
    logging.logger.warn('early', { n: 1 });
    const settings = { level: 'debug', format: 'json', add_caller: true, output: 'stdout' } as const;
    (await logging.prepare(settings)).commit();
    logging.logger.info('later');
    await logging.close();
    const lines = output.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => [line['level'], line['message']])).toEqual([
      ['debug', 'early detail'],
      ['warn', 'early'],
      ['info', 'later'],
    ]);
    for (const line of lines) expect(line['caller']).toMatch(/logging\.test\.ts:\d+$/);
  });

  it('are left out where the settings want less', async () => {
    const { output, logging } = waiting();
    logging.logger.info('early');
    (await logging.prepare({ level: 'error', format: 'text', add_caller: false, output: 'stdout' })).commit();
    await logging.close();
    expect(output.text).toBe('');
  });

  it.each(['flush', 'close', 'flushNow'] as const)('are not lost when no settings come (%s)', async (way) => {
    const { output, logging } = waiting();
    logging.logger.error('why it does not start');
    if (way === 'flush') await logging.flush(PATIENCE_MS);
    else await logging[way]();
    expect(output.lines).toEqual([expect.stringMatching(/^\S+ ERROR why it does not start$/)]);
    await logging.close();
  });
});
