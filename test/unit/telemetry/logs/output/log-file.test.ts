import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogFile } from '../../../../../src/telemetry/logs/output/log-file.ts';
import type { LogRotation } from '../../../../../src/telemetry/logs/output/log-rotation.ts';
import { LogSink } from '../../../../../src/telemetry/logs/output/log-sink.ts';
import { eventually } from '../../../../support/time/eventually.ts';
import { PATIENCE_MS } from '../../../../support/time/patience.ts';
import { failureOf } from '../../failure-of.ts';

const HOUR_MS = 3_600_000;

let folder: string;
let path: string;
let problems: string[];
let closing: (() => Promise<void> | void)[];

beforeEach(() => {
  // Only the clock: it decides when a file is looked at again.
  vi.useFakeTimers({ toFake: ['Date'] });
  folder = mkdtempSync(join(tmpdir(), 'balance-log-file-'));
  path = join(folder, 'x.log');
  problems = [];
  closing = [];
});

afterEach(async () => {
  for (const close of closing) await close();
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

function logFile(name = path): LogFile {
  const file = new LogFile(name, (problem, error) => problems.push(`${problem}: ${String(error)}`));
  closing.push(() => file.close());
  return file;
}

async function openFile(rotation?: LogRotation): Promise<LogFile> {
  const file = logFile();
  await file.open();
  file.setRotation(rotation);
  return file;
}

function sinkOn(file: LogFile): LogSink {
  const sink = new LogSink(file, { batchDelayMs: 1 });
  closing.unshift(() => sink.close());
  return sink;
}

/** Writes bytes in one call, as a sink does. */
function write(file: LogFile, text: string, offset = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    file.write(Buffer.from(text), offset, (error, end) => {
      if (error === undefined) resolve(end);
      else reject(error);
    });
  });
}

const read = (name = path): string => readFileSync(name, 'utf8');
const later = (): void => {
  vi.setSystemTime(Date.now() + 2000);
};

