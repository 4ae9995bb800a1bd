import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLogOutput } from '../../../../../src/telemetry/logs/output/log-output.ts';
import { LogSink } from '../../../../../src/telemetry/logs/output/log-sink.ts';
import { failureOf } from '../../failure-of.ts';

const LINE = `${'x'.repeat(99)}\n`;

let folder: string;
let descriptors: number[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'balance-log-'));
  descriptors = [];
});

afterEach(() => {
  for (const fd of descriptors) closeSync(fd);
  rmSync(folder, { recursive: true });
});

function open(path: string, flags: number): number {
  const fd = openSync(path, flags, 0o600);
  descriptors.push(fd);
  return fd;
}

function sinkOn(fd: number): LogSink {
  const sink = new LogSink(openLogOutput(fd), {
    batchDelayMs: 1,
    bufferSizeBytes: 200_000,
    recovered: ({ droppedLines }) => {
      if (droppedLines > 0) sink.write(`dropped ${droppedLines}\n`);
    },
  });
  return sink;
}

function drain(fd: number): string {
  const bytes = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    try {
      const count = readSync(fd, bytes);
      if (count === 0) return text;
      text += bytes.toString('utf8', 0, count);
    } catch {
      return text;
    }
  }
}

describe.runIf(process.platform === 'linux')('a pipe', () => {
  function fifo(): { reader: number; writer: number } {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // Blocking, as a shell hands it over: only the second opening makes writes to it harmless.
    return { reader, writer: open(path, constants.O_WRONLY) };
  }

  it('that nobody reads neither blocks nor makes the buffer grow; reading it gets every line that was kept', async () => {
    const { reader, writer } = fifo();
    const sink = sinkOn(writer);
    for (let n = 0; n < 5000; n++) sink.write(LINE);
    expect(await sink.flush(50)).toBe(false);
    expect(sink.bufferedBytes).toBeLessThanOrEqual(200_000);
    const dropped = sink.droppedLines;
    expect(dropped).toBeGreaterThan(2000);
    let text = '';
    for (;;) {
      text += drain(reader);
      if (await sink.flush(5)) break;
    }
    text += drain(reader);
    const lines = text.split('\n').slice(0, -1);
    expect(lines).toContain(`dropped ${dropped}`);
    expect(lines.filter((line) => line === LINE.trim())).toHaveLength(5000 - dropped);
    await sink.close();
  });

  it('whose reader is gone is tried again without an exception', async () => {
    const { reader, writer } = fifo();
    const sink = sinkOn(writer);
    closeSync(reader);
    descriptors = descriptors.filter((fd) => fd !== reader);
    sink.write(LINE);
    expect(await failureOf(sink)).toMatchObject({ code: 'EPIPE' });
    await sink.close();
  });
});

describe.runIf(process.platform === 'linux')('a full disk', () => {
  it('costs lines, nothing else', async () => {
    const sink = sinkOn(open('/dev/full', constants.O_WRONLY));
    sink.write(LINE);
    expect(await failureOf(sink)).toMatchObject({ code: 'ENOSPC' });
    await sink.close();
  });
});

describe('a file', () => {
  it('gets the lines after what it holds', async () => {
    const path = join(folder, 'log');
    const fd = open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
    const first = sinkOn(fd);
    first.write('one\n');
    await first.close();
    const second = sinkOn(fd);
    second.write('two\n');
    second.flushNow();
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    await second.close();
  });
});

describe('a descriptor that is not open', () => {
  it('fails like a full disk', async () => {
    const sink = sinkOn(1_000_000);
    sink.write(LINE);
    expect(await failureOf(sink)).toMatchObject({ code: 'EBADF' });
    await sink.close();
  });
});
