import { describe, expect, it } from 'vitest';
import { LogSink } from '../../../../../src/telemetry/logs/output/log-sink.ts';
import type { LogSinkOptions } from '../../../../../src/telemetry/logs/output/log-sink.ts';
import { PATIENCE_MS } from '../../../../support/time/patience.ts';
import { RecordedOutput, systemError } from '../../recorded-output.ts';

const LINE = `${'x'.repeat(99)}\n`;

function setUp(options: Partial<LogSinkOptions> = {}): { output: RecordedOutput; sink: LogSink } {
  const output = new RecordedOutput();
  const sink: LogSink = new LogSink(output, {
    batchDelayMs: 5,
    recovered: ({ droppedLines }) => {
      if (droppedLines > 0) sink.write(`dropped ${droppedLines}\n`);
    },
    ...options,
  });
  return { output, sink };
}

describe('LogSink', () => {
  it('writes lines that arrive together in one batch, in their order', async () => {
    const { output, sink } = setUp();
    for (let n = 0; n < 10; n++) sink.write(`line ${n}\n`);
    expect(output.writes).toBe(0);
    expect(await sink.flush(PATIENCE_MS)).toBe(true);
    expect(output.writes).toBe(1);
    expect(output.lines).toEqual(Array.from({ length: 10 }, (_, n) => `line ${n}`));
  });

  it('writes a batch as soon as it is full', () => {
    const { output, sink } = setUp({ batchSizeBytes: 250, batchDelayMs: 60_000 });
    sink.write(LINE);
    sink.write(LINE);
    expect(output.writes).toBe(0);
    sink.write(LINE);
    expect(output.writes).toBe(1);
    sink.flushNow();
  });

  it('has one write under way at a time and goes on where a short write ended', async () => {
    const { output, sink } = setUp({ batchSizeBytes: 100 });
    output.takesBytes = 7;
    for (let n = 0; n < 20; n++) sink.write(`${String(n).padStart(99, '.')}\n`);
    expect(await sink.flush(PATIENCE_MS)).toBe(true);
    expect(output.mostUnderWay).toBe(1);
    expect(output.lines).toEqual(Array.from({ length: 20 }, (_, n) => String(n).padStart(99, '.')));
  });

  it('keeps a bounded buffer while the output stalls, drops and counts the rest, and says so afterwards', async () => {
    const { output, sink } = setUp({ batchSizeBytes: 500, bufferSizeBytes: 1000 });
    output.stalled = true;
    for (let n = 0; n < 50; n++) sink.write(LINE);
    expect(sink.bufferedBytes).toBe(1000);
    expect(sink.droppedLines).toBe(40);
    output.resume();
    expect(await sink.flush(PATIENCE_MS)).toBe(true);
    expect(output.lines).toEqual([...Array.from({ length: 10 }, () => LINE.trim()), 'dropped 40']);
    sink.write(LINE);
    await sink.flush(PATIENCE_MS);
    expect(output.lines.filter((line) => line.startsWith('dropped'))).toHaveLength(1);
    expect(sink.droppedLines).toBe(40);
  });

  for (const code of ['EAGAIN', 'EPIPE', 'ENOSPC', 'EBADF', 'EIO']) {
    it(`survives ${code} and writes everything once it is over`, async () => {
      const { output, sink } = setUp();
      output.error = systemError(code);
      sink.write('before\n');
      expect(await sink.flush(30)).toBe(false);
      expect(sink.lastError).toBe(output.error);
      output.error = undefined;
      sink.write('after\n');
      expect(await sink.flush(PATIENCE_MS)).toBe(true);
      expect(output.lines).toEqual(['before', 'after']);
      expect(sink.lastError).toBeUndefined();
    });
  }

  it('tries a failing output less and less often', async () => {
    const { output, sink } = setUp();
    output.error = systemError('ENOSPC');
    sink.write('line\n');
    expect(await sink.flush(200)).toBe(false);
    // 2, 4, 8 … ms: about eight tries in 200 ms, never hundreds.
    expect(output.writes).toBeLessThan(15);
    expect(output.writes).toBeGreaterThan(1);
    await sink.close();
  });

  it('flushes what is left at once at the exit, and not what is under way', () => {
    const { output, sink } = setUp({ batchSizeBytes: 4 });
    output.stalled = true;
    sink.write('one\n');
    sink.write('two\n');
    sink.write('3\n');
    sink.flushNow();
    expect(output.lines).toEqual(['two', '3']);
    expect(sink.bufferedBytes).toBe(4);
  });

  it('closes after the last line and drops what comes later', async () => {
    const { output, sink } = setUp();
    sink.write('last\n');
    await sink.close();
    sink.write('late\n');
    await sink.close();
    expect(output.lines).toEqual(['last']);
    expect(output.closed).toBe(true);
    expect(sink.droppedLines).toBe(1);
  });

  it('closes although the output stalls for ever', async () => {
    const { output, sink } = setUp();
    output.stalled = true;
    sink.write('never\n');
    await sink.close();
    expect(output.text).toBe('');
    expect(sink.bufferedBytes).toBe(0);
  });
});