describe('a log file', () => {
  it('is created for its owner and group, and goes on where it ended', async () => {
    const umask = process.umask(0o022);
    try {
      await write(await openFile(), 'one\n');
    } finally {
      process.umask(umask);
    }
    expect(statSync(path).mode & 0o777).toBe(0o640);
    await write(await openFile(), 'two\n');
    expect(read()).toBe('one\ntwo\n');
  });

  it('can not be opened in a folder that is not there', async () => {
    await expect(logFile(join(folder, 'none', 'x.log')).open()).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(logFile(folder).open()).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('is created at once when it is opened anew, and gets all lines from then on', async () => {
    const file = await openFile();
    await write(file, 'one\n');
    renameSync(path, `${path}.old`);
    await write(file, 'two\n');
    file.reopen();
    await eventually(() => existsSync(path), 'the file is there');
    await write(file, 'three\n');
    expect([read(`${path}.old`), read()]).toEqual(['one\ntwo\n', 'three\n']);
  });

  it('finishes a line where it began', async () => {
    const file = await openFile();
    const lines = 'first\nsecond\nthird\n';
    expect(await write(file, lines.slice(0, 9))).toBe(9);
    renameSync(path, `${path}.old`);
    file.reopen();
    later();
    await write(file, lines.slice(0, 13), 9);
    await write(file, lines, 13);
    expect([read(`${path}.old`), read()]).toEqual(['first\nsecond\n', 'third\n']);
  });

  it.runIf(existsSync('/dev/full'))(
    'begins a line anew in the next file when this one fails within it',
    async () => {
      symlinkSync('/dev/full', path);
      const file = await openFile();
      const lines = 'first\nsecond\n';
      await expect(write(file, lines, 9)).rejects.toMatchObject({ code: 'ENOSPC' });
      unlinkSync(path);
      file.reopen();
      expect(await write(file, lines, 9)).toBe(lines.length);
      expect(read()).toBe('second\n');
    },
  );

  it('notices by itself that it was moved', async () => {
    const file = await openFile();
    await write(file, 'one\n');
    renameSync(path, `${path}.old`);
    later();
    await write(file, 'two\n');
    expect([read(`${path}.old`), read()]).toEqual(['one\n', 'two\n']);
  });

  it('notices by itself that it was cut off', async () => {
    const file = await openFile({ max_size: 12, max_files: 1 });
    await write(file, 'one two\n');
    truncateSync(path);
    later();
    await write(file, 'three four\n');
    expect(read()).toBe('three four\n');
    expect(existsSync(`${path}.1`)).toBe(false);
  });

  it('keeps lines until a folder that was removed is back', async () => {
    const deep = join(folder, 'deep');
    mkdirSync(deep);
    const file = logFile(join(deep, 'x.log'));
    await file.open();
    const sink = sinkOn(file);
    sink.write('one\n');
    expect(await sink.flush(PATIENCE_MS)).toBe(true);
    rmSync(deep, { recursive: true });
    later();
    sink.write('two\n');
    expect(await failureOf(sink)).toMatchObject({ code: 'ENOENT' });
    mkdirSync(deep);
    expect(await sink.flush(PATIENCE_MS)).toBe(true);
    expect(read(join(deep, 'x.log'))).toBe('two\n');
  });

  it('goes on with the file that was moved while its name can not be opened', async () => {
    const file = await openFile();
    await write(file, 'one\n');
    renameSync(path, `${path}.old`);
    mkdirSync(path);
    file.reopen();
    await write(file, 'two\n');
    expect(read(`${path}.old`)).toBe('one\ntwo\n');
    expect(problems[0]).toMatch(/^log file can not be opened again: Error: EISDIR/);
    rmSync(path, { recursive: true });
    later();
    await write(file, 'three\n');
    expect(read()).toBe('three\n');
  });

  it('takes all lines at once while its name can not be opened, although it is full', async () => {
    const file = await openFile({ max_size: 8, max_files: 1 });
    await write(file, 'one\n');
    renameSync(path, `${path}.old`);
    mkdirSync(path);
    file.reopen();
    await write(file, 'two\n');
    const lines = 'three\nfour\nfive\n';
    expect(await write(file, lines)).toBe(lines.length);
    expect(read(`${path}.old`)).toBe(`one\ntwo\n${lines}`);
    // The name is tried once a second, and not for each line.
    expect(problems).toHaveLength(1);
    rmSync(path, { recursive: true });
    later();
    await write(file, 'six\n');
    expect(read()).toBe('six\n');
  });

  it.runIf(process.platform === 'linux')('may be a pipe that nobody reads yet', async () => {
    execFileSync('mkfifo', [path]);
    const file = logFile();
    await expect(file.open()).rejects.toMatchObject({ code: 'ENXIO' });
    await expect(write(file, 'one\n')).rejects.toMatchObject({ code: 'ENXIO' });
  });

  it('loses, doubles and tears no line while it is moved and opened anew all the time', async () => {
    const file = await openFile();
    const sink = sinkOn(file);
    let written = 0;
    for (let round = 0; round < 20; round++) {
      for (let line = 0; line < 50; line++) sink.write(`${written++} ${'x'.repeat(written % 90)}\n`);
      if (round % 3 === 0) await sink.flush(PATIENCE_MS);
      if (existsSync(path)) renameSync(path, `${path}.${String(round).padStart(2, '0')}`);
      if (round % 2 === 0) sink.reopen();
      else later();
    }
    expect(await sink.flush(PATIENCE_MS)).toBe(true);
    const files = readdirSync(folder).filter((name) => name !== 'x.log');
    const all = [...files.sort(), 'x.log'].map((name) => read(join(folder, name)));
    for (const text of all) expect(text === '' || text.endsWith('\n')).toBe(true);
    const lines = all.join('').split('\n').slice(0, -1);
    expect(lines).toEqual(Array.from({ length: written }, (_, n) => `${n} ${'x'.repeat((n + 1) % 90)}`));
  });
});

describe('rotation', () => {
  it('keeps files within their size, in their order, and as many as are wanted', async () => {
    const file = await openFile({ max_size: 1000, max_files: 3 });
    const sink = sinkOn(file);
    const line = (n: number): string => `${String(n).padStart(99, '.')}\n`;
    for (let n = 0; n < 45; n++) sink.write(line(n));
    expect(await sink.flush(PATIENCE_MS)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2', 'x.log.3']);
    const all = ['.3', '.2', '.1', ''].map((end) => read(path + end));
    expect(all.map(({ length }) => length)).toEqual([1000, 1000, 1000, 500]);
    expect(all.join('')).toBe(Array.from({ length: 35 }, (_, n) => line(n + 10)).join(''));
  });

  it('writes a line that is longer than a file all the same', async () => {
    const file = await openFile({ max_size: 1000, max_files: 5 });
    const sink = sinkOn(file);
    const lines = ['short\n', `${'x'.repeat(3000)}\n`, 'short again\n'];
    for (const line of lines) sink.write(line);
    expect(await sink.flush(PATIENCE_MS)).toBe(true);
    expect(['.2', '.1', ''].map((end) => read(path + end))).toEqual(lines);
  });

  it('counts what was in the file before', async () => {
    writeFileSync(path, 'x'.repeat(990) + '\n');
    await write(await openFile({ max_size: 1000, max_files: 1 }), 'ten bytes.\n');
    expect(read()).toBe('ten bytes.\n');
  });

  it('loses no file while a number is free, as it is when somebody took a file away', async () => {
    for (const number of [2, 3, 4]) writeFileSync(`${path}.${number}`, `old ${number}`);
    const file = await openFile({ max_size: 4, max_files: 4 });
    for (const line of ['one\n', 'two\n']) await write(file, line);
    expect(['', '.1', '.2', '.3', '.4'].map((end) => read(path + end))).toEqual([
      'two\n',
      'one\n',
      'old 2',
      'old 3',
      'old 4',
    ]);
    await write(file, 'three\n');
    expect(['.1', '.2', '.3', '.4'].map((end) => read(path + end))).toEqual([
      'two\n',
      'one\n',
      'old 2',
      'old 3',
    ]);
  });

  it('leaves files alone that other tools named after it', async () => {
    const others = ['20251117', '1.gz', '01', '0', 'old'].map((end) => `${path}.${end}`);
    for (const name of others) writeFileSync(name, 'theirs');
    const file = await openFile({ max_size: 4, max_files: 1, max_age: HOUR_MS });
    for (const line of ['one\n', 'two\n', 'three\n']) await write(file, line);
    for (const name of others) expect(read(name)).toBe('theirs');
    expect(read(`${path}.1`)).toBe('two\n');
  });

  it('deletes what an edit makes too many', async () => {
    for (const number of [1, 2, 3, 4, 6]) writeFileSync(`${path}.${number}`, String(number));
    const file = await openFile({ max_size: 4, max_files: 2 });
    await write(file, 'one\n');
    await write(file, 'two\n');
    // The sixth is none of ours: the fifth is missing.
    expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2', 'x.log.6']);
    expect(['', '.1', '.2'].map((end) => read(path + end))).toEqual(['two\n', 'one\n', '1']);
  });

  it('deletes rotated files that are too old, and never the current one', async () => {
    writeFileSync(path, 'old\n');
    for (const number of [1, 2, 3]) writeFileSync(`${path}.${number}`, '');
    const old = (Date.now() - 2 * HOUR_MS) / 1000;
    for (const name of [path, `${path}.2`, `${path}.3`]) utimesSync(name, old, old);
    await openFile({ max_size: 1000, max_files: 5, max_age: HOUR_MS });
    await eventually(() => !existsSync(`${path}.3`), 'the old files are gone');
    expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.1']);
  });

  it('leaves links and devices alone', async () => {
    const target = join(folder, 'target');
    writeFileSync(target, 'x'.repeat(50) + '\n');
    symlinkSync(target, path);
    const file = await openFile({ max_size: 10, max_files: 2 });
    await write(file, 'one\n');
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(read(target).endsWith('\none\n')).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['target', 'x.log']);
  });

  it('goes on with the same file where it is not possible, and says so', async () => {
    mkdirSync(join(`${path}.1`, 'busy'), { recursive: true });
    const file = await openFile({ max_size: 4, max_files: 1 });
    await write(file, 'one\n');
    await write(file, 'two\n');
    await write(file, 'three\n');
    expect(read()).toBe('one\ntwo\nthree\n');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^log file can not be rotated: Error: (EISDIR|ENOTEMPTY|EEXIST)/);
    rmSync(`${path}.1`, { recursive: true });
    vi.setSystemTime(Date.now() + 61_000);
    await write(file, 'four\n');
    expect([read(`${path}.1`), read()]).toEqual(['one\ntwo\nthree\n', 'four\n']);
  });

  it('counts from the next line on after an edit', async () => {
    const file = await openFile();
    await write(file, 'one\n');
    await write(file, 'two\n');
    file.setRotation({ max_size: 8, max_files: 1 });
    await write(file, 'three\n');
    expect([read(`${path}.1`), read()]).toEqual(['one\ntwo\n', 'three\n']);
    file.setRotation(undefined);
    await write(file, 'four\n');
    expect(read()).toBe('three\nfour\n');
  });

  it('does not rotate what somebody else rotated just now', async () => {
    const file = await openFile({ max_size: 8, max_files: 1 });
    await write(file, 'one two\n');
    renameSync(path, `${path}.theirs`);
    appendFileSync(path, '');
    await write(file, 'three\n');
    expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.theirs']);
    expect(read()).toBe('three\n');
  });
});
