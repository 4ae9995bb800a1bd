import { expect, it } from 'vitest';
import { healthReport } from '../../../src/health/report.ts';

const startedAtMs = 1_700_000_000_000;
const nowMs = startedAtMs + ((2 * 60 + 15) * 60 + 30) * 1000 + 999;

it('says 503 and which backend is down', () => {
  const backends = [
    { address: 'http://localhost:9001', healthy: true },
    { address: 'http://localhost:9002', healthy: false },
  ];
  const { status, body } = healthReport(startedAtMs, backends, nowMs);
  expect(status).toBe(503);
  expect(body).toBe(
    '{"status":"unhealthy","uptime":"2h15m30s",' +
      '"backends":{"http://localhost:9001":"healthy","http://localhost:9002":"unhealthy"}}\n',
  );
});

it('says 200 when all are healthy', () => {
  const { status, body } = healthReport(
    startedAtMs,
    [{ address: 'localhost:9001', healthy: true }],
    startedAtMs,
  );
  expect(status).toBe(200);
  expect(JSON.parse(body)).toEqual({
    status: 'healthy',
    uptime: '0s',
    backends: { 'localhost:9001': 'healthy' },
  });
});

it('says 200 when there is no backend at all', () => {
  const { status, body } = healthReport(startedAtMs, [], nowMs);
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ status: 'healthy', backends: {} });
});

it.each([
  [true, false],
  [false, true],
])('takes an address that several backends share for down when one of them is (%s, %s)', (first, second) => {
  const backends = [first, second].map((healthy) => ({ address: 'localhost:9001', healthy }));
  const { status, body } = healthReport(startedAtMs, backends, nowMs);
  expect(status).toBe(503);
  expect(JSON.parse(body)).toMatchObject({ backends: { 'localhost:9001': 'unhealthy' } });
});

it('keeps an address that is a name of objects themselves', () => {
  const { body } = healthReport(startedAtMs, [{ address: '__proto__', healthy: false }], nowMs);
  expect(body).toContain('"__proto__":"unhealthy"');
});
