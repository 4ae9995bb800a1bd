import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { CertificateWatch } from '../../../../src/app/parts/certificate-watch.ts';
import type { CertificateReading } from '../../../../src/readings/certificate.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';
import { certificateReading } from '../../telemetry/records.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2030, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

function watch(...certificates: CertificateReading[]): { lines: string[]; watched: CertificateWatch } {
  const logger = new RecordingLogger();
  const watched = new CertificateWatch(logger);
  owned({
    close: () => {
      watched.destroy();
    },
  });
  watched.replaceWith(certificates);
  return { lines: logger.lines, watched };
}

function lasting(days: number, changes: Partial<CertificateReading> = {}): CertificateReading {
  return certificateReading({ notAfterMs: NOW + days * DAY_MS, ...changes });
}

it('warns when 30, 7 and 1 days are left, and when the certificate has expired', () => {
  const { lines } = watch(lasting(40));
  const at: [number, string][] = [];
  for (let hour = 1; hour <= 42 * 24; hour++) {
    const before = lines.length;
    vi.advanceTimersByTime(HOUR_MS);
    for (const line of lines.slice(before)) at.push([hour / 24, line]);
  }
  expect(at.map(([day]) => day)).toEqual([10, 33, 39, 40]);
  expect(lines[0]).toBe(
    'warn a certificate expires soon {"certificate":"tls/site.crt","kind":"server","names":"site.example, *.site.example",' +
      '"used_by":"listener web","expires":"2030-02-10T00:00:00.000Z","days_left":30}',
  );
  expect(lines[3]).toMatch(/^error a certificate has expired .*"expires":"2030-02-10T00:00:00.000Z"\}$/);
});

it('warns at once, with one line, of a certificate that has little time left already', () => {
  const { lines } = watch(lasting(3), lasting(-1, { fingerprint256: 'old' }));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('"days_left":3}');
  expect(lines[1]).toMatch(/^error/);
});

it('does not repeat itself when another config uses the same certificate, and does for a new one', () => {
  const { lines, watched } = watch(lasting(3));
  watched.replaceWith([lasting(3)]);
  expect(lines).toHaveLength(1);
  watched.replaceWith([lasting(5, { fingerprint256: 'renewed' })]);
  expect(lines).toHaveLength(2);
  watched.replaceWith([]);
  watched.replaceWith([lasting(3)]);
  expect(lines).toHaveLength(3);
});

it('notices within an hour that the clock was set forward, and warns again after it was set back', () => {
  const { lines } = watch(lasting(400));
  vi.setSystemTime(NOW + 399.5 * DAY_MS);
  vi.advanceTimersByTime(HOUR_MS);
  expect(lines).toHaveLength(1);
  vi.setSystemTime(NOW);
  vi.advanceTimersByTime(HOUR_MS);
  expect(lines).toHaveLength(1);
  vi.setSystemTime(NOW + 399.5 * DAY_MS);
  vi.advanceTimersByTime(HOUR_MS);
  expect(lines).toHaveLength(2);
});

it('has no timer without certificates, and none after the end', () => {
  const { watched } = watch();
  expect(vi.getTimerCount()).toBe(0);
  watched.replaceWith([lasting(3)]);
  expect(vi.getTimerCount()).toBe(1);
  watched.replaceWith([]);
  expect(vi.getTimerCount()).toBe(0);
  watched.replaceWith([lasting(-3)]);
  watched.destroy();
  expect(vi.getTimerCount()).toBe(0);
});
