import { expect, it } from 'vitest';

import { backendNamed, certificateReading, handshakeRecord } from '../../records.ts';
import { backendReading, listenerReading, MetricsLab } from '../metrics-lab.ts';

const DAY_MS = 86_400_000;

function lab(): MetricsLab {
  return new MetricsLab({
    listeners: () => [listenerReading('web'), listenerReading('api')],
    queues: () => [{ upstream: 'pool', waiting: 0 }],
  });
}

it('shows each status of handshakes with clients before the first one', async () => {
  expect(await lab().series('balance_tls_handshakes_total')).toEqual({
    'balance_tls_handshakes_total{status="ok"}': 0,
    'balance_tls_handshakes_total{status="failed"}': 0,
    'balance_tls_handshakes_total{status="timeout"}': 0,
    'balance_tls_handshakes_total{status="refused"}': 0,
    'balance_tls_handshakes_total{status="aborted"}': 0,
  });
});

it('counts handshakes with clients by status as a whole, and by listener with their reasons', async () => {
  const { counters, counted } = bound(lab());
  counters.handshake(handshakeRecord());
  counters.handshake(handshakeRecord({ owner: 'api', version: 'TLSv1.2', resumed: true }));
  counters.handshake(handshakeRecord({ owner: 'api', version: 'TLSv1.2', resumed: true }));
  counters.handshake(handshakeRecord({ status: 'failed', reason: 'no_shared_cipher' }));
  counters.handshake(handshakeRecord({ status: 'refused', reason: 'unknown_name' }));
  expect(await counted('balance_tls_')).toMatchObject({
    'balance_tls_handshakes_total{status="ok"}': 3,
    'balance_tls_handshakes_total{status="failed"}': 1,
    'balance_tls_handshakes_total{status="refused"}': 1,
    'balance_tls_handshake_failures_total{listener="web",reason="no_shared_cipher"}': 1,
    'balance_tls_handshake_failures_total{listener="web",reason="unknown_name"}': 1,
    'balance_tls_connections_total{listener="web",resumed="false",version="TLSv1.3"}': 1,
    'balance_tls_connections_total{listener="api",resumed="true",version="TLSv1.2"}': 2,
  });
});

it('measures only handshakes that were done', async () => {
  const { counters, counted } = bound(lab());
  counters.handshake(handshakeRecord({ durationMs: 2 }));
  counters.handshake(handshakeRecord({ status: 'timeout', durationMs: 10_000, reason: 'timeout' }));
  expect(await counted('balance_tls_handshake_duration_seconds')).toMatchObject({
    balance_tls_handshake_duration_seconds_count: 1,
    balance_tls_handshake_duration_seconds_sum: 0.002,
  });
});

it('counts handshakes of health checks by backend, apart from those of traffic', async () => {
  const checked = lab();
  checked.backends.push(backendReading(backendNamed('a')));
  const { counters, counted } = bound(checked);
  counters.handshake(handshakeRecord({ side: 'check', owner: 'a' }));
  counters.handshake(
    handshakeRecord({ side: 'check', owner: 'a', status: 'failed', reason: 'certificate_expired' }),
  );
  expect(await counted('balance_health_check_tls_')).toEqual({
    'balance_health_check_tls_handshakes_total{backend="a",status="ok"}': 1,
    'balance_health_check_tls_handshakes_total{backend="a",status="failed"}': 1,
    'balance_health_check_tls_handshake_failures_total{backend="a",reason="certificate_expired"}': 1,
  });
  expect(await counted('balance_backend_tls_')).toEqual({});
  expect(await counted('balance_tls_')).toEqual({});
});

it('counts handshakes with backends by upstream, apart from those with clients', async () => {
  const { counters, counted } = bound(lab());
  counters.handshake(handshakeRecord({ side: 'backend', owner: 'pool', resumed: true }));
  counters.handshake(
    handshakeRecord({
      side: 'backend',
      owner: 'pool',
      status: 'failed',
      reason: 'certificate_expired',
    }),
  );
  expect(await counted('balance_tls_handshakes_total')).toEqual({});
  expect(await counted('balance_backend_tls_')).toMatchObject({
    'balance_backend_tls_handshakes_total{status="ok",upstream="pool"}': 1,
    'balance_backend_tls_handshakes_total{status="failed",upstream="pool"}': 1,
    'balance_backend_tls_handshake_failures_total{reason="certificate_expired",upstream="pool"}': 1,
    'balance_backend_tls_connections_total{resumed="true",upstream="pool",version="TLSv1.3"}': 1,
    'balance_backend_tls_handshake_duration_seconds_count{upstream="pool"}': 1,
  });
});

it('gives no series to reasons and versions that it does not know, and none to the admin server', async () => {
  const { counters, counted } = bound(lab());
  for (let index = 0; index < 1_000; index++) {
    counters.handshake(handshakeRecord({ status: 'failed', reason: `x${String(index)}` }));
    counters.handshake(handshakeRecord({ version: `TLSv${String(index)}` }));
    counters.handshake(handshakeRecord({ side: 'admin', owner: 'admin' }));
  }
  expect(Object.keys(await counted('balance_tls_handshake_failures_total'))).toEqual([
    'balance_tls_handshake_failures_total{listener="web",reason="other"}',
  ]);
  expect(await counted('balance_tls_connections_total')).toEqual({
    'balance_tls_connections_total{listener="web",resumed="false",version="other"}': 1_000,
  });
});

it('forgets a listener that is gone, and never lets the count of all clients fall', async () => {
  const gone = lab();
  const { counters, counted } = bound(gone);
  counters.handshake(handshakeRecord({ status: 'failed', reason: 'not_tls' }));
  gone.source.listeners = () => [listenerReading('api')];
  expect(await counted('balance_tls_')).toEqual({ 'balance_tls_handshakes_total{status="failed"}': 1 });
  counters.setBuckets([0.5]);
  counters.handshake(handshakeRecord({ owner: 'api' }));
  expect(await counted('balance_tls_handshake_duration_seconds_bucket')).toEqual({
    'balance_tls_handshake_duration_seconds_bucket{le="0.5"}': 1,
    'balance_tls_handshake_duration_seconds_bucket{le="+Inf"}': 1,
  });
});

it('shows for each use of a certificate the days that it has left, and when it expires', async () => {
  const proxy = lab();
  const notAfterMs = Date.now() + 2 * DAY_MS;
  proxy.source.certificates = () => [
    certificateReading({ notAfterMs, usedBy: ['listener web', 'admin'] }),
    certificateReading({ notAfterMs: notAfterMs + DAY_MS }),
    certificateReading({ file: 'ca.pem', kind: 'ca', names: [], notAfterMs: Date.now() - DAY_MS }),
  ];
  const days = await proxy.series('balance_tls_certificate_expiry_days');
  const labels = (certificate: string, domain: string, usedBy: string): string =>
    `balance_tls_certificate_expiry_days{certificate="${certificate}",domain="${domain}",used_by="${usedBy}"}`;
  expect(Object.keys(days)).toHaveLength(3);
  expect(days[labels('tls/site.crt', 'site.example', 'listener web')]).toBeCloseTo(2, 2);
  expect(days[labels('tls/site.crt', 'site.example', 'admin')]).toBeCloseTo(2, 2);
  expect(days[labels('ca.pem', '', 'listener web')]).toBeCloseTo(-1, 2);
  const moments = await proxy.series('balance_tls_certificate_not_after_timestamp_seconds');
  expect(Object.values(moments)[0]).toBe(notAfterMs / 1_000);
});

function bound(of: MetricsLab) {
  return { counters: of.counters, counted: (part: string) => of.counted(part) };
}
