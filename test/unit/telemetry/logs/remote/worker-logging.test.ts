import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createLogging } from '../../../../../src/telemetry/logs/create-logging.ts';
import type { Logging } from '../../../../../src/telemetry/logs/logging.ts';
import { BatchInput } from '../../../../../src/telemetry/logs/remote/batch-input.ts';
import type { LogReport, LogTaken } from '../../../../../src/readings/workers/worker-log.ts';
import { createWorkerLogging } from '../../../../../src/telemetry/logs/remote/worker-logging.ts';
import { owned } from '../../../../support/owned.ts';
import { eventually } from '../../../../support/time/eventually.ts';
import { PATIENCE_MS } from '../../../../support/time/patience.ts';
import { RecordedOutput } from '../../recorded-output.ts';

const SETTINGS = { level: 'info', format: 'text', add_caller: false } as const;
const MIB = 1024 * 1024;

let folder: string;
let stdout: RecordedOutput;
let stderr: RecordedOutput;
let main: Logging;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'balance-worker-logs-'));
  stdout = new RecordedOutput();
  stderr = new RecordedOutput();
  main = createLogging(SETTINGS, { stdout, stderr: () => stderr, directory: folder });
});

afterEach(async () => {
  await main.close();
  rmSync(folder, { recursive: true });
});

/** The log of a worker, over a real port. */
function workerLogging(worker: number, workers = 2) {
  const { port1, port2 } = new MessageChannel();
  const reports: LogReport[] = [];
  const { logging, taken } = createWorkerLogging({
    worker,
    workers,
    directory: folder,
    say: (report, transfer = []) => {
      port2.postMessage(report, transfer);
    },
  });
  const input = new BatchInput(main, (told) => {
    port1.postMessage(told);
  });
  port1.on('message', (report: LogReport) => {
    reports.push(report);
    input.heard(report);
  });
  port2.on('message', (told: LogTaken) => {
    taken(told);
  });
  owned({ close: () => logging.close().finally(() => port1.close()) });
  const use = async (output: string): Promise<void> => {
    (await logging.prepare({ ...SETTINGS, output })).commit();
  };
  return { logging, input, reports, use };
}

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('the log of a worker', () => {
  it('is written by the supervisor, and each line of the operator names the worker', async () => {
    const { logging, use } = workerLogging(2);
    logging.logger.info('before the config', { listener: 'web' });
    await use('stdout');
    logging.logger.child({ backend: 'b' }).warn('after it');
    expect(await logging.flush(PATIENCE_MS)).toBe(true);
    expect(await main.flush(PATIENCE_MS)).toBe(true);
    expect(stdout.lines).toEqual([
      expect.stringMatching(/INFO before the config worker=2 listener=web$/),
      expect.stringMatching(/WARN after it worker=2 backend=b$/),
    ]);
  });

  it('mixes with no other: lines are whole, those of one worker are in their order', async () => {
    stdout.takesBytes = 1_000;
    const workers = [1, 2, 3].map((worker) => workerLogging(worker, 3));
    for (const { use } of workers) await use('stdout');
    for (let line = 0; line < 2_000; line++) {
      for (const { logging } of workers) logging.logger.info('line', { line });
      main.logger.info('line', { worker: 0, line });
    }
    await Promise.all(workers.map(({ logging }) => logging.flush(PATIENCE_MS)));
    await main.flush(PATIENCE_MS);
    const found = [0, 1, 2, 3].map((): number[] => []);
    for (const line of stdout.lines) {
      const [, worker, number] = /^\S+ INFO line worker=(\d) line=(\d+)$/.exec(line) ?? [];
      expect(worker, line).toBeDefined();
      found[Number(worker)]?.push(Number(number));
    }
    const all = Array.from({ length: 2_000 }, (_, line) => line);
    expect(found).toEqual([all, all, all, all]);
  });

  it('holds a bounded part in memory while an output stalls; what is dropped is counted, and each line of it reported once, by the supervisor', async () => {
    stdout.stalled = true;
    const { logging, use, reports } = workerLogging(1, 16);
    await use('stdout');
    const line = 'x'.repeat(1_000);
    const fill = async (): Promise<void> => {
      for (let count = 0; count < 1_000; count++) logging.logger.info(line);
      // A turn, in which the supervisor takes what there is room for.
      await new Promise((resolve) => setImmediate(resolve));
    };
    for (let round = 0; round < 12; round++) await fill();
    await eventually(() => stderr.lines.length > 0, 'drops are reported while the output still stalls');
    expect(main.droppedLines).toBeGreaterThan(0);
    expect(stderr.lines).toEqual([expect.stringMatching(/WARN log output fails: lines wait/)]);
    stdout.resume();
    await logging.flush(PATIENCE_MS);
    await logging.close();
    await eventually(() => reports.at(-1)?.kind === 'log-close', 'the worker has said its last line');
    await main.flush(PATIENCE_MS);
    const written = stdout.lines.filter((each) => each.includes(line)).length;
    expect(written * line.length).toBeLessThan(6 * MIB);
    expect(written + main.droppedLines).toBe(12_000);
    // What the worker itself has dropped may come after the output works again: then a second line says so.
    const reported = stdout.lines.flatMap((each) =>
      [...each.matchAll(/log output works again .*dropped=(\d+)/g)].map(([, count]) => Number(count)),
    );
    expect(reported.reduce((sum, count) => sum + count, 0)).toBe(main.droppedLines);
  });

  it('keeps an output open that an edit left, until the last line for it has come', async () => {
    const settings = { ...SETTINGS, output: 'old.log' };
    (await main.prepare(settings)).commit();
    const { logging, use, reports } = workerLogging(1);
    await use('old.log');
    logging.logger.info('first');
    (await main.prepare({ ...SETTINGS, output: 'new.log' })).commit();
    main.logger.info('of main');
    logging.logger.info('second');
    await use('new.log');
    logging.logger.info('third');
    await logging.flush(PATIENCE_MS);
    await eventually(() => reports.some(({ kind }) => kind === 'log-close'), 'the old output is closed');
    await main.flush(PATIENCE_MS);
    expect(read('old.log')).toMatch(/^\S+ INFO first worker=1\n\S+ INFO second worker=1\n$/);
    await eventually(() => read('new.log').includes('third'), 'the third line');
    expect(main.droppedLines).toBe(0);
  });

  it('releases its outputs when the worker ends, and what it said before is written', async () => {
    (await main.prepare({ ...SETTINGS, output: 'a.log' })).commit();
    const { logging, use, input, reports } = workerLogging(1);
    await use('a.log');
    logging.logger.info('last words');
    logging.flushNow();
    await eventually(() => reports.some(({ kind }) => kind === 'log-lines'), 'the line came');
    input.destroy();
    (await main.prepare({ ...SETTINGS, output: 'stdout' })).commit();
    await main.flush(PATIENCE_MS);
    expect(read('a.log')).toMatch(/INFO last words worker=1\n$/);
    expect(existsSync(join(folder, 'a.log'))).toBe(true);
  });
});
