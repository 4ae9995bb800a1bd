import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogging } from '../../../../../src/telemetry/logs/create-logging.ts';
import type { Logging } from '../../../../../src/telemetry/logs/logging.ts';
import { eventually } from '../../../../support/time/eventually.ts';
import { PATIENCE_MS } from '../../../../support/time/patience.ts';
import { RecordedOutput, systemError } from '../../recorded-output.ts';

const SETTINGS = { level: 'info', format: 'text', add_caller: false } as const;

let folder: string;
let stdout: RecordedOutput;
let stderr: RecordedOutput;
let logging: Logging;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'balance-outputs-'));
  stdout = new RecordedOutput();
  stderr = new RecordedOutput();
  logging = createLogging(SETTINGS, { stdout, stderr: () => stderr, directory: folder });
});

afterEach(async () => {
  await logging.close();
  rmSync(folder, { recursive: true });
});

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

async function use(output: string, others: { key: string; output: string }[] = []) {
  const prepared = await logging.prepare({ ...SETTINGS, output }, others);
  prepared.commit();
  return prepared;
}

describe('log outputs', () => {
  it('change live, and no line is lost or told twice', async () => {
    logging.logger.info('first');
    await logging.flush(PATIENCE_MS);
    await use('a.log');
    logging.logger.info('second');
    await logging.flush(PATIENCE_MS);
    await use('sub/../b.log');
    logging.logger.info('third');
    await logging.flush(PATIENCE_MS);
    await use('stderr');
    logging.logger.info('fourth');
    await logging.close();
    expect(stdout.text).toMatch(/ first\n$/);
    expect(read('a.log')).toMatch(/^\S+ INFO second\n$/);
    expect(read('b.log')).toMatch(/^\S+ INFO third\n$/);
    expect(stderr.text).toMatch(/^\S+ INFO fourth\n$/);
  });

  it('are not all flushed while one that an edit just left has lines', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await use('pipe');
    logging.logger.info('nobody reads this yet');
    await use('stdout');
    expect(await logging.flush(1)).toBe(false);
  });

  it('are shared by all kinds of lines that name the same one', async () => {
    const prepared = await use('a.log', [{ key: 'other', output: join(folder, 'a.log') }]);
    expect(prepared.sink('a.log')).toBe(prepared.sink(join(folder, 'a.log')));
    logging.logger.info('one');
    prepared.sink('./a.log').write('two\n');
    await logging.flush(PATIENCE_MS);
    expect(read('a.log').split('\n').sort()).toEqual(['', expect.stringMatching(/one$/), 'two'].sort());
  });

  it('stay open over an edit that keeps them', async () => {
    const first = await use('a.log');
    const second = await use('a.log');
    expect(second.sink('a.log')).toBe(first.sink('a.log'));
  });

  it('that can not be opened are refused by name, and nothing changes', async () => {
    const attempt = logging.prepare({ ...SETTINGS, output: 'a.log' }, [
      { key: 'the.key', output: 'none/b.log' },
    ]);
    await expect(attempt).rejects.toThrow(/^the\.key: the log file can't be opened: ENOENT/);
    await expect(attempt).rejects.toMatchObject({ code: 'config_invalid' });
    logging.logger.info('still here');
    await logging.flush(PATIENCE_MS);
    expect(stdout.text).toContain('still here');
  });

  it('that were prepared are closed again when something else fails', async () => {
    const prepared = await logging.prepare({ ...SETTINGS, output: 'a.log' });
    const sink = prepared.sink('a.log');
    prepared.unwind();
    expect(() => prepared.sink('a.log')).toThrow();
    await eventually(() => {
      sink.write('late\n');
      return sink.droppedLines > 0;
    }, 'the file is closed');
  });

  it('are opened anew when they are told to be', async () => {
    await use('a.log', [{ key: 'other', output: 'b.log' }]);
    for (const name of ['a.log', 'b.log']) renameSync(join(folder, name), join(folder, `${name}.1`));
    logging.reopen();
    await eventually(
      () => ['a.log', 'b.log'].every((name) => existsSync(join(folder, name))),
      'both are there',
    );
    expect(stdout.reopened).toBe(1);
  });

  it('that fail are told on stderr, once a minute at most', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    stdout.error = systemError('ENOSPC');
    for (let line = 0; line < 5; line++) {
      logging.logger.info('line');
      await logging.flush(10);
    }
    await eventually(() => stderr.text !== '', 'the warning');
    stdout.error = undefined;
    expect(await logging.flush(PATIENCE_MS)).toBe(true);
    stdout.error = systemError('ENOSPC');
    logging.logger.info('line');
    await logging.flush(10);
    vi.advanceTimersByTime(61_000);
    vi.useRealTimers();
    expect(stderr.lines).toEqual([
      expect.stringMatching(/^\S+ WARN log output fails: .* output=stdout error=ENOSPC$/) as string,
      expect.stringMatching(
        /^\S+ WARN log output works again output=stdout failed_for=\S+ dropped=0$/,
      ) as string,
    ]);
    stdout.error = undefined;
  });

  it('that stall are told on stderr when the first line is dropped', async () => {
    const prepared = await use('stdout');
    stdout.stalled = true;
    const line = `${'x'.repeat(1023)}\n`;
    for (let n = 0; n < 8192; n++) prepared.sink('stdout').write(line);
    await logging.flush(5);
    expect(stderr.text).toBe('');
    prepared.sink('stdout').write(line);
    await eventually(() => stderr.text !== '', 'the warning');
    expect(stderr.text).toMatch(/ WARN log output fails: .* error="it takes no more lines"\n$/);
    expect(logging.droppedLines).toBe(1);
    stdout.resume();
  });

  it('say in the log of the operator how many lines another output dropped', async () => {
    mkdirSync(join(folder, 'deep'));
    const both = await use('stdout', [{ key: 'other', output: 'deep/x.log' }]);
    rmSync(join(folder, 'deep'), { recursive: true });
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 2000);
    const sink = both.sink('deep/x.log');
    const line = `${'x'.repeat(1023)}\n`;
    for (let n = 0; n < 8200; n++) sink.write(line);
    mkdirSync(join(folder, 'deep'));
    expect(await logging.flush(PATIENCE_MS)).toBe(true);
    vi.useRealTimers();
    await logging.flush(PATIENCE_MS);
    const line8 = ` WARN log output works again output=${folder}/deep/x\\.log failed_for=\\S+ dropped=8\n$`;
    expect(stdout.text).toMatch(new RegExp(line8));
    expect(stderr.text).toMatch(new RegExp(line8));
    expect(read('deep/x.log')).toHaveLength(8192 * 1024);
  });

  it('say once that they work again, where the failure was told', async () => {
    const main = await use('stderr', [{ key: 'other', output: 'stdout' }]);
    stdout.error = systemError('ENOSPC');
    main.sink('stdout').write('kept\n');
    await eventually(() => stderr.text !== '', 'the warning');
    stdout.error = undefined;
    expect(await logging.flush(PATIENCE_MS)).toBe(true);
    await logging.flush(PATIENCE_MS);
    expect(stdout.text).toBe('kept\n');
    expect(stderr.lines.map((line) => line.replace(/^\S+ WARN /, '').replace(/[:=].*/, ''))).toEqual([
      'log output fails',
      'log output works again output',
    ]);
  });

  it('count what was lost also after they were closed', async () => {
    const prepared = await use('stdout', [{ key: 'other', output: 'a.log' }]);
    const sink = prepared.sink('a.log');
    const line = `${'x'.repeat(1023)}\n`;
    for (let n = 0; n < 8200; n++) sink.write(line);
    expect(logging.droppedLines).toBe(8);
    expect(await logging.flush(PATIENCE_MS)).toBe(true);
    await use('stdout');
    expect(logging.droppedLines).toBe(8);
    await logging.close();
    expect(logging.droppedLines).toBe(8);
  });
});
