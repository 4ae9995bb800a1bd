import { closeSync, openSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OpenFilesLimit, softLimitIn } from '../../../../src/net/resources/open-files-limit.ts';
import { ProcessResources } from '../../../../src/net/resources/process-resources.ts';
import { ShortageReports } from '../../../../src/net/resources/shortage-reports.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

/** A process with that limit, which may change. */
function limited(value: number) {
  const logger = new RecordingLogger();
  const openFiles = { value, read: () => openFiles.value, countOpen: () => 60, close: vi.fn() };
  const resources = new ProcessResources({ shortages: { logger }, openFiles });
  return { resources, openFiles, lines: logger.lines };
}

describe('what the process may take', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([
    { limit: 64, clients: 48, backends: 56 },
    { limit: 1024, clients: 960, backends: 992 },
    { limit: 1_048_576, clients: 1_048_320, backends: 1_048_448 },
    { limit: 32, clients: 24, backends: 28 },
  ])('keeps a reserve of $limit descriptors', ({ limit, clients, backends }) => {
    const { resources } = limited(limit);
    expect([resources.hasRoomForClient(clients - 1), resources.hasRoomForClient(clients)]).toEqual([
      true,
      false,
    ]);
    expect([resources.hasRoomForBackend(backends - 1), resources.hasRoomForBackend(backends)]).toEqual([
      true,
      false,
    ]);
    resources.destroy();
  });

  it('has no bound where there is no limit', () => {
    const { resources } = limited(Number.POSITIVE_INFINITY);
    expect(resources.hasRoomForClient(10_000_000)).toBe(true);
    expect(resources.reading().limit).toBeUndefined();
    resources.destroy();
  });

  it('follows a limit that is changed while it runs', () => {
    const { resources, openFiles } = limited(20_000);
    openFiles.value = 64;
    expect(resources.hasRoomForClient(60)).toBe(true);
    vi.advanceTimersByTime(2_000);
    expect(resources.hasRoomForClient(60)).toBe(false);
    resources.destroy();
  });

  it('warns once a minute while it lasts, counts everything, and says when it is over', () => {
    const { resources, lines } = limited(64);
    for (let seconds = 0; seconds < 90; seconds += 1) {
      resources.noteShortage('accept', 'EMFILE');
      resources.noteShortage('check', 'EMFILE');
      vi.advanceTimersByTime(1_000);
    }
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(
      'warn too few file descriptors, clients are refused; backends are not to blame',
    );
    expect(lines[0]).toContain('"open_files":"60 of 64 (ulimit -n)","clients_refused":1');
    expect(lines[1]).toContain('"clients_refused":60,"connects_failed":0,"checks_skipped":60');
    expect(resources.reading()).toMatchObject({ limit: 64, open: 60, counts: { accept: 90, check: 90 } });
    expect(resources.reading().shortSinceMs).toBeDefined();
    vi.advanceTimersByTime(12_000);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^info there are enough resources again .*"clients_refused":29/);
    expect(resources.reading().shortSinceMs).toBeUndefined();
    resources.destroy();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('warns at once when another shortage comes after the end of one', () => {
    const { resources, lines } = limited(64);
    resources.noteShortage('connect', 'EADDRNOTAVAIL');
    vi.advanceTimersByTime(12_000);
    resources.noteShortage('connect', 'ENOBUFS');
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringContaining('no local port is free'),
      expect.stringContaining('"code":"ENOBUFS"'),
    ]);
    resources.destroy();
  });
});

describe('a shortage of several workers', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is logged once, by the supervisor, with what all of them could not do', () => {
    const { resources, lines } = limited(64);
    const workers = [1, 2, 3].map(() => {
      const shortages = new ShortageReports((code, counts) => {
        resources.noteElsewhere(code, counts);
      });
      return new ProcessResources({ shortages });
    });
    for (let seconds = 0; seconds < 50; seconds += 1) {
      for (const worker of workers) worker.noteShortage('accept', 'EMFILE');
      vi.advanceTimersByTime(1_000);
    }
    expect(lines).toEqual([expect.stringMatching(/^warn too few file descriptors.*"clients_refused":1,/)]);
    vi.advanceTimersByTime(14_000);
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^info there are enough resources again .*"clients_refused":149,/),
    ]);
    // Each of them has its own counts, which the readings add up.
    expect(workers.map(({ counts }) => counts.accept)).toEqual([50, 50, 50]);
    expect(resources.counts.accept).toBe(0);
    for (const each of [resources, ...workers]) each.destroy();
  });
});

describe('the limit on open files', () => {
  it('is read from what the kernel says', () => {
    const text = (soft: string): string =>
      `Max processes  1  2 processes\nMax open files            ${soft}                 4096                 files\n`;
    expect(softLimitIn(text('1024'))).toBe(1024);
    expect(softLimitIn(text('unlimited'))).toBe(Number.POSITIVE_INFINITY);
    expect(softLimitIn('nothing of the kind')).toBeUndefined();
  });

  it('is known, and so is how many are open', () => {
    const limit = new OpenFilesLimit();
    expect(limit.value).toBeGreaterThan(16);
    const before = limit.countOpen()!;
    const descriptor = openSync('/proc/self/status', 'r');
    expect(limit.countOpen()).toBe(before + 1);
    closeSync(descriptor);
    limit.close();
    limit.close();
    expect(limit.read()).toBe(limit.value);
  });
});
