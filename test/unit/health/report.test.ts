import { expect, it } from 'vitest';
import { healthReport } from '../../../src/health/report.ts';

const startedAtMs = 1_700_000_000_000;
const nowMs = startedAtMs + ((2 * 60 + 15) * 60 + 30) * 1000 + 999;

it('lists backends by their names too, where they have any of their own', () => {
  const backends = [
    { name: 'a', address: '127.0.0.1:1', health: 'healthy' as const },
    { name: 'a', address: '127.0.0.1:2', health: 'unhealthy' as const },
    { name: '127.0.0.1:3', address: '127.0.0.1:3', health: 'unknown' as const },
  ];
  expect(JSON.parse(healthReport(0, backends, 0).body)).toMatchObject({
    backends: { '127.0.0.1:1': 'healthy', '127.0.0.1:2': 'unhealthy', '127.0.0.1:3': 'unknown' },
    names: { a: 'unhealthy', '127.0.0.1:3': 'unknown' },
  });
  expect(healthReport(0, backends.slice(2), 0).body).not.toContain('names');
});

it('says 503 and which backend is down', () => {
  const backends = [
    { address: 'http://localhost:9001', health: 'healthy' as const },
    { address: 'http://localhost:9002', health: 'unhealthy' as const },
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
    [{ address: 'localhost:9001', health: 'healthy' as const }],
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
  ['healthy', 'unhealthy'],
  ['unhealthy', 'unknown'],
] as const)(
  'takes an address that several backends share for the worst of them (%s, %s)',
  (first, second) => {
    const backends = [first, second].map((health) => ({ address: 'localhost:9001', health }));
    const { status, body } = healthReport(startedAtMs, backends, nowMs);
    expect(status).toBe(503);
    expect(JSON.parse(body)).toMatchObject({ backends: { 'localhost:9001': 'unhealthy' } });
  },
);

it('does not count a backend that an operator has taken out', () => {
  const backends = [
    { address: 'a:1', health: 'unhealthy', isTakenOut: true },
    { address: 'b:1', health: 'healthy' },
  ] as const;
  const { status, body } = healthReport(startedAtMs, backends, nowMs);
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ backends: { 'a:1': 'unhealthy', 'b:1': 'healthy' } });
});

it('says 200 while nothing is known of a backend, and that nothing is', () => {
  const { status, body } = healthReport(startedAtMs, [{ address: 'a:1', health: 'unknown' }], nowMs);
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ status: 'healthy', backends: { 'a:1': 'unknown' } });
});

it('keeps an address that is a name of objects themselves', () => {
  const { body } = healthReport(startedAtMs, [{ address: '__proto__', health: 'unhealthy' as const }], nowMs);
  expect(body).toContain('"__proto__":"unhealthy"');
});
